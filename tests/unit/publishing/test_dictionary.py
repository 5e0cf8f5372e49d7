"""The data dictionary tells of every column of every table, and says the same on the page and as CSV."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from pipelines.catalogue import IMPACT_TABLES, MART_TABLES, RELEASED_TABLES
from pipelines.publishing.dictionary import NAMES, entries, write_dictionary
from tests.evaluated import parsed, text_of

SETS = {"released": RELEASED_TABLES, "restricted": (*MART_TABLES, *IMPACT_TABLES)}


@pytest.fixture(scope="module", params=SETS)
def written(request, tmp_path_factory):
    tables = SETS[request.param]
    folder = tmp_path_factory.mktemp("dictionary")
    write_dictionary(tables, folder)
    with (folder / "dictionary.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return tables, lines, parsed((folder / "dictionary.html").read_text(encoding="utf-8")), folder


def test_every_column_has_a_line_and_a_row_in_the_order_of_the_catalogue(written):
    tables, lines, page, _ = written
    declared = [(table.name, column.name) for table in tables for column in table.columns]
    assert [(line["table"], line["column"]) for line in lines] == declared
    rows = [[text_of(cell) for cell in row] for body in page.iter("tbody") for row in body]
    assert [row[0] for row in rows] == [column for _, column in declared]
    assert [row[2] for row in rows] == [" ".join(line["meaning"].split()) for line in lines]
    assert all(row[2] for row in rows), "a column without a meaning"


def test_codes_bounds_and_notes_are_told(written):
    tables, lines, page, _ = written
    rows = [[text_of(cell) for cell in row] for body in page.iter("tbody") for row in body]
    of = {(line["schema"], line["table"], line["column"]): line for line in lines}
    for table in tables:
        schema = "" if table.schema == "released" else table.schema
        for column in table.columns:
            line = of[schema, table.name, column.name]
            assert line["allowed_values"] == ", ".join(column.allowed)
            assert line["unit"] == (column.unit or "")
            assert (line["is_key"] == "yes") == (column.name in table.key)
            assert (line["may_be_withheld"] == "yes") == (column.name in table.withheld)
            assert [float(line[end]) for end in ("lowest", "highest") if line[end]] == [
                end for end in (column.low, column.high) if end is not None
            ]
    for row, line in zip(rows, lines, strict=True):
        assert ("part of the key" in row[5]) == (line["is_key"] == "yes")
        assert not line["allowed_values"] or row[4] == line["allowed_values"]


def test_the_same_catalogue_gives_the_same_bytes(written, tmp_path):
    tables, _, _, folder = written
    write_dictionary(tables, tmp_path)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_changed_declaration_changes_the_dictionary():
    (table,) = [table for table in RELEASED_TABLES if table.name == "impact"]
    before = entries((table,))
    changed = replace(table, columns=(replace(table.columns[0], about="Other"), *table.columns[1:]))
    after = entries((changed,))
    assert after[0].meaning == "Other"
    assert after[1:] == before[1:]
