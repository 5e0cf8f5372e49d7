"""Every real performance table is read by its own headings, or as a study renames them.

England KS2 and KS4, provisional and final, as published and as renamed; Hampshire in full width. Expected
figures were read from the files by hand.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines.catalogue import PUBLISHED_OUTCOME
from pipelines.errors.fault import StudyError
from pipelines.ingest.readers import ingest_table
from pipelines.protocol.study_file import load_study
from pipelines.study.settings import Study
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from pipelines.validation.suites import validate
from tests.unit.validation.planted import empty_store

PROTOCOL = """\
[study]
name = "real"
title = "Real tables"
local_authority = 851
local_authority_name = "Portsmouth"
reference_date = 2019-09-01
outcome_year = "{outcome}"
baseline_years = {baselines}
data_root = "{root}"

[[programme]]
id = "gap"
title = "Closing the gap"
fund = "SSIF"
target_group = "{group}"

{measures}
[[source]]
kind = "enrolments"
file = "enrolments.csv"
{sources}
"""
BY_URN = 'without = ["LEA", "ESTAB", "SCHNAME"]\nassume = { RECTYPE = "1" }\n'
KS2_RENAMED = (
    BY_URN
    + """\
columns.URN = "URN"
columns."KS2 Pupils" = "n_pupils"
columns."Overall Meet Std" = "ks2_rwm_expected"
columns."Reading Meet Std" = "PTREAD_EXP"
columns."Maths Meet Std" = "ks2_maths_expected"
columns."Writing Meet Std" = "ks2_writing_expected"
columns."Reading Progress" = "ks2_reading_progress"
columns."Writing Progress" = "WRITPROG"
columns."Maths Progress" = "ks2_maths_progress"
columns."Reading Score" = "ks2_reading_score"
columns."Maths Score" = "MAT_AVERAGE"
"""
)
KS4_RENAMED = (
    BY_URN
    + """\
