"""One part made by itself, as by a click on its asset: it is made as before, or says what to make first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.catalogue import PROTOCOL_TABLES
from pipelines.errors.fault import StudyError
from pipelines.freshness.made import MadeParts, files_written, forget_undeclared
from pipelines.freshness.parts import PARTS, PROTOCOL_PART, Part
from pipelines.store import store
from pipelines.store.private import make_work
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import Study
from pipelines.validation.checks import check_relation
from pipelines.validation.relations import RELATIONS
from tests.remaking import remake
from tests.tiny_study import TinyStudy

_RELATIONS = {relation.name: relation for relation in RELATIONS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, StudyPaths]:
    tiny = TinyStudy(tmp_path_factory.mktemp("finished"))
    study = tiny.write()
    make_work(tiny.paths)
    remake(tiny.folder, tiny.paths)
    return study, tiny.paths


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[tuple[Study, StudyPaths, duckdb.DuckDBPyConnection]]:
    """A study of which only the protocol has been read."""
    tiny = TinyStudy(tmp_path)
    study = tiny.write()
    make_work(tiny.paths)
    with store.connect(tiny.paths) as con:
        forget_undeclared(con)
        _make(con, study, tiny.paths, PARTS[PROTOCOL_PART])
        yield study, tiny.paths, con


def _make(
    con: duckdb.DuckDBPyConnection, study: Study, paths: StudyPaths, part: Part
) -> tuple[int, int] | None:
    """Make a part or do its check, current or not; returns the number of rules and faults of a check."""
    made = MadeParts(con, paths)
    made.begin(study, part)
    if part.make:
        part.make(con, study, paths)
    else:
        check_relation(con, _RELATIONS[part.name])
    made.note(study, part)
    return made.check_noted(part.name)


def _left(con: duckdb.DuckDBPyConnection, paths: StudyPaths, part: Part) -> list[object]:
    """The rows and files of a part; of pupil rows, none."""
    tables = [table for table in part.writes if table.sensitivity != "pupil"]
    return [
        *(con.execute(f"FROM {table.full_name}").fetchall() for table in tables),
        *(file.read_bytes() for file in files_written(paths, part)),
    ]


@pytest.mark.parametrize("name", PARTS)
def test_after_a_run_each_part_is_made_again_as_it_was(
    finished: tuple[Study, StudyPaths], name: str
) -> None:
    study, paths = finished
    part = PARTS[name]
    with store.connect(paths) as con:
        before = _left(con, paths, part), MadeParts(con, paths).check_noted(name)
        checked = _make(con, study, paths, part)
        assert (_left(con, paths, part), checked) == before
        assert MadeParts(con, paths).is_current(study, part)
        store.forget_pupils(con, paths)


def test_before_a_run_each_part_says_what_to_make_first(
    begun: tuple[Study, StudyPaths, duckdb.DuckDBPyConnection],
) -> None:
    study, paths, con = begun
    for part in PARTS.values():
        if set(part.reads) <= set(PROTOCOL_TABLES):
            continue
        with pytest.raises(StudyError) as refused:
            _make(con, study, paths, part)
        makers = {
            other.name.replace(".", "/")
            for other in PARTS.values()
            if set(other.writes) & set(part.reads)
            or set(other.writes_files) & set(part.reads_files)
        }
        for fault in refused.value.faults:
            assert fault.file in makers
            assert "make it first" in fault.remedy or f"make {fault.file} again" in fault.remedy


def test_a_document_is_not_made_without_its_charts(
    finished: tuple[Study, StudyPaths],
) -> None:
    study, paths = finished
    with store.connect(paths) as con:
        MadeParts(con, paths).forget(PARTS["charts.answer"])
        with pytest.raises(StudyError, match=r"^charts/answer: .* has not been made yet\.$"):
            MadeParts(con, paths).begin(study, PARTS["board.board"])
        _make(con, study, paths, PARTS["charts.answer"])
        _make(con, study, paths, PARTS["board.board"])
