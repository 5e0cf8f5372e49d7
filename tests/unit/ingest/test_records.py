"""Cells become typed values or are reported; rows add up; pupils' numbers and names are never stored."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import pytest

from pipelines.catalogue import (
    CASE_STUDIES,
    ELIGIBILITY,
    ENROLMENTS,
    INSPECTIONS,
    KS2_PUPILS,
    KS4_PUPILS,
    SCHOOL_REGISTER,
    Table,
)
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.readers import ingest_table
from pipelines.store import store
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import Rule, rules_of
from tests.needed_tables import build_marts, ingest
from tests.tiny_study import TinyStudy, ks2_pupil, ks4_pupil, school


@contextmanager
def ingested(tiny: TinyStudy, table: Table):
    """The store after reading one raw table."""
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, table)
        yield con, study


def one_pupil(tmp_path, **cells) -> TinyStudy:
    tiny = TinyStudy(tmp_path)
    tiny.drop("ks2_2017.csv")
    tiny.tables["ks2_2018.csv"] = [ks2_pupil(900002, 2002, "B799200218001", **cells)]
    return tiny


def heading_faults(tiny: TinyStudy, table: Table) -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as raised, ingested(tiny, table):
        pass
    return raised.value.faults


# ------------------------------------------------------------------------------------------ headings


def test_headings_are_matched_by_name_in_any_order_and_case(tmp_path):
    tiny = one_pupil(tmp_path, READSCORE=111, MATSCORE=99)
    row = tiny.tables["ks2_2018.csv"][0]
    tiny.tables["ks2_2018.csv"] = [{k.lower(): row[k] for k in reversed(row)}]
    with ingested(tiny, KS2_PUPILS) as (con, _):
        assert con.execute(
            "SELECT reading_score_points, maths_score_points, urn FROM pupils.ks2_pupils"
        ).fetchall() == [(111, 99, 900002)]


def test_either_of_two_headings_is_accepted(tmp_path):
    tiny = one_pupil(tmp_path, FSM6_P=1)
    tiny.tables["ks2_2018.csv"][0]["FSM6"] = tiny.tables["ks2_2018.csv"][0].pop("FSM6_P")
    assert read_column(tiny, KS2_PUPILS, "is_fsm6") == ([True], [])


def test_all_missing_columns_are_named_at_once(tmp_path):
    tiny = one_pupil(tmp_path)
    for heading in ("RWMEXP", "FSM6_P", "UPN"):
        del tiny.tables["ks2_2018.csv"][0][heading]
    faults = heading_faults(tiny, KS2_PUPILS)
    assert [(f.file, f.row, f.column) for f in faults] == [
        ("ks2_2018.csv", 1, "UPN"),
        ("ks2_2018.csv", 1, "FSM6_P"),
        ("ks2_2018.csv", 1, "RWMEXP"),
    ]
    assert {f.problem for f in faults} == {"the column is missing"}
    assert faults[1].expected == "FSM6_P or FSM6 or is_fsm6"
    assert all(f.remedy for f in faults)


def test_faults_of_all_files_of_a_kind_are_named_at_once_and_nothing_is_kept(tmp_path):
    tiny = TinyStudy(tmp_path)
    del tiny.tables["ks2_2018.csv"][0]["SEN"]
    tiny.tables["ks2_2018.csv"] = tiny.tables["ks2_2018.csv"][:1]
    study = tiny.write()
    (tiny.folder / "ks2_2017.csv").write_bytes(b"")
    with store.connect(tiny.paths) as con:
        with pytest.raises(StudyError) as raised:
            ingest_table(con, study, KS2_PUPILS)
        assert [fault.file for fault in raised.value.faults] == ["ks2_2017.csv", "ks2_2018.csv"]
        assert store.row_count(con, "pupils.ks2_pupils") == 0


def test_a_pupil_file_without_headings_does_not_show_its_first_pupil(tmp_path):
    tiny = one_pupil(tmp_path)
    study = tiny.write()
    text = (tiny.folder / "ks2_2018.csv").read_text().splitlines()[1]
    (tiny.folder / "ks2_2018.csv").write_text(",".join(dict.fromkeys(text.split(","))) + "\n")
    with store.connect(tiny.paths) as con, pytest.raises(StudyError) as raised:
        ingest_table(con, study, KS2_PUPILS)
    shown = raised.value.for_analyst()
    assert "the column is missing" in shown
    assert not [word for word in ("B799200218001", "Quillfeather", "14/02/2007") if word in shown]


def test_a_file_of_schools_shows_its_headings(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"] = [{"programme": "send", "school": 900001}]
    faults = heading_faults(tiny, ENROLMENTS)
    assert [f.column for f in faults] == ["URN", "start_date"]
    assert faults[0].found == "headings programme, school"


# --------------------------------------------------------------------------------------------- cells


def pupils_with(tmp_path, heading: str, texts: list[str]) -> TinyStudy:
    tiny = one_pupil(tmp_path)
    tiny.tables["ks2_2018.csv"] = [
        ks2_pupil(900002, 2002, f"B7992002180{n:02}", **{heading: text})
        for n, text in enumerate(texts)
    ]
    return tiny


def schools_with(tmp_path, heading: str, texts: list[str]) -> TinyStudy:
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"] = [
        school(900100 + n, 2001 + n, "Alder", **{heading: text}) for n, text in enumerate(texts)
    ]
    return tiny


def read_column(tiny: TinyStudy, table: Table, column: str):
    """The stored values of a column in file order, and the faults of unreadable cells."""
    with ingested(tiny, table) as (con, study):
        select = f"SELECT {column} FROM {table.full_name} ORDER BY row_number"
        values = [value for (value,) in con.execute(select).fetchall()]
        return values, list(faults_of(con, study, Rule("readable", table)))


def assert_read(tiny: TinyStudy, table: Table, column: str, expected: dict[str, object]):
    values, faults = read_column(tiny, table, column)
    assert dict(zip(expected, values, strict=True)) == expected
    assert not faults


def assert_refused(
    tiny: TinyStudy, table: Table, column: str, texts: list[str], *, heading: str, expected: str
):
    """Every cell is stored as NULL and reported at its place."""
    values, faults = read_column(tiny, table, column)
    assert values == [None] * len(texts)
    assert [(f.row, f.column) for f in faults] == [(n + 2, heading) for n in range(len(texts))]
    for fault in faults:
        assert expected in (fault.expected or "")
        assert fault.problem.startswith("the cell cannot be read as ")
        assert fault.remedy
    if not table.full_name.startswith("pupils"):
        assert [fault.found for fault in faults] == [repr(text) for text in texts]


def test_numbers_are_read(tmp_path):
    expected = {
        **dict.fromkeys(["104", " 104 ", "\u00a0104\u00a0", "104.0", "1.04e2", "104."], 104.0),
        **dict.fromkeys(["", "N", "n", " N "]),
    }
    tiny = pupils_with(tmp_path, "READSCORE", list(expected))
    assert_read(tiny, KS2_PUPILS, "reading_score_points", expected)


def test_signed_numbers_are_read_with_either_minus(tmp_path):
    expected = {"-2.5": -2.5, "\u22122.5": -2.5, "+2.5": 2.5, ".5": 0.5, "\u2212.5": -0.5}
    tiny = pupils_with(tmp_path, "READPROGSCORE_EM_ADJUSTED", list(expected))
    assert_read(tiny, KS2_PUPILS, "reading_progress_points", expected)


def test_invalid_numbers_are_reported_and_stored_as_null(tmp_path):
    texts = [
        "12,5",
        "0,092",
        "1 2",
        "1,23",
        "12.5.1",
        "nan",
        "inf",
        "0x1F",
        "--1",
        "N",
        "\u2013",
        "2-",
    ]
    heading = "READPROGSCORE_EM_ADJUSTED"
    tiny = pupils_with(tmp_path, heading, texts)
    assert_refused(
        tiny,
        KS2_PUPILS,
        "reading_progress_points",
        texts,
        heading=heading,
        expected="a number with a decimal point",
    )


def test_whole_numbers_are_read(tmp_path):
    expected = {"7": 7, "7.0": 7, "1,000": 1000, " 7 ": 7, "1,234,567": 1234567, "\u22127": -7}
    tiny = schools_with(tmp_path, "EstablishmentNumber", list(expected))
    assert_read(tiny, SCHOOL_REGISTER, "establishment_number", expected)


def test_fractions_are_never_rounded_to_whole_numbers(tmp_path):
    texts = ["12.7", "1,5", "12,34", "0,012", "1e1", "seven", "7a", "0.5", "7%", "7" * 20]
    tiny = schools_with(tmp_path, "EstablishmentNumber", texts)
    assert_refused(
        tiny,
        SCHOOL_REGISTER,
        "establishment_number",
        texts,
        heading="EstablishmentNumber",
        expected="a whole number",
    )


def test_dates_are_read_with_the_day_before_the_month(tmp_path):
    texts = ["2018-09-04", "04/09/2018", "04-09-2018", "4/9/2018", "04/09/18", " 2018-09-04 "]
    texts += ["2018-09-04 00:00:00", "2018-09-04T00:00:00", "2018-09-04T00:00:00.000"]
    texts += ["04/09/2018 00:00", "04/09/2018 00:00:00", "04.09.2018", "4 September 2018"]
    # Excel's usual display and save format for dates.
    texts += ["04-Sep-18", "4-Sep-2018", "4 Sep 2018", "04-SEP-18"]
    expected = {**dict.fromkeys(texts, dt.date(2018, 9, 4)), "": None}
    tiny = schools_with(tmp_path, "OpenDate", list(expected))
    assert_read(tiny, SCHOOL_REGISTER, "open_date", expected)


def test_invalid_dates_are_reported(tmp_path):
    texts = ["31/02/2018", "2018-13-01", "Sept 2018", "12/31/2018", "0", "18-09-04", "43347"]
    texts += ["31-Sep-18", "Sep-18", "4 Sept 2018", "09.13.2018"]
    texts += ["2018-09-04 09:30:00"]
    tiny = schools_with(tmp_path, "OpenDate", texts)
    assert_refused(
        tiny,
        SCHOOL_REGISTER,
        "open_date",
        texts,
        heading="OpenDate",
        expected="2018-09-04 or 04/09/2018",
    )


def test_flags_are_read(tmp_path):
    expected = {
        **dict.fromkeys(["1", "Y", "yes", "True", "t", " 1 ", "1.0"], True),
        **dict.fromkeys(["0", "N", "no", "False", "f"], False),
        "": None,
    }
    assert_read(pupils_with(tmp_path, "FSM6_P", list(expected)), KS2_PUPILS, "is_fsm6", expected)


def test_invalid_flags_are_reported(tmp_path):
    texts = ["2", "1.5", "maybe", "-1"]
    tiny = pupils_with(tmp_path, "FSM6_P", texts)
    assert_refused(
        tiny, KS2_PUPILS, "is_fsm6", texts, heading="FSM6_P", expected="1 or 0 (or yes, no)"
    )


def test_codes_are_read_in_any_case(tmp_path):
    tiny = one_pupil(tmp_path, READOUTCOME="\u00a0as ")
    assert read_column(tiny, KS2_PUPILS, "reading_outcome") == (["AS"], [])


@pytest.mark.parametrize(
    ("file", "heading", "table"),
    [
        ("ks2_2018.csv", "SEN", KS2_PUPILS),
        ("ks2_2018.csv", "SENF", KS2_PUPILS),
        ("ks4_2018.csv", "SENF", KS4_PUPILS),
        ("ks4_2018.csv", "SEN", KS4_PUPILS),
    ],
)
def test_older_codes_of_need_are_read_as_today_s(tmp_path, file, heading, table):
    """School Action and Action Plus count as SEN support, a statement as an EHC plan."""
    texts = {"N": "N", "K": "K", "E": "E", "A": "K", "P": "K", "S": "E", "s": "E", "": None}
    tiny = one_pupil(tmp_path)
    rows = [dict(tiny.tables[file][0], UPN=f"B7992002180{n:02}") for n in range(len(texts))]
    for row, text in zip(rows, texts, strict=True):
        row.pop("SEN", None), row.pop("SENF", None)
        row[heading] = text
    tiny.tables[file] = rows
    assert_read(tiny, table, "sen", texts)


@pytest.mark.parametrize("heading", ["PINCL_FLAG", "P_INCL"])
def test_september_and_december_files_have_their_columns_elsewhere(tmp_path, heading):
    """December files have more columns, so later ones have moved, and they show removed pupils (203)."""
    tiny = one_pupil(tmp_path, READSCORE=111, SEN="K")
    september = tiny.tables["ks2_2018.csv"][0]
    september[heading] = september.pop("PINCL_FLAG")
    december = {"ADOPTED": 0, "LAC": 0, **september, "UPN": "B799200218009", heading: 203}
    for rows, kept in (([september], 1), ([{"ADOPTED": 0, "LAC": 0, **september}, december], 1)):
        tiny.tables["ks2_2018.csv"] = rows
        with ingested(tiny, KS2_PUPILS) as (con, _):
            found = con.execute(
                "SELECT reading_score_points, sen, inclusion FROM pupils.ks2_pupils"
            ).fetchall()
        assert found == [(111, "K", "201")] * kept


@pytest.mark.parametrize("code", ["PKF", "PKG", "PKE", "BLW", "PK1", "PK6", "EM", "GDS", "D"])
def test_writing_outcomes_use_the_codes_of_their_year(tmp_path, code):
    with ingested(one_pupil(tmp_path, WRITTAOUTCOME=code), KS2_PUPILS) as (con, _):
        (rule,) = [
            r
            for r in rules_of(KS2_PUPILS, is_expected=True)
            if r.name == "in_codes__writing_outcome"
        ]
        assert con.execute("SELECT writing_outcome FROM pupils.ks2_pupils").fetchall() == [(code,)]
        assert con.execute(
            f"SELECT count(*) FROM pupils.ks2_pupils WHERE {rule.violation}"
        ).fetchone() == (0,)


def test_a_score_of_n_is_missing(tmp_path):
    tiny = one_pupil(tmp_path, READSCORE="N", READOUTCOME="B")
    assert read_column(tiny, KS2_PUPILS, "reading_score_points") == ([None], [])


def test_the_place_of_an_unreadable_cell_is_right_below_blank_lines(tmp_path):
    tiny = one_pupil(tmp_path)
    study = tiny.write()
    path = tiny.folder / "ks2_2018.csv"
    heading, good = path.read_text().splitlines()
    bad = good.replace("B799200218001", "B799200218002").replace(",0.50,", ",1.5x,")
    path.write_text("\n".join([heading, "", good, "", "", bad, ""]))
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, KS2_PUPILS)
        (fault,) = faults_of(con, study, Rule("readable", KS2_PUPILS))
    assert (fault.row, fault.column, fault.found) == (6, "READPROGSCORE_EM_ADJUSTED", "'1.5x'")


# ---------------------------------------------------------------------------------------------- rows


def test_rows_in_are_rows_kept_and_rows_set_aside_with_their_reasons(tmp_path):
    tiny = one_pupil(tmp_path)
    blank = dict.fromkeys(tiny.tables["ks2_2018.csv"][0], "")
    tiny.tables["ks2_2018.csv"] += [
        ks2_pupil(900002, 2002, "B799200218002", PINCL_FLAG=202),
        blank,
        ks2_pupil(900002, 2002, "B799200218003", PINCL_FLAG=203, READSCORE="what"),
        ks2_pupil(900002, 2002, "B799200218004", PINCL_FLAG=202),
        dict(blank, UPN=" \u00a0 "),
    ]
    with ingested(tiny, KS2_PUPILS) as (con, study):
        assert con.execute(
            "SELECT n_rows_in, n_rows_kept, n_rows_set_aside FROM raw.source"
        ).fetchall() == [(6, 1, 5)]
        assert con.execute("SELECT reason, n_rows FROM raw.set_aside ORDER BY 1").fetchall() == [
            ("blank row", 2),
            ("not at the end of the key stage", 2),
            ("removed from measures at the school's request", 1),
        ]
        # Cells of rows that do not count are not faults.
        assert not list(faults_of(con, study, Rule("readable", KS2_PUPILS)))


@pytest.mark.parametrize("blank", ["", " ", '""', '" "', "NULL", "\u00a0"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_row_of_blank_cells_is_set_aside_however_it_is_written(tmp_path, blank, line_end):
    """Rows are looked at for being blank only if a line of the file begins as such a row would."""
    tiny = one_pupil(tmp_path)
    study = tiny.write()
    path = tiny.folder / "ks2_2018.csv"
    heading, good = path.read_text().splitlines()
    row = ",".join([blank] * len(heading.split(",")))
    path.write_bytes(line_end.join([heading, good, row, ""]).encode())
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, KS2_PUPILS)
        assert con.execute("SELECT reason, n_rows FROM raw.set_aside").fetchall() == [
            ("blank row", 1)
        ]


def test_ks4_pupils_who_do_not_count_are_set_aside(tmp_path):
    tiny = TinyStudy(tmp_path)
    codes = (201, 202, 203, 401, 403, 402, 430)
    tiny.tables["ks4_2018.csv"] = [
        ks4_pupil(900006, 4006, f"F79940061800{n}", P_INCL=code) for n, code in enumerate(codes)
    ]
    with ingested(tiny, KS4_PUPILS) as (con, _):
        kept = con.execute("SELECT inclusion FROM pupils.ks4_pupils ORDER BY row_number").fetchall()
        assert kept == [("201",), ("401",), ("403",)]
        assert con.execute("SELECT reason, n_rows FROM raw.set_aside ORDER BY 1").fetchall() == [
            ("not at the end of the key stage", 1),
            ("not counted in key stage 4 measures", 2),
            ("removed from measures at the school's request", 1),
        ]


def test_a_pupil_without_an_inclusion_code_is_kept_for_the_check_to_refuse(tmp_path):
    with ingested(one_pupil(tmp_path, PINCL_FLAG=""), KS2_PUPILS) as (con, _):
        assert store.row_count(con, "pupils.ks2_pupils WHERE inclusion IS NULL") == 1


def test_reading_twice_gives_the_same_rows(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks2_2018.csv"][0]["READPROGSCORE_EM_ADJUSTED"] = "what"
    with ingested(tiny, KS2_PUPILS) as (con, study):
        count = store.row_count(con, "pupils.ks2_pupils")
        ingest_table(con, study, KS2_PUPILS)
        assert store.row_count(con, "pupils.ks2_pupils") == count == 13
        assert store.row_count(con, "raw.unreadable") == 1
        assert store.row_count(con, "raw.source") == 2


def test_a_kind_without_a_file_is_an_empty_table(tmp_path):
    with ingested(TinyStudy(tmp_path), INSPECTIONS) as (con, _):
        assert store.row_count(con, "raw.inspections") == 0


# -------------------------------------------------------------------------------------------- pupils


def test_pupils_have_keys_that_do_not_contain_their_number(tmp_path):
    tiny = one_pupil(tmp_path)
    tiny.tables["ks2_2018.csv"] += [
        ks2_pupil(900002, 2002, "b799200218001"),  # the same pupil
        ks2_pupil(900002, 2002, "B799200218002"),
        ks2_pupil(900002, 2002, ""),
        ks2_pupil(900002, 2002, ""),
    ]
    select = "SELECT pupil_key FROM pupils.ks2_pupils ORDER BY row_number"
    with ingested(tiny, KS2_PUPILS) as (con, _):
        keys = [key for (key,) in con.execute(select).fetchall()]
    assert keys == ["row 2", "row 2", "row 4", "row 5", "row 6"]


def test_nothing_that_names_a_pupil_is_in_the_bytes_of_the_store(tmp_path):
    tiny = TinyStudy(tmp_path)
    with store.connect(tiny.paths) as con:
        ingest(con, tiny.write())
        build_marts(con)
        assert store.row_count(con, "pupils.ks2_pupils") == 13
        con.execute("CHECKPOINT")
        con.execute("CHECKPOINT pupils")
    files = [file for file in tiny.paths.home.rglob("*") if file.is_file()]
    assert {"store.duckdb", "pupils.duckdb"} <= {file.name for file in files}
    content = b"".join(file.read_bytes() for file in files)
    assert b"sen_support" in content, "the search would find what is there"
    numbers = [
        str(row["UPN"]).encode()
        for name, rows in tiny.tables.items()
        if name.startswith("ks")
        for row in rows
    ]
    assert len(numbers) == 16
    for secret in [*numbers, b"Quillfeather", b"Marigold", b"14/02/2007", b"2007-02-14"]:
        assert secret.lower() not in content.lower()


def test_the_store_is_readable_by_its_owner_only(tmp_path):
    tiny = TinyStudy(tmp_path)
    with ingested(tiny, KS2_PUPILS):
        pass
    assert tiny.paths.store.stat().st_mode & 0o777 == 0o600
    assert tiny.paths.pupils.stat().st_mode & 0o777 == 0o600
    assert tiny.paths.work.stat().st_mode & 0o777 == 0o700


# ------------------------------------------------------------------------------------------ officers' lists


@pytest.mark.parametrize(
    ("table", "column", "good", "expected"),
    [
        (
            ELIGIBILITY,
            "met",
            {"criterion": "Floor", "evidence": "", "judged_on": ""},
            {"Y": "YES", "no": "NO", "N": "NO", "n/k": "UNKNOWN", "unknown": "UNKNOWN"},
        ),
        (
            ENROLMENTS,
            "enrolment_status",
            {"start_date": "2018-02-01", "end_date": "N/A"},
            {
                "active": "ACTIVE",
                "Left": "WITHDRAWN",
                "withdrawn": "WITHDRAWN",
                "Complete": "COMPLETED",
            },
        ),
        (
            CASE_STUDIES,
            "consent",
            {"context": "", "support_received": "", "statement": ""},
            {"y": "YES", "N": "NO", "Withdrawn": "WITHDRAWN"},
        ),
    ],
)
def test_codes_written_in_words_are_recognised(tmp_path, table, column, good, expected):
    tiny = TinyStudy(tmp_path)
    tiny.sources.pop(f"{table.name}.csv", None)
    rows = [
        {"programme": "send", "urn": 900001 + nth, **good, column: text}
        for nth, text in enumerate(expected)
    ]
    tiny.add(f"{table.name}.csv", f'kind = "{table.name}"', rows)
    assert_read(tiny, table, column, expected)
