"""Every listed fault is reported with its place, in every kind of file; harmless changes are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pipelines.catalogue import RAW_TABLES
from pipelines.errors.fault import Fault
from pipelines.ingest.records import read_columns
from tests.faults.formats import FORMATS
from tests.faults.good import MAPPED, NAMES, STUDIES, file_of, kind_of
from tests.faults.planted import Case, Expected, all_cases
from tests.faults.trial import Trial

CASES = all_cases()
FEWEST_FAULTS = 25


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with ExitStack() as stack:
        yield Trial(tmp_path_factory.mktemp("faults"), stack)


@pytest.mark.parametrize("study", [study.name for study in STUDIES])
def test_good_files_have_none(trial: Trial, study: str) -> None:
    found = trial.first[study]
    assert (found.faults, found.warnings) == ((), ())
    assert all(file.n_rows_in == file.n_rows_kept > 0 for file in found.files)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.expected], ids=lambda case: case.id
)
def test_a_fault_is_told_with_its_place(trial: Trial, case: Case) -> None:
    found = trial.findings(case)
    told = [(fault, False) for fault in found.faults] + [(w, True) for w in found.warnings]
    expected = list(case.expected)
    for fault, is_warning in told:
        if is_warning and case.may_warn:
            continue
        fitting = [e for e in expected if _fits(e, fault, case, trial, is_warning=is_warning)]
        assert fitting, fault.for_analyst()
        expected.remove(fitting[0])
        assert fault.remedy
        assert fault.expected
    assert expected == []
    assert bool(found.faults) == any(not e.is_warning for e in case.expected)


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.expected], ids=lambda case: case.id
)
def test_a_harmless_one_changes_nothing(trial: Trial, case: Case) -> None:
    trial.read(case)
    # The check depends on the table only, and the same table has no faults.
    assert trial.rows(case.kind, case.file_format) == trial.sound[case.kind]
    assert trial.unreadable(case.kind) == 0


def _fits(expected: Expected, fault: Fault, case: Case, trial: Trial, *, is_warning: bool) -> bool:
    row = expected.row
    if row == -1:
        row = _line_of(trial, case, str(expected.column))
    return (
        fault.file == (expected.file or file_of(case.kind, case.file_format))
        and fault.row == row
        and (fault.column or "").casefold() == (expected.column or "").casefold()
        and expected.said in fault.problem
        and is_warning == expected.is_warning
    )


def _line_of(trial: Trial, case: Case, place: str) -> int:
    """The line of study.toml for a place such as `source[3].file`, counted independently."""
    study = next(study.name for study in STUDIES if case.kind in study.kinds)
    lines = (trial.parent / study / "study.toml").read_text(encoding="utf-8").splitlines()
    name, key = (*place.split("."), "")[:2]
    nth = int(name.removeprefix("source[").removesuffix("]"))
    entry = [n for n, line in enumerate(lines, 1) if line == "[[source]]"][nth - 1]
    if not key:
        return entry
    return next(n for n, line in enumerate(lines, 1) if n > entry and line.startswith(f"{key} ="))


def test_the_list_is_long_and_leaves_out_no_kind() -> None:
    faults = Counter(case.fault for case in CASES if case.expected)
    assert len(faults) >= FEWEST_FAULTS
    assert sum(faults.values()) >= 500
    kinds = set(NAMES)
    for fault in ("missing column", "empty file", "header only", "checksum", "zip bomb", "symlink"):
        assert {case.kind for case in CASES if case.fault == fault} >= kinds, fault
    for fault in ("reordered column", "spaces", "non-breaking spaces", "extra column"):
        assert {case.kind for case in CASES if case.fault == fault} == kinds, fault
    assert {case.file_format for case in CASES} == set(FORMATS)
    for kind in kinds:
        assert (
            len({case.fault for case in CASES if case.kind == kind and case.expected})
            >= FEWEST_FAULTS
        )
    assert {k for study in STUDIES for k in study.kinds} == kinds
    assert {kind_of(name) for name in kinds} | MAPPED == {
        k for table in RAW_TABLES for k in table.source_kinds
    }


def test_every_column_that_can_be_wrong_has_a_case_of_its_own() -> None:
    """Finds a new column that no valid file contains, and so has no planted fault."""
    tried = {(c.kind, (e.column or "").casefold()) for c in CASES for e in c.expected}
    for table in RAW_TABLES:
        for kind in table.source_kinds:
            for column in read_columns(table) if not table.is_wide else ():
                names = {name.casefold() for name in (*column.headers, column.name)}
                if column.is_required or column.kind != "text":
                    assert any((kind, name) in tried for name in names), (kind, column.name)
