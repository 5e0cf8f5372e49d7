"""`outcome_years`: what it stands for, and which settings contradict it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.protocol.study_file import load_study
from pipelines.study.settings import Study
from tests.unit.protocol.test_study_file import GOOD

ONE = 'outcome_year = "2017-18"\n'


def study_of(folder: Path, written: str, text: str = GOOD) -> Study:
    autumn = folder / "autumn"
    autumn.mkdir(exist_ok=True)
    assert ONE in text
    (autumn / "study.toml").write_text(text.replace(ONE, written), encoding="utf-8")
    return load_study(autumn)


def faults_of(folder: Path, written: str, text: str = GOOD) -> list[Fault]:
    with pytest.raises(StudyError) as stopped:
        study_of(folder, written, text)
    return list(stopped.value.faults)


def test_one_year_is_a_list_of_one(tmp_path):
    study = study_of(tmp_path, ONE)
    assert study.study.outcome_years == ("2017-18",)
    assert study_of(tmp_path, 'outcome_years = ["2017-18"]\n').study.outcome_year == "2017-18"


def test_of_several_years_the_last_is_the_outcome_year(tmp_path):
    study = study_of(tmp_path, 'outcome_years = ["2017-18", "2018-19"]\n')
    assert study.study.outcome_year == "2018-19"
    assert study.years == ("2015-16", "2016-17", "2017-18", "2018-19")


@pytest.mark.parametrize(
    ("written", "column", "words"),
    [
        ('outcome_years = ["2017-18", "2017/18"]\n', "study.outcome_years[2]", "not usable"),
        ("outcome_years = []\n", "study.outcome_years", "not usable"),
        ('outcome_years = "2017-18"\n', "study.outcome_years", "not usable"),
        (
            'outcome_years = ["2018-19", "2017-18"]\n',
            "study.outcome_years[2]",
            "stands after a later one",
        ),
        (
            'outcome_years = ["2017-18", "2017-18"]\n',
            "study.outcome_years[2]",
            "is listed twice",
        ),
        (
            'outcome_year = "2017-18"\noutcome_years = ["2017-18", "2018-19"]\n',
            "study.outcome_year",
            "the last of outcome_years is 2018-19",
        ),
        (
            'outcome_years = ["2016-17", "2017-18"]\n',
            "study.baseline_years[2]",
            "does not come before the outcome year 2016-17",
        ),
        (
            'outcome_years = ["2017-18", "2019-20"]\n',
            "study.outcome_years[2]",
            "2019-20 has no results",
        ),
    ],
)
def test_a_fault_is_told_once_at_its_place(tmp_path, written, column, words):
    (fault,) = faults_of(tmp_path, written)
    assert fault.column == column
    assert words in fault.problem
    assert fault.remedy


def test_a_year_before_any_programme_began_is_refused(tmp_path):
    text = GOOD.replace('fund = "SSIF"\n', 'fund = "SSIF"\nstarts = 2018-09-03\n', 1).replace(
        'fund = "none"\n', 'fund = "none"\nstarts = 2018-10-01\n', 1
    )
    (fault,) = faults_of(tmp_path, 'outcome_years = ["2017-18", "2018-19"]\n', text)
    assert fault.column == "study.outcome_years[1]"
    assert "the first starts on 2018-09-03" in fault.problem
    # Alone it is the study's question, and the page says that no school had started.
    assert study_of(tmp_path, ONE, text).study.outcome_years == ("2017-18",)


def test_a_file_of_a_later_year_may_be_an_outcome_year_to_add(tmp_path):
    text = GOOD.replace('academic_year = "2017-18"\nstatus', 'academic_year = "2018-19"\nstatus', 1)
    (fault,) = faults_of(tmp_path, ONE, text)
    assert "a year the study does not use" in fault.problem
    assert "add it to outcome_years" in fault.remedy
