"""Faults give place, problem and remedy; values from files go to the analyst's terminal only."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from pipelines.errors.fault import FAULTS_SHOWN, Fault, StudyError, kinds_of

WHOLE = Fault(
    file="ks2.csv",
    row=7,
    column="READSCORE",
    problem="the value is out of range",
    found="'121'",
    expected="80 to 120",
    remedy="mend the cell",
)


def test_a_whole_message():
    assert WHOLE.for_analyst() == (
        "ks2.csv, row 7, column READSCORE: the value is out of range.\n"
        "    found:    '121'\n"
        "    expected: 80 to 120\n"
        "    to do:    mend the cell"
    )


def test_what_may_be_shared_holds_nothing_that_was_found():
    assert WHOLE.shareable() == "ks2.csv, row 7, column READSCORE: the value is out of range."
    error = StudyError([WHOLE])
    for text in (str(error), repr(error), error.shareable(), *map(str, error.args)):
        assert "121" not in text


def test_a_fault_of_a_whole_file_names_no_row():
    fault = Fault(file="ks2.csv", problem="the file is not there", remedy="put it there")
    assert fault.place == "ks2.csv"
    assert fault.for_analyst() == "ks2.csv: the file is not there.\n    to do:    put it there"


def test_of_very_many_faults_the_first_are_shown_and_the_others_counted():
    faults = [Fault(file=f"file {n}", problem=f"p{n}", remedy="r") for n in range(FAULTS_SHOWN + 3)]
    error = StudyError(faults)
    assert len(error.faults) == FAULTS_SHOWN + 3
    for text in (error.shareable(), error.for_analyst()):
        assert f"file {FAULTS_SHOWN - 1}:" in text
        assert f"file {FAULTS_SHOWN}:" not in text
        assert text.endswith("… and 3 more kinds of fault of the same run.")
    assert "of the same run" not in StudyError(faults[:FAULTS_SHOWN]).for_analyst()


def test_faults_of_one_kind_are_one_message_with_a_count_and_the_first_places():
    faults = [
        replace(WHOLE, row=row, column=column, found=f"'{found}'")
        for row, column, found in (
            (7, "READSCORE", 121),
            (8, "READSCORE", 122),
            (9, "MATSCORE", 123),
            (10, "MATSCORE", 124),
        )
    ]
    other = replace(WHOLE, problem="the cell is blank", found="(blank)")
    error = StudyError([faults[0], other, *faults[1:]])
    assert error.for_analyst() == (
        "4 places: the value is out of range.\n"
        "    first:    ks2.csv, row 7, column READSCORE: found '121'\n"
        "              ks2.csv, row 8, column READSCORE: found '122'\n"
        "              ks2.csv, row 9, column MATSCORE: found '123'\n"
        "              and 1 more\n"
        "    expected: 80 to 120\n"
        "    to do:    mend the cell\n" + other.for_analyst()
    )
    assert error.shareable() == (
        "ks2.csv, row 7, column READSCORE; ks2.csv, row 8, column READSCORE; "
        "ks2.csv, row 9, column MATSCORE; and 1 more: the value is out of range (4 places).\n"
        + other.shareable()
    )


def test_faults_with_other_expectations_or_remedies_are_other_kinds():
    faults = [WHOLE, replace(WHOLE, expected="0 to 1"), replace(WHOLE, remedy="ask")]
    assert [kind.faults for kind in kinds_of(faults)] == [(fault,) for fault in faults]


def test_rows_named_in_a_problem_make_no_other_kind():
    faults = [replace(WHOLE, row=n, problem=f"it appears in rows {n}, {n + 5}") for n in (2, 3)]
    (kind,) = kinds_of(faults)
    assert kind.for_analyst().startswith("2 places: it appears in several rows.\n")
    assert "row 3, column READSCORE: it appears in rows 3, 8, found '121'" in kind.for_analyst()


def test_an_error_without_a_fault_is_a_programming_error():
    with pytest.raises(ValueError, match="at least one fault"):
        StudyError([])


def test_an_error_keeps_its_faults_through_a_process():
    error = pickle.loads(pickle.dumps(StudyError([WHOLE])))  # noqa: S301 - our own bytes
    assert error.faults == (WHOLE,)
