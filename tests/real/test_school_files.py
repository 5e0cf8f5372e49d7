"""Real files about schools respect the catalogue's bounds: register, links, inspections, census."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalogue import (
    INSPECTIONS,
    SCHOOL_CENSUS,
    SCHOOL_LINKS,
    SCHOOL_REGISTER,
    Table,
)
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import DDL
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.validation.checks import check_table
from tests.real.test_school_census import PROTOCOL

# A file, additional lines of its [[source]], and its number of rows (`README.md` beside the files).
FILES: dict[str, tuple[Table, str, str, int]] = {
    "register behind the tables": (
        SCHOOL_REGISTER,
        "waiky8-schools-data/2017-2018_england_spine.xlsx",
        "",
        26_078,
    ),
    "register without types and dates": (
        SCHOOL_REGISTER,
        "hampshire/2021-gias.csv",
        'without = ["TypeOfEstablishment (name)", "OpenDate", "CloseDate"]',
        729,
    ),
    "links": (SCHOOL_LINKS, "hampshire/2021_giaslinks.csv.gz", "", 29_817),
    "inspections": (
        INSPECTIONS,
        "datajamne/england_ofsted-schools.xlsx",
        'columns = { "Inspection date" = "inspection_date", '
        '"Overall effectiveness" = "overall_effectiveness" }',
        21_739,
    ),
    "census": (SCHOOL_CENSUS, "ksp/england_census.csv.gz", 'academic_year = "2018-19"', 23_939),
}


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_a_real_file_is_read_without_a_fault(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    table, file, more, n_schools = FILES[name]
    folder = tmp_path / "census"
    folder.mkdir()
    sources = PROTOCOL[: PROTOCOL.index("[[source]]")].format(root=real_data)
    for kind, of_file, said in (
        (table.source_kinds[0], file, more),
        ("enrolments", "enrolments.csv", ""),
    ):
        sources += f'[[source]]\nkind = "{kind}"\nfile = "{of_file}"\n{said}\n\n'
    (folder / "study.toml").write_text(sources, encoding="utf-8")
    study = load_study(folder)
    with store.connect_in_memory() as con:
        con.execute(DDL)
        assert ingest_table(con, study, table) == n_schools
        assert [fault.for_analyst() for fault in check_table(con, study, table).faults] == []
