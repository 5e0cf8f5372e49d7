"""All readers share one rule for numbers in cells, and none rounds."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import pytest

from pipelines.ingest import numbers
from pipelines.study.paths import PROJECT

# A text, and its value as a number, as a whole number, and with halves allowed.
READ = {
    "7": (7.0, 7, 7.0),
    "0850": (850.0, 850, 850.0),
    "120000.0": (120000.0, 120000, 120000.0),
    "120000.": (120000.0, 120000, 120000.0),
    "1,234": (1234.0, 1234, 1234.0),
    "1,234,567.0": (1234567.0, 1234567, 1234567.0),
    "-50": (-50.0, -50, -50.0),
    "\u221250": (-50.0, -50, -50.0),
    "+5": (5.0, 5, 5.0),
    "179.5": (179.5, None, 179.5),
    "192.50": (192.5, None, 192.5),
    ".5": (0.5, None, 0.5),
    "0.4": (0.4, None, None),
    "12.75": (12.75, None, None),
    "1.2e2": (120.0, None, None),
    "0.30000000000000004": (0.30000000000000004, None, None),
    # Commas that do not group threes, or follow a lone zero, are decimal commas.
    **dict.fromkeys(["0,092", "12,5", "1,2345", "01,234", "1,23", ",5", "1.234,5"], (None,) * 3),
    **dict.fromkeys(["5%", "1 234", "1" * 20, "1e400", "nan", "inf", "0x1F", "\u0663", ""], (None,) * 3),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_text_is_the_same_number_to_every_reader(text, expected):
    readings = (numbers.number("t"), numbers.whole("t"), numbers.whole_or_half("t"))
    select = f"SELECT {', '.join(readings)}, {numbers.is_number('t')} FROM (SELECT $text AS t)"
    (*values, is_number) = duckdb.execute(select, {"text": text}).fetchall()[0]
    assert tuple(values) == expected
    assert is_number == (expected[0] is not None)


def test_a_code_that_a_program_wrote_as_a_number_is_the_code():
    texts = ["201.0", "201", "k", "1.50", "PK1.0"]
    read = [
        duckdb.execute(f"SELECT {numbers.code('$text')}", {"text": t}).fetchall()[0][0]
        for t in texts
    ]
    assert read == ["201", "201", "K", "1.50", "PK1.0"]


def test_no_reader_reads_numbers_by_a_rule_of_its_own():
    """A plain cast would round 179.5 and accept DuckDB's own number formats."""
    own = []
    for file in sorted((PROJECT / "pipelines" / "ingest").glob("*.py")):
        texts = [n.value for n in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
                 if isinstance(n, ast.Constant) and isinstance(n.value, str)]  # fmt: skip
        if any("TRY_CAST" in text for text in texts):
            own.append(file.name)
    assert own == ["numbers.py"]
