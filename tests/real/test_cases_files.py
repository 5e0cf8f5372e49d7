"""Genuine files that were refused or misread: small made inputs, each with the right answer (`README`)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines import store
from pipelines.catalogue import RAW_TABLES
from pipelines.study_file import load_study
from pipelines.validation.folder import Findings, check_sources
from tests.conftest import PROJECT
from tests.tiny_study import build_marts

CASES = PROJECT.parent / "shared" / "data" / "cases"

Look = Callable[[str], AbstractContextManager[tuple[Findings, duckdb.DuckDBPyConnection]]]


@pytest.fixture
def case(tmp_path: Path) -> Look:
    """Look at a case by the beginning of its name: what is found in its files, and the store."""

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


def test_an_older_spelling_of_maintained_is_maintained(case):
    with case("06") as (findings, con):
        assert findings.faults == ()
        build_marts(con)
        assert con.execute(
            "SELECT count(*), count(*) FILTER (is_maintained AND school_kind = 'mainstream') FROM mart.school"
        ).fetchone() == (12, 12)
