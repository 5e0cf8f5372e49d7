"""Workbooks and Windows text files give exactly the same tables as plain files."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalogue import ENROLMENTS, KS2_PUPILS, LA_CONTEXT, PUBLISHED_OUTCOME, RAW_TABLES
from pipelines.errors.fault import StudyError
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import registered_files
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.study.settings import Study
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from tests.needed_tables import ingest
from tests.tiny_study import TinyStudy, published_ks2, published_study
from tests.unit.ingest.reading import ods, text_cell, xlsx

Lines = list[list[str]]
TITLE = [["Exported from the authority’s system"], []]
TOTAL = [[], ["Total"], ["Source: school returns"]]


def typed(cell: str) -> object:
    """A cell as a spreadsheet program would store it."""
    if re.fullmatch(r"0|[1-9]\d{0,8}", cell):
        return int(cell)
    if re.fullmatch(r"-?\d+\.\d+", cell):
        return float(cell)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
        return dt.date.fromisoformat(cell)
    return cell or None


def as_xlsx(path: Path, lines: Lines) -> Path:
    rows = [[typed(cell) for cell in line] for line in lines]
    return xlsx(path.parent, {"Cover": [["About"]], "Data": rows}, f"{path.stem}.xlsx")


def as_ods(path: Path, lines: Lines) -> Path:
    rows = "".join(
        f"<table:table-row>{''.join(text_cell(cell) for cell in line)}</table:table-row>"
        for line in lines
    )
    return ods(path.parent, rows, f"{path.stem}.ods")


def as_windows_text(path: Path, lines: Lines) -> Path:
    with path.open("w", encoding="cp1252", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(lines)
    return path


WRITERS = {"xlsx": as_xlsx, "ods": as_ods, "windows": as_windows_text}


def rewritten(tiny: TinyStudy, write: Callable[[Path, Lines], Path]) -> Study:
    """The study with each file in another format, with a title above and a total below."""
    tiny.write()
    protocol = tiny.folder / "study.toml"
    text = protocol.read_text()
    for file in tiny.sources:
        with (tiny.folder / file).open(newline="") as stream:
            lines = list(csv.reader(stream))
        made = write(tiny.folder / file, [*TITLE, *lines, *TOTAL])
        text = text.replace(f'file = "{file}"', f'file = "{made.name}"')
    protocol.write_text(text)
    return load_study(tiny.folder)


def raw_rows(study: Study, paths, row_shift: int) -> dict[str, list[tuple[object, ...]]]:
    with store.connect(paths) as con:
        ingest(con, study)
        assert store.row_count(con, "raw.unreadable") == 0
        tables = {
            table.name: con.execute(
                f"SELECT * EXCLUDE (source_id, row_number), row_number - {row_shift} AS row_number "
                f"FROM {table.full_name}"
            ).df()
            for table in RAW_TABLES
        }
    return {
        name: sorted(map(str, frame.drop(columns="pupil_key", errors="ignore").to_numpy().tolist()))
        for name, frame in tables.items()
    }


@pytest.mark.parametrize("kind", WRITERS)
def test_pupils_and_lists_are_the_same_however_they_are_written(tmp_path, kind):
    plain = TinyStudy(tmp_path / "plain")
    plain.parent.mkdir()
    other = TinyStudy(tmp_path / "other")
    other.parent.mkdir()
    wanted = raw_rows(plain.write(), plain.paths, 0)
    study = rewritten(other, WRITERS[kind])
    assert raw_rows(study, other.paths, len(TITLE)) == wanted
    assert sum(map(len, wanted.values())) > 20


@pytest.mark.parametrize("kind", WRITERS)
def test_published_tables_are_the_same_however_they_are_written(tmp_path, kind):
    rows = [published_ks2(900003, 2003, "Cedar"), published_ks2(900002, 2002, "Birch")]
    found = []
    for name, shift in (("plain", 0), ("other", len(TITLE))):
        (tmp_path / name).mkdir()
        tiny = published_study(tmp_path / name, {"2017-18": rows})
        study = rewritten(tiny, WRITERS[kind]) if shift else tiny.write()
        found.append(raw_rows(study, tiny.paths, shift))
    assert found[0] == found[1]
    assert len(found[0]["published_outcome"]) > 2


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("xlsx", ("xlsx", None, None, "Data")),
        ("ods", ("ods", None, None, "One")),
        ("windows", ("csv", "cp1252", ";", None)),
    ],
)
def test_the_record_says_how_a_file_was_taken_and_what_became_of_its_rows(tmp_path, kind, written):
    tiny = TinyStudy(tmp_path)
    study = rewritten(tiny, WRITERS[kind])
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, KS2_PUPILS)
        rows = con.execute(
            "SELECT file_format, encoding, delimiter, sheet, n_rows_in, n_rows_kept, n_rows_set_aside "
            "FROM raw.source ORDER BY academic_year"
        ).fetchall()
        asides = con.execute(
            "SELECT reason, n_rows FROM raw.set_aside WHERE source_id LIKE 'ks2_2018%' ORDER BY ALL"
        ).fetchall()
    assert rows == [(*written, 9, 6, 3), (*written, 11, 7, 4)]
    assert asides == [
        ("above the heading", 1),
        ("not at the end of the key stage", 1),
        ("total or note below the records", 2),
    ]


@pytest.mark.parametrize("kind", WRITERS)
def test_an_unreadable_cell_is_shown_unchanged_from_the_file(tmp_path, kind):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"][1]["start_date"] = "soon"
    study = rewritten(tiny, WRITERS[kind])
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, ENROLMENTS)
        (rule,) = (r for r in rules_of(ENROLMENTS, is_expected=True) if r.kind == "readable")
        (fault,) = faults_of(con, study, rule)
    assert (fault.row, fault.found) == (5, "'soon'")


def test_a_missing_column_is_named_in_the_row_of_the_headings(tmp_path):
    tiny = TinyStudy(tmp_path)
    for row in tiny.tables["ks2_2018.csv"]:
        row["SENX"] = row.pop("SEN")
    study = rewritten(tiny, as_windows_text)
    with store.connect(tiny.paths) as con, pytest.raises(StudyError) as raised:
        ingest_table(con, study, KS2_PUPILS)
    (fault,) = raised.value.faults
    assert (fault.row, fault.column) == (3, "SEN")


def test_the_sheet_and_encoding_of_the_protocol_are_used(tmp_path):
    tiny = TinyStudy(tmp_path)
    study = rewritten(tiny, as_xlsx)
    protocol = tiny.folder / "study.toml"
    protocol.write_text(
        protocol.read_text().replace('kind = "enrolments"', 'kind = "enrolments"\nsheet = "Cover"')
    )
    study = load_study(tiny.folder)
    with store.connect(tiny.paths) as con, pytest.raises(StudyError, match="column is missing"):
        ingest_table(con, study, ENROLMENTS)


def test_a_file_that_may_not_be_read_is_named_with_the_others(tmp_path, monkeypatch):
    study = TinyStudy(tmp_path).write()
    (tmp_path / "tiny" / "ks2_2017.csv").unlink()

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pipelines.ingest.registration.file_sha256", refuse)
    with pytest.raises(StudyError) as raised:
        registered_files(study, ["ks2_pupils"])
    assert [fault.problem for fault in raised.value.faults] == [
        "the file is not there",
        "the file cannot be opened: you may not read it",
    ]


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    study = TinyStudy(tmp_path).write()
    path = study.folder / "links.csv"
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(StudyError) as raised:
        registered_files(load_study(study.folder), ["school_links"])
    assert raised.value.faults[0].remedy


def test_a_link_within_the_folder_is_followed(tmp_path):
    study = TinyStudy(tmp_path).write()
    path = study.folder / "links.csv"
    path.rename(study.folder / "links_of_may.csv")
    path.symlink_to("links_of_may.csv")
    (file,) = registered_files(load_study(study.folder), ["school_links"])
    assert file.source_id == "links.csv"


@pytest.mark.parametrize("kind", WRITERS)
def test_an_impossible_figure_is_shown_unchanged_from_the_table(tmp_path, kind):
    rows = [published_ks2(900003, 2003, "Cedar", PTRWM_EXP_FSM6CLA1A="140%")]
    tiny = published_study(tmp_path, {"2017-18": rows})
    study = rewritten(tiny, WRITERS[kind])
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, PUBLISHED_OUTCOME)
        (rule,) = (r for r in rules_of(PUBLISHED_OUTCOME, is_expected=True) if r.kind == "readable")
        (fault,) = faults_of(con, study, rule)
    assert (fault.row, fault.column) == (4, "PTRWM_EXP_FSM6CLA1A")
    assert fault.found == "'140%'"


def test_rows_about_authorities_are_the_same_from_a_workbook(tmp_path):
    heading = ["Short Desc", "Data item", "Years", "LA and Regions", "Values", "LA Number"]
    rows = [[name, "", "2018", "Nowhere", "40.5", "799"] for name in ("DAP_NEW_KS2_RWM", "Other")]
    found = []
    for kind in ("plain", *WRITERS):
        (tmp_path / kind).mkdir()
        tiny = TinyStudy(tmp_path / kind)
        about = 'kind = "la_context"\nstatus = "final"'
        tiny.add("context.csv", about, [dict(zip(heading, row, strict=True)) for row in rows])
        study = tiny.write() if kind == "plain" else rewritten(tiny, WRITERS[kind])
        with store.connect(tiny.paths) as con:
            ingest_table(con, study, LA_CONTEXT)
            found.append(
                con.execute(
                    "SELECT * EXCLUDE (source_id, row_number) FROM raw.la_context"
                ).fetchall()
            )
            counted = con.execute("SELECT n_rows_in, n_rows_kept FROM raw.source").fetchall()
        assert counted == [(2 if kind == "plain" else 5, 1)]
    assert all(rows == found[0] for rows in found)
    assert len(found[0]) == 1
