"""Series breaks, gaps and first years as data, and what a protocol must not use."""

from __future__ import annotations

import pytest

from pipelines.errors.fault import StudyError
from pipelines.protocol.study_file import load_study
from pipelines.study.measures import MEASURES
from pipelines.study.series import _notes, breaks_within, series_notes, why_no_results
from tests.unit.protocol.test_study_file import changed, write


def test_every_row_of_the_reviewed_table_is_understood():
    notes = series_notes()
    assert len(notes) > 50
    assert {note.kind for note in notes} == {"break", "no_results", "first_year"}
    assert {note.measure for note in notes} <= set(MEASURES)
    assert all(note.what and note.source for note in notes)
    assert len({(n.measure, n.kind, n.academic_year) for n in notes}) == len(notes)


@pytest.mark.parametrize(
    "wrong", [{"kind": "brake"}, {"measures": "ks4_progress8"}, {"key_stage": "ks3"}]
)
def test_a_row_that_is_not_understood_stops(wrong):
    row = {
        "key_stage": "ks2",
        "kind": "break",
        "academic_year": "2017-18",
        "measures": "ks2_rwm_expected",
        "what": "the framework changed",
        "source": "DfE",
    }
    assert len(list(_notes(row))) == 1
    with pytest.raises(ValueError, match="not understood"):
        list(_notes(row | wrong))


@pytest.mark.parametrize(
    ("measure", "years", "breaks"),
    [
        ("ks2_rwm_expected", ("2016-17", "2017-18"), ["2017-18"]),
        ("ks2_rwm_expected", ("2015-16", "2016-17"), []),
        ("ks2_rwm_expected", ("2017-18", "2018-19"), []),
        ("ks2_rwm_expected", (), []),
        ("ks2_reading_expected", ("2016-17", "2017-18"), []),
        ("ks4_attainment8", ("2017-18", "2015-16"), ["2016-17", "2017-18"]),
        ("ks4_basics_94", ("2015-16", "2016-17"), ["2016-17"]),
        ("ks2_sen_support_share", ("2015-16", "2022-23"), []),
    ],
)
def test_a_break_lies_between_the_years_it_separates(measure, years, breaks):
    assert [note.academic_year for note in breaks_within(measure, years)] == breaks


@pytest.mark.parametrize(
    ("measure", "year", "words"),
    [
        ("ks2_rwm_expected", "2019-20", "no tests in 2019-20"),
        ("ks2_rwm_expected", "2014-15", "began in 2015-16"),
        ("ks2_reading_progress", "2023-24", "no Key Stage 1 results"),
        ("ks4_progress8", "2024-25", "no Key Stage 2 results"),
        ("ks4_attainment8", "2020-21", "no exams in 2020-21"),
    ],
)
def test_a_year_without_results_says_why(measure, year, words):
    assert words in (why_no_results(measure, year) or "")


@pytest.mark.parametrize(
    ("measure", "year"),
    [
        ("ks2_rwm_expected", "2023-24"),
        ("ks2_reading_progress", "2022-23"),
        ("ks4_attainment8", "2024-25"),
        ("ks4_sen_support_share", "2019-20"),
    ],
)
def test_other_years_have_results(measure, year):
    assert why_no_results(measure, year) is None


def test_a_baseline_year_without_tests_is_a_fault_at_its_line(tmp_path):
    text = changed(
        'outcome_year = "2017-18"\nbaseline_years = ["2015-16", "2016-17"]',
        'outcome_year = "2021-22"\nbaseline_years = ["2018-19", "2019-20"]',
    )
    with pytest.raises(StudyError) as raised:
        load_study(write(tmp_path, text))
    (fault,) = [f for f in raised.value.faults if "no results" in f.problem]
    assert fault.column == "study.baseline_years[1]" or "baseline_years" in str(fault.column)
    assert "there were no tests in 2019-20" in fault.problem


def test_a_measure_without_results_in_one_of_the_years_is_a_fault_of_the_measure(tmp_path):
    text = changed(
        'outcome_year = "2017-18"\nbaseline_years = ["2015-16", "2016-17"]',
        'outcome_year = "2023-24"\nbaseline_years = ["2021-22", "2022-23"]',
    )
    with pytest.raises(StudyError) as raised:
        load_study(write(tmp_path, text))
    (fault,) = [f for f in raised.value.faults if "no results" in f.problem]
    assert "'ks2_reading_progress' has no results in 2023-24" in fault.problem
    assert "no Key Stage 1 results" in fault.problem
    assert fault.row is not None
