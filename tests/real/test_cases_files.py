"""Real file problems that were once refused or misread: small inputs with known answers (`README`)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines.catalogue import ENROLMENTS, RAW_TABLES
from pipelines.ingest.records import wanted_columns
from pipelines.ingest.registration import file_sha256
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.study.paths import EXAMPLE
from pipelines.validation.folder import Findings, check_sources
from tests.conftest import PROJECT
from tests.needed_tables import build_marts

CASES = PROJECT.parent / "shared" / "data" / "cases"

Look = Callable[[str], AbstractContextManager[tuple[Findings, duckdb.DuckDBPyConnection]]]


@pytest.fixture
def case(tmp_path: Path) -> Look:
    """Check a case by the start of its name: findings and store."""

    @contextmanager
    def look(number: str) -> Iterator[tuple[Findings, duckdb.DuckDBPyConnection]]:
        found = sorted(CASES.glob(f"{number}-*"))
        if not found:
            pytest.skip("the cases are not here")
        folder = tmp_path / found[0].name
        shutil.copytree(found[0], folder)
        study = load_study(folder)
        with store.connect_in_memory() as con:
            yield check_sources(con, study, RAW_TABLES), con

    return look


def set_aside(findings: Findings, file: str) -> dict[str, int]:
    return dict(next(rows for rows in findings.files if rows.file == file).set_aside)


def test_rows_of_the_register_that_are_no_schools_are_set_aside(case):
    with case("01") as (findings, con):
        assert findings.faults == ()
        assert set_aside(findings, "reg.csv") == {"a children's centre, not a school": 1}
        # The college is kept as an establishment with results, but is not compared.
        assert con.execute("SELECT count(*), max(urn) FROM raw.school_register").fetchone() == (
            13,
            120099,
        )


def test_further_links_beyond_the_last_heading_are_read_over(case):
    with case("02") as (findings, con):
        assert findings.faults == ()
        assert con.execute("SELECT count(*) FROM raw.school_register").fetchone() == (12,)


def test_authority_rows_of_a_census_are_totals_and_half_pupils_are_kept(case):
    with case("03") as (findings, con):
        assert findings.faults == ()
        assert set_aside(findings, "cen.csv") == {
            "a total of an authority or the nation, not a school": 3
        }
        assert con.execute(
            "SELECT urn, n_pupils_on_roll, n_fsm6_pupils FROM raw.school_census ORDER BY urn"
        ).fetchall() == [(120000, 1526, 192.5), (120001, 400, 55)]


def test_management_information_is_read_with_its_codes_for_none(case):
    with case("07") as (findings, con):
        assert findings.faults == ()
        assert set_aside(findings, "insp.csv") == {"above the heading": 1, "no inspection": 1}
        assert con.execute(
            "SELECT urn, CAST(inspection_date AS VARCHAR), overall_effectiveness "
            "FROM raw.inspections ORDER BY urn"
        ).fetchall() == [
            (120000, "2019-03-12", 2),
            (120001, "2018-11-05", None),
            (120003, "2017-02-07", None),
        ]


def test_columns_of_an_officers_list_that_are_not_read_are_said(case):
    with case("09") as (findings, _):
        assert findings.faults == ()
        heading = (CASES / "09-withdrawn-school" / "enrolments.csv").read_text().splitlines()[0]
        study = load_study(EXAMPLE)
        read = {
            name.casefold() for wanted in wanted_columns(ENROLMENTS, study) for name in wanted.names
        }
        unread = [name for name in heading.split(",") if name.casefold() not in read]
        said = [w.column for w in findings.warnings if "not read" in w.problem]
        assert said == ([", ".join(unread)] if unread else [])


def test_a_file_of_rows_that_are_all_set_aside_says_so_with_the_reason(case):
    with case("11") as (findings, _):
        (fault,) = findings.faults
        assert fault.problem == "every row was set aside, so there is none that can be used"
        assert fault.found == "4 rows: another group of pupils than this project's"


def test_an_older_spelling_of_maintained_is_maintained(case):
    with case("06") as (findings, con):
        assert findings.faults == ()
        build_marts(con)
        assert con.execute(
            "SELECT count(*), count(*) FILTER (is_maintained AND school_kind = 'mainstream') FROM mart.school"
        ).fetchone() == (12, 12)


def test_the_examples_claim_counts_maintained_schools_in_either_spelling(tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    register = folder / "school_register.csv"
    text = register.read_bytes().decode()
    older = text.replace("Local authority maintained schools", "LA maintained schools")
    assert older != text
    before = file_sha256(register)
    register.write_text(older, encoding="utf-8", newline="")
    protocol = folder / "study.toml"
    said = protocol.read_text(encoding="utf-8")
    protocol.write_text(said.replace(before, file_sha256(register)), encoding="utf-8")
    with store.connect_in_memory() as con:
        findings = check_sources(con, load_study(folder), RAW_TABLES)
        assert (findings.faults, findings.warnings) == ((), ())
        build_marts(con)
        assert con.execute(
            "SELECT count(*) FROM mart.school WHERE is_local AND is_open AND is_maintained"
        ).fetchone() == (30,)