columns."KS4 Pupils" = ["TPUP", "P8PUP"]
columns."Progress 8" = "ks4_progress8"
columns."Attainment 8" = "ATT8SCR"
"""
)
GRADE_5 = 'columns."Eng Maths Grade 5" = "ks4_basics_95"\n'


def source(kind: str, file: str, year: str, status: str = "final", more: str = "") -> str:
    return (
        f'[[source]]\nkind = "{kind}"\nfile = "{file}"\nacademic_year = "{year}"\n'
        f'status = "{status}"\n{more}\n'
    )


def study_of(
    tmp_path: Path, root: Path, measures: tuple[str, ...], sources: list[str], group: str = "all"
) -> Study:
    years = sorted(
        {line.split('"')[1] for s in sources for line in s.splitlines() if "academic" in line}
    )
    baselines = years[:-1] or ["2015-16"]
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "study.toml").write_text(
        PROTOCOL.format(
            outcome=years[-1],
            baselines=str(baselines).replace("'", '"'),
            root=root,
            group=group,
            measures="\n".join(
                f'  [[programme.measure]]\n  name = "{name}"\n' for name in measures
            ),
            sources="\n".join(sources),
        ),
        encoding="utf-8",
    )
    return load_study(folder)


@contextmanager
def ingested(study: Study) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(empty_store()) as con:
        ingest_table(con, study, PUBLISHED_OUTCOME)
        rules = tuple(rules_of(PUBLISHED_OUTCOME, is_expected=True))
        broken = validate(con, rules).broken
        assert [f.for_analyst() for rule in broken for f in faults_of(con, study, rule)] == []
        for file, n_in, n_kept, n_aside in con.execute(
            "SELECT source_id, n_rows_in, n_rows_kept, n_rows_set_aside FROM raw.source"
        ).fetchall():
            assert n_in == n_kept + n_aside == len(rows_of(study.data_root / file)), file
        yield con


def rows_of(path: Path) -> list[dict[str, str]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), restval=""))


def figure(con: duckdb.DuckDBPyConnection, where: str, column: str = "value") -> object:
    rows = con.execute(f"SELECT {column} FROM raw.published_outcome WHERE {where}").fetchall()
    assert len(rows) == 1, rows
    return rows[0][0]


def test_hampshire_ks4_in_both_years(real_data: Path, tmp_path: Path) -> None:
    study = study_of(
        tmp_path,
        real_data / "hampshire",
        ("ks4_attainment8", "ks4_progress8", "ks4_basics_94", "ks4_basics_95"),
        [
            source("ks4_schools", "2016-2017_850_ks4final.csv", "2016-17"),
            source("ks4_schools", "2017-2018_850_ks4final.csv", "2017-18"),
        ],
        group="disadvantaged",
    )
    with ingested(study) as con:
        levels = con.execute(
            "SELECT academic_year, count(DISTINCT row_number) FILTER (level = 'authority'), "
            "count(DISTINCT row_number) FILTER (level = 'nation'), count(DISTINCT urn) "
            "FROM raw.published_outcome GROUP BY 1 ORDER BY 1"
        ).fetchall()
        for year, file in (("2016-17", 0), ("2017-18", 1)):
            name = study.source[file + 1].file
            (row,) = [r for r in rows_of(study.data_root / name) if r["RECTYPE"] == "4"]
            for heading, measure, group in (
                ("ATT8SCR_FSM6CLA1A", "ks4_attainment8", "disadvantaged"),
                ("ATT8SCR_NFSM6CLA1A", "ks4_attainment8", "not_disadvantaged"),
                ("P8MEA_FSM6CLA1A", "ks4_progress8", "disadvantaged"),
                ("PTFSM6CLA1ABASICS_95", "ks4_basics_95", "disadvantaged"),
                ("PSENAPK4", "ks4_sen_support_share", "all"),
                ("PTEBACMAT_94", "ks4_maths_94", "all"),
                ("ATT8SCRMAT_FSM6CLA1A", "ks4_maths_attainment8", "disadvantaged"),
                ("P8MEAENG", "ks4_english_progress8", "all"),
            ):
                where = (
                    f"academic_year = '{year}' AND level = 'authority' AND measure = '{measure}' "
                    f"AND pupil_group = '{group}'"
                )
                assert figure(con, where, "raw_text") == row[heading]
                # An earlier year's column with a similar heading is a different figure.
                assert figure(con, where, "column_name") == heading
    assert [(year, la, nation) for year, la, nation, _ in levels] == [
        ("2016-17", 1, 2),
        ("2017-18", 1, 2),
    ]
    assert [urns for *_, urns in levels] == [123, 121]


def test_england_absence_is_read_and_its_pupils_are_those_of_the_census(
    real_data: Path, tmp_path: Path
) -> None:
    """The table has no record types, names or pupil counts; three of its rows are national."""
    census = '[[source]]\nkind = "school_census"\nfile = "ksp/england_census.csv.gz"\n'
    study = study_of(
        tmp_path,
        real_data,
        ("attendance_absence", "attendance_persistent_absence"),
        [
            source("attendance_schools", "ksp/england_abs.csv", "2018-19"),
            census + 'academic_year = "2018-19"\n',
        ],
    )
    with ingested(study) as con:
        of_school = "urn = 139065 AND measure = "
        assert figure(con, of_school + "'attendance_absence'") == pytest.approx(0.059)
        assert figure(con, of_school + "'attendance_persistent_absence'") == pytest.approx(0.175)
        counts = con.execute(
            "SELECT level, count(DISTINCT row_number) FROM raw.published_outcome GROUP BY 1 ORDER BY 1"
        ).fetchall()
        n_suppressed = con.execute(
            "SELECT count(*) FROM raw.published_outcome "
            "WHERE measure = 'attendance_absence' AND value_status = 'suppressed'"
        ).fetchall()
    rows = rows_of(real_data / "ksp/england_abs.csv")
    assert counts == [("mainstream_school", len(rows) - 3), ("nation", 3)]
    assert n_suppressed == [(sum(row["PERCTOT"] == "SUPP" for row in rows),)]


def test_england_ks4_provisional_and_final_of_one_year(real_data: Path, tmp_path: Path) -> None:
    """The final file lacks authority numbers and pupil counts. The study finds its schools by URN."""
    study = study_of(
        tmp_path,
        real_data,
        ("ks4_attainment8", "ks4_progress8"),
        [
            source("ks4_schools", "ksp/england_ks4provisional.csv", "2018-19", "provisional"),
            source(
                "ks4_schools",
                "waiky8-eng-schools/england_ks4final.csv.gz",
                "2018-19",
                more='without = ["LEA", "ESTAB", "TPUP", "P8PUP"]',
            ),
        ],
    )
    attainment8 = "measure = 'ks4_attainment8' AND pupil_group = 'all'"
    with ingested(study) as con:
        authority = "release_status = 'provisional' AND level = 'authority' AND la_code = 851"
        for measure, text in (
            ("ks4_attainment8", "40.7"),
            ("ks4_progress8", "-0.41"),
            ("ks4_basics_94", "55.9%"),
            ("ks4_basics_95", "34.8%"),
        ):
            assert figure(con, f"{authority} AND measure = '{measure}'", "raw_text") == text
        both = dict(
            con.execute(
                "SELECT max(school_name), list(value ORDER BY release_status DESC) "
                f"FROM raw.published_outcome WHERE {attainment8} AND urn IN "
                f"(SELECT urn FROM raw.published_outcome WHERE laestab // 10000 = 851) GROUP BY urn"
            ).fetchall()
        )
        statuses = dict(
            con.execute(
                "SELECT raw_text, any_value(value_status) FROM raw.published_outcome "
                "WHERE value_status <> 'value' GROUP BY 1"
            ).fetchall()
        )
        n_without_count = con.execute(
            "SELECT count(n_pupils) FROM raw.published_outcome WHERE release_status = 'final'"
        ).fetchone()
    assert both["Mayfield School"] == [41.2, 41.3]
    assert both["Ark Charter Academy"] == [40.5, 40.8]
    assert both["Trafalgar School"] == [36.5, 36.5]
    assert [v for name, v in both.items() if name.startswith("St Edmund")] == [[50.6, 50.8]]
    assert len(both) == 18
    assert n_without_count == (0,)
    assert statuses == {
        "NE": "no_entries",
        "NP": "not_published",
        "SUPP": "suppressed",
        "LOWCOV": "low_coverage",
        "NA": "unavailable",
        None: "unavailable",
    }


def test_england_ks2_final_without_counts(real_data: Path, tmp_path: Path) -> None:
    study = study_of(
        tmp_path,
        real_data,
        ("ks2_reading_progress",),
        [
            source(
                "ks2_schools",
                "waiky8-eng-schools/england_ks2final.csv.gz",
                "2018-19",
                more='without = ["LEA", "ESTAB", "TELIG"]',
            )
        ],
    )
    with ingested(study) as con:
        found = con.execute(
            "SELECT count(*), count(*) FILTER (level = 'special_school'), count(value) "
            "FROM raw.published_outcome WHERE measure = 'ks2_reading_progress'"
        ).fetchone()
    rows = rows_of(real_data / "waiky8-eng-schools" / "england_ks2final.csv.gz")
    numbers = [r for r in rows if r["READPROG"] not in {"", "SUPP", "LOWCOV"}]
    assert found == (16355, 747, len(numbers))


def test_england_ks2_renamed_by_another_hand(real_data: Path, tmp_path: Path) -> None:
    study = study_of(
        tmp_path,
        real_data / "waiky8-schools-data",
        ("ks2_rwm_expected", "ks2_reading_progress"),
        [
            source(
                "ks2_schools", f"ks2_perf_{end}.csv.gz", f"{end - 1}-{end - 2000}", more=KS2_RENAMED
            )
            for end in (2016, 2017, 2018)
        ],
    )
    spine = rows_of(real_data / "converted" / "2017-2018_england_spine.csv.gz")
    local = ", ".join(row["URN"] for row in spine if row["LA"] == "851")
    with ingested(study) as con:
        weighted = con.execute(
            "SELECT academic_year, round(100 * sum(value * n_pupils) / sum(n_pupils), 1) "
            f"FROM raw.published_outcome WHERE measure = 'ks2_rwm_expected' AND urn IN ({local}) "
            "AND value IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        headings = con.execute(
            "SELECT DISTINCT measure, column_name FROM raw.published_outcome WHERE measure LIKE '%progress' "
            "ORDER BY 1"
        ).fetchall()
    # Figures of the register's schools, computed by hand in the note beside the files.
    assert weighted == [("2015-16", 46.5), ("2016-17", 57.0), ("2017-18", 56.2)]
    assert headings == [
        ("ks2_maths_progress", "Maths Progress"),
        ("ks2_reading_progress", "Reading Progress"),
        ("ks2_writing_progress", "Writing Progress"),
    ]


def test_england_ks4_renamed_by_another_hand(real_data: Path, tmp_path: Path) -> None:
    study = study_of(
        tmp_path,
        real_data / "waiky8-schools-data",
        ("ks4_progress8", "ks4_basics_95"),
        [
            source(
                "ks4_schools",
                f"ks4_perf_{end}.csv",
                f"{end - 1}-{end - 2000}",
                more=KS4_RENAMED + (GRADE_5 if end > 2016 else ""),
            )
            for end in (2016, 2017, 2018)
        ],
    )
    with ingested(study) as con:
        counts = con.execute(
            "SELECT academic_year, count(*) FILTER (measure = 'ks4_progress8'), "
            "count(*) FILTER (measure = 'ks4_basics_95') FROM raw.published_outcome GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert counts == [("2015-16", 5335, 0), ("2016-17", 5399, 5399), ("2017-18", 5519, 5519)]


def test_grade_c_is_not_taken_for_a_grade_5(real_data: Path, tmp_path: Path) -> None:
    """The 2015-16 file has grade C under a heading for grade 5, which did not exist yet."""
    study = study_of(
        tmp_path,
        real_data / "waiky8-schools-data",
        ("ks4_progress8",),
        [
            source("ks4_schools", "ks4_perf_2016.csv", "2015-16", more=KS4_RENAMED + GRADE_5),
            source("ks4_schools", "ks4_perf_2017.csv", "2016-17", more=KS4_RENAMED),
        ],
    )
    with closing(empty_store()) as con, pytest.raises(StudyError) as raised:
        ingest_table(con, study, PUBLISHED_OUTCOME)
    (fault,) = raised.value.faults
    assert fault.problem == ("'ks4_basics_95' is not in such a file: it is published since 2016-17")
    lines = study.protocol_path.read_text(encoding="utf-8").splitlines()
    assert fault.row is not None
    assert "Eng Maths Grade 5" in lines[fault.row - 1]
