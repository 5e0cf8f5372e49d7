"""Evaluates a study through the command line, as a user does, and reads the outputs."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from unittest import mock

from pipelines.study.paths import PROJECT, StudyPaths

# Only what hangs takes this long: a busy machine may need many times the usual half minute of a run.
PATIENCE_SECONDS = 1800
# What is read of a run: the board pack and the technical report, on the screen and on paper.
PAGES = {"pack": "index.html", "report": "technical.html"}
PAPERS = {"pack": "board.pdf", "report": "technical.pdf"}


@dataclass(frozen=True)
class Evaluated:
    """One finished `ssif evaluate`: its printed output and its folders."""

    folder: Path
    paths: StudyPaths
    status: int
    stdout: str
    stderr: str

    @property
    def current(self) -> Path:
        """The published outputs."""
        return self.paths.current

    def page(self, document: str) -> str:
        """A document's page: the `pack` or the `report`."""
        return (self.current / "board" / PAGES[document]).read_text(encoding="utf-8")

    def pages(self) -> dict[str, str]:
        """Every page of the run by its document."""
        return {document: self.page(document) for document in PAGES}

    def paper(self, document: str) -> Path:
        """A document's PDF."""
        return self.current / "board" / PAPERS[document]


def parsed(page: str) -> ET.Element:
    """A page that this project made, which is XML as well."""
    return ET.fromstring(page.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page


def text_of(element: ET.Element) -> str:
    """An element's words, one space apart."""
    return " ".join("".join(element.itertext()).split())


def command_of(folder: Path, marts: Path, *options: str) -> list[str]:
    """The command line that evaluates a study."""
    command = [sys.executable, "-m", "assets.cli", "evaluate", str(folder)]
    return [*command, "--data-marts", str(marts), *options]


def environment() -> dict[str, str]:
    """This process's environment without variables that affect Dagster or Python."""
    ours = ("DAGSTER_", "PYTHONWARNINGS", "SSIF_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def evaluate(folder: Path, marts: Path, *options: str) -> Evaluated:
    """Evaluate a study in a separate process."""
    done = subprocess.run(
        command_of(folder, marts, *options),
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    paths = StudyPaths(marts, folder.name)
    return Evaluated(folder, paths, done.returncode, done.stdout, done.stderr)


def evaluate_here(folder: Path, marts: Path, *options: str) -> Evaluated:
    """Evaluate a study in this process, which saves importing the libraries: a third of a run.

    As in every test, a warning that a step raises is an error.
    """
    with warnings.catch_warnings():
        # Importing raises deprecation warnings.
        warnings.simplefilter("ignore")
        cli = importlib.import_module("assets.cli")
        importlib.import_module("great_expectations")
    with (
        TemporaryFile("w+", encoding="utf-8") as stdout,
        TemporaryFile("w+", encoding="utf-8") as stderr,
        mock.patch.dict(os.environ, environment(), clear=True),
    ):
        with (
            _written_to(stdout, 1),
            _written_to(stderr, 2),
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            status = cli.main(command_of(folder, marts, *options)[3:])
        stdout.seek(0)
        stderr.seek(0)
        paths = StudyPaths(marts, folder.name)
        return Evaluated(folder, paths, status, stdout.read(), stderr.read())


@contextmanager
def _written_to(file: IO[str], descriptor: int) -> Iterator[None]:
    """Whatever this process writes to a file descriptor, libraries in C included, goes to a file."""
    before = os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    try:
        yield
    finally:
        file.flush()
        os.dup2(before, descriptor)
        os.close(before)


def bytes_of(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder with its bytes, and the target of every link, including the folder's own."""
    found: dict[str, bytes | str] = {}
    if folder.is_symlink():
        found["."] = str(folder.readlink())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
    return found
