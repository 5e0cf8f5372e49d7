"""Workbook cells are read as an analyst sees them; ambiguous ones are refused at their place."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from pipelines.ingest import workbook, workbook_cells
from pipelines.ingest.heading_row import Headings
from tests.unit.ingest.reading import A_AND_B, change_sheet, faults_of, ods, read, text_cell, xlsx

SEEN = {
    "text": ("  two\nlines ", "  two\nlines "),
    "digits as text": ("007", "007"),
    "a whole number": (851, "851"),
    "a whole float": (851.0, "851"),
    "a negative whole float": (-3.0, "-3"),
    "a float": (15.5, "15.5"),
    "a float with noise": (36.799999999999997, "36.8"),
    "a small float": (0.0625, "0.0625"),
    "a large number": (1e20, "1e+20"),
    "yes": (True, "TRUE"),
    "no": (False, "FALSE"),
    "a day": (dt.date(2018, 9, 4), "2018-09-04"),
    "a moment": (dt.datetime(2018, 9, 4, 13, 30), "2018-09-04 13:30:00"),
    "midnight": (dt.datetime(2018, 9, 4), "2018-09-04"),
    "a time": (dt.time(9, 30), "09:30:00"),
    "nothing": (None, None),
    "words that look like an error": ("#N/A of 3", "#N/A of 3"),
}


@pytest.mark.parametrize("case", SEEN)
def test_a_cell_is_the_text_that_is_seen(tmp_path, case):
    value, text = SEEN[case]
    got = read(xlsx(tmp_path, {"One": [["a", "b"], [1, value]]}))
    assert got.rows == [(2, "1", text)]
    assert (got.file.reading.file_format, got.file.reading.sheet) == ("xlsx", "One")


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.513, "0.0%", "51.3%"),
        (0.07, "0%", "7%"),
        (1, "0%", "100%"),
        (0.005, "0.00%", "0.5%"),
        (0, '0"%"', "0%"),
        ("SUPP", "0%", "SUPP"),
    ],
)
def test_a_percentage_is_never_read_as_a_share(tmp_path, value, form, text):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, value]]})
    book = openpyxl.load_workbook(path)
    book["One"]["B2"].number_format = form
    book.save(path)
    assert read(path).rows == [(2, "1", text)]


def test_every_kind_of_cell_of_an_ods_file_is_read(tmp_path):
    cells = [
        '<table:table-cell office:value-type="float" office:value="851"/>',
        '<table:table-cell office:value-type="percentage" office:value="0.513"/>',
        '<table:table-cell office:value-type="date" office:date-value="2018-09-04"/>',
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>',
        text_cell("x < y"),
        '<table:table-cell table:number-columns-repeated="2"/>',
        text_cell("last"),
    ]
    head = "".join(text_cell(name) for name in "abcdefgh")
    rows = f"<table:table-row>{head}</table:table-row>"
    rows += f'<table:table-row table:number-rows-repeated="2">{"".join(cells)}</table:table-row>'
    rows += (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    one = ("851", "51.3%", "2018-09-04", "TRUE", "x < y", None, None, "last")
    got = read(ods(tmp_path, rows))
    assert got.rows == [(2, *one), (3, *one)]
    assert got.file.reading.file_format == "ods"


def test_a_table_that_begins_to_the_right_and_below_keeps_its_rows(tmp_path):
    rows = [[], [], [None, None, "a", "b"], [], [None, None, 1, 2]]
    got = read(xlsx(tmp_path, {"One": rows}))
    assert got.file.heading_row == 3
    assert [(row[0], *row[3:]) for row in got.rows] == [(5, "1", "2")]
    assert got.file.cells([(5, 3)]) == {(5, 3): "2"}


def test_hidden_rows_columns_and_sheets_are_read(tmp_path):
    path = xlsx(tmp_path, {"Cover": [["hello"]], "Data": [["a", "b"], [1, 2], [3, 4]]})
    book = openpyxl.load_workbook(path)
    book["Data"].row_dimensions[2].hidden = True
    book["Data"].column_dimensions["B"].hidden = True
    book["Data"].sheet_state = "hidden"
    book.save(path)
    assert read(path).rows == [(2, "1", "2"), (3, "3", "4")]


TWO = {"Notes": [["a", "x"]], "Data": [["title"], ["a", "b"], [1, 2]]}


def test_the_sheet_is_the_one_with_the_headings(tmp_path):
    got = read(xlsx(tmp_path, TWO))
    assert got.file.reading.sheet == "Data"
    assert got.rows == [(3, "1", "2")]


def test_several_sheets_or_none_with_the_headings_are_named(tmp_path):
    (fault,) = faults_of(xlsx(tmp_path, {**TWO, "Old": [["a", "b"], [5, 6]]}))
    assert fault.problem == "2 sheets of the workbook have the headings that are looked for"
    assert fault.found == "sheets Notes, Data, Old"
    assert "sheet =" in fault.remedy
    (fault,) = faults_of(xlsx(tmp_path, {"One": [["x"]], "Two": [["y"]]}))
    assert fault.problem == "no sheet of the workbook has the headings that are looked for"


def test_a_study_may_name_the_sheet(tmp_path):
    path = xlsx(tmp_path, {**TWO, "Old": [["a", "b"], [5, 6]]})
    assert read(path, sheet="old ").rows == [(2, "5", "6")]
    (fault,) = faults_of(path, sheet="New")
    assert fault.problem == "the workbook has no sheet called 'New'"
    assert fault.found == "sheets Notes, Data, Old"


def merged(folder, rows, *merges):
    path = xlsx(folder, {"One": rows})
    book = openpyxl.load_workbook(path)
    for merge in merges:
        book["One"].merge_cells(merge)
    book.save(path)
    return path


def test_a_merged_title_above_the_headings_is_no_fault(tmp_path):
    got = read(merged(tmp_path, [["Results", None], ["a", "b"], [1, 2]], "A1:B1"))
    assert got.rows == [(3, "1", "2")]


def test_a_heading_merged_over_two_rows_stands_in_the_lower(tmp_path):
    rows = [["a", "scores", None], [None, "b", "c"], [1, 2, 3]]
    got = read(merged(tmp_path, rows, "A1:A2", "B1:C1"))
    assert got.file.headers == ("a", "b", "c")
    assert got.rows == [(3, "1", "2", "3")]


def test_a_needed_heading_merged_over_columns_is_refused(tmp_path):
    rows = [["a", "b", None, "c", None], [1, 2, 3, 4, 5]]
    path = merged(tmp_path, rows, "B1:C1", "D1:E1")
    (fault,) = faults_of(path, Headings.of([["a"], ["b"]], []))
    assert (fault.row, fault.column) == (1, "b")
    assert "merged over 2 columns" in fault.problem


def test_a_merged_heading_of_an_ods_file_is_refused_too(tmp_path):
    head = text_cell("a") + text_cell("b", number_columns_spanned=2, number_rows_spanned=1)
    rows = f"<table:table-row>{head}<table:covered-table-cell/></table:table-row>"
    (fault,) = faults_of(ods(tmp_path, rows))
    assert "the heading 'b' is merged over 2 columns" in fault.problem


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!"])
def test_an_error_is_named_at_its_cell(tmp_path, error):
    path = xlsx(tmp_path, {"One": [["t"], ["a", "b"], [1, 2], [3, error]]})
    (fault,) = faults_of(path)
    assert (fault.row, fault.column, fault.found) == (4, "b", error)
    assert fault.problem == "the cell shows an error, not a value"


def test_a_formula_without_a_stored_value_is_named_at_its_cell(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, "=A2*2"], [3, "=A3*2"]]})
    faults = faults_of(path)
    assert [(fault.row, fault.column) for fault in faults] == [(2, "b"), (3, "b")]
    assert faults[0].problem == "the cell holds a formula that was never worked out"


def test_a_formula_with_a_stored_value_is_read_as_that_value(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, "=A2*2"]]})
    change_sheet(path, "<f>A2*2</f><v></v>", "<f>A2*2</f><v>2</v>")
    assert read(path).rows == [(2, "1", "2")]


def test_an_error_in_an_unused_column_is_not_a_fault(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b", "c"], [1, 2, "#N/A"]]})
    assert read(path, Headings.of([["a"], ["b"]], [])).rows == [(2, "1", "2", None)]
    assert faults_of(path, A_AND_B)[0].column == "c"


def test_errors_of_an_ods_file_are_named(tmp_path):
    bad = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
        'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
        '<table:table-cell table:formula="of:=[.A1]"/>'
    )
    rows = f"<table:table-row>{text_cell('a')}{text_cell('b')}</table:table-row>"
    rows += f'<table:table-row table:number-rows-repeated="2">{bad}</table:table-row>'
    faults = faults_of(ods(tmp_path, rows))
    assert [(f.row, f.column, f.found) for f in faults] == [
        (2, "a", "#N/A"),
        (2, "b", None),
        (3, "a", "#N/A"),
        (3, "b", None),
    ]


def test_an_encoding_for_a_workbook_and_a_sheet_for_text_are_mistakes(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    (fault,) = faults_of(path, encoding="cp1252")
    assert fault.problem == "study.toml gives its encoding, which such a file does not have"
    text = tmp_path / "file.csv"
    text.write_text("a,b\n1,2\n")
    (fault,) = faults_of(text, sheet="One")
    assert fault.problem == "study.toml gives its sheet, which such a file does not have"


def test_headings_alone_are_a_sheet_without_rows(tmp_path):
    assert read(xlsx(tmp_path, {"One": [["a", "b"]]})).rows == []


def test_an_empty_sheet_is_named(tmp_path):
    (fault,) = faults_of(xlsx(tmp_path, {"One": []}))
    assert "is empty" in fault.problem


# Malicious or broken workbooks.


def zipped(folder, parts, name="file.xlsx"):
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return folder / name


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    bomb = zipped(tmp_path, {**parts_of(path), "xl/media/x.xml": bytes(64 * 2**20)}, "bomb.xlsx")
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    (fault,) = faults_of(bomb)
    assert "unpacks to far more than a table would" in fault.problem


def test_a_workbook_beyond_what_can_be_read_is_refused(tmp_path, monkeypatch):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    monkeypatch.setattr(workbook, "MOST_BYTES", 1000)
    assert "unpacks to far more" in faults_of(path)[0].problem


def test_a_false_declared_size_is_detected(tmp_path):
    path = zipped(tmp_path, {"xl/media/x.xml": bytes(10_000)})
    data = path.read_bytes()
    size = (10_000).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    assert "broken or cut short" in faults_of(path)[0].problem


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576:XFD1"])
def test_cells_so_far_apart_that_they_fill_the_memory_are_refused(tmp_path, place):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    far = "".join(f'<c r="{at}"><v>1</v></c>' for at in place.split(":"))
    change_sheet(path, "</sheetData>", f'<row r="1048576">{far}</row></sheetData>')
    (fault,) = faults_of(path)
    assert "unpacks to far more" in fault.problem
    assert "far below or beside" in fault.remedy


@pytest.mark.parametrize(
    "cell", ['t="str"><f>1</f><v></v>', 't="inlineStr"><is><t></t></is>', "><v></v>"]
)
def test_cells_of_empty_text_far_away_fill_the_memory_too(tmp_path, cell):
    """The library that reads values would allocate every cell up to them and crash the process."""
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    far = f'<row r="1048576"><c r="XFD1048576" {cell}</c></row>'
    change_sheet(path, "</sheetData>", f"{far}</sheetData>")
    assert "unpacks to far more" in faults_of(path)[0].problem


def test_a_coloured_cell_far_away_is_no_fault(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    change_sheet(
        path, "</sheetData>", '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    )
    assert read(path).rows == [(2, "1", "2")]


def test_a_long_text_that_many_cells_share_is_refused(tmp_path, monkeypatch):
    parts = parts_of(xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]}))
    parts["xl/sharedStrings.xml"] = f"<sst><si><t>{'x' * 1000}</t></si></sst>".encode()
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 13))
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(
        "</sheetData>", f"{cells}</sheetData>"
    ).encode()
    path = zipped(tmp_path, parts)
    monkeypatch.setattr(workbook_cells, "MOST_CHARACTERS", 10_000)
    assert "unpacks to far more" in faults_of(path)[0].problem


@pytest.mark.parametrize(
    "text",
    [
        text_cell("x" * 100, number_columns_repeated=100),
        '<table:table-cell office:value-type="string"><text:p><text:s text:c="99999"/></text:p>'
        "</table:table-cell>",
    ],
)
def test_a_text_repeated_in_many_cells_is_refused(tmp_path, text, monkeypatch):
    monkeypatch.setattr(workbook_cells, "MOST_CHARACTERS", 50_000)
    rows = f'<table:table-row table:number-rows-repeated="10">{text}</table:table-row>'
    assert "unpacks to far more" in faults_of(ods(tmp_path, rows))[0].problem


@pytest.mark.parametrize(
    "repeats",
    ['table:number-rows-repeated="1048576"', 'table:number-rows-repeated="9999999999999"'],
)
def test_a_row_repeated_a_million_times_is_refused(tmp_path, repeats):
    cells = text_cell("x", number_columns_repeated=16384)
    rows = f"<table:table-row {repeats}>{cells}</table:table-row>"
    (fault,) = faults_of(ods(tmp_path, rows))
    assert "workbook" in fault.problem


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_cut_short_is_named(tmp_path, kept, kind):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]}) if kind == "xlsx" else ods(tmp_path, "")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    (fault,) = faults_of(path)
    assert fault.problem == "the workbook is broken or cut short"


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"],
)
@pytest.mark.parametrize("damage", [b"", b"<", b"\0\0", b"<a/>", b"<?xml version='1.0'?><a>"])
def test_a_damaged_part_is_never_more_than_a_fault(tmp_path, part, damage):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    zipped(tmp_path, {**parts_of(path), part: damage})
    assert faults_of(path)[0].file == "file.xlsx"


def test_a_workbook_that_names_a_part_twice_is_broken(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", b"<a/>")
    path.write_bytes(buffer.getvalue())
    assert faults_of(path)[0].problem == "the workbook is broken or cut short"


def test_expanding_xml_entities_are_refused(tmp_path):
    path = xlsx(tmp_path, {"One": [["a", "b"], [1, 2]]})
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 20}">' if n else '<!ENTITY e0 "ha">' for n in range(12)
    )
    sheet = parts_of(path)["xl/worksheets/sheet1.xml"].decode()
    sheet = f"<!DOCTYPE x [{entities}]>" + sheet.replace("<v>1</v>", "<v>&e11;</v>")
    zipped(tmp_path, {**parts_of(path), "xl/worksheets/sheet1.xml": sheet})
    assert faults_of(path)[0].problem == "the workbook is broken or cut short"


def test_a_password_is_named(tmp_path):
    path = tmp_path / "file.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))
    assert "protected by a password" in faults_of(path)[0].problem
    path = ods(tmp_path, "", manifest="<manifest:encryption-data/>")
    assert faults_of(path)[0].problem == "the workbook is protected by a password"
