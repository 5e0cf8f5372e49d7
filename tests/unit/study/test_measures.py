"""Measures: complete declarations in one place, a study's own measures, and errors in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.study.key_stages import (
    AT_KEY_STAGE,
    KEY_STAGE_LABELS,
    KEY_STAGE_PUPILS,
    KEY_STAGE_RESULTS,
    KEY_STAGES,
)
from pipelines.study.measures import MEASURES
from tests.tiny_study import TinyStudy

OWN = """
[[measure]]
name = "suspensions"
label = "Suspensions"
unit = "points"
key_stage = "attendance"
higher_is_better = false
decimals = 2
low = 0
high = 5

[[source]]
kind = "attendance_schools"
file = "attendance.csv"
academic_year = "2017-18"
status = "final"
columns = { "Suspensions per pupil" = "suspensions" }
"""


def faults_of(parent: Path, *changes: tuple[str, str], add: str = OWN) -> tuple[Fault, ...]:
    tiny = TinyStudy(parent)
    for old, new in changes:
        assert old in tiny.protocol + add
        tiny.protocol, add = tiny.protocol.replace(old, new, 1), add.replace(old, new, 1)
    tiny.protocol += add
    with pytest.raises(StudyError) as raised:
        tiny.write()
    return raised.value.faults


def test_every_measure_has_a_scale_that_its_unit_can_have():
    for measure in MEASURES.values():
        assert measure.low < measure.high
        assert measure.unit == "points" or (measure.low, measure.high) == (0, 1)
        assert measure.name.startswith(f"{measure.key_stage}_")


def test_every_key_stage_has_words():
    for words in (KEY_STAGE_LABELS, KEY_STAGE_PUPILS, KEY_STAGE_RESULTS, AT_KEY_STAGE):
        assert set(words) == set(KEY_STAGES)


def test_lower_is_better_for_absence_only():
    worse_with_more = {name for name, m in MEASURES.items() if not m.higher_is_better}
    assert worse_with_more == {"attendance_absence", "attendance_persistent_absence"}


def test_a_study_has_its_own_measures_beside_the_usual_ones(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol += OWN
    study = tiny.write()
    own = study.measures["suspensions"]
    assert (own.label, own.unit, own.key_stage, own.decimals) == (
        *("Suspensions", "points", "attendance"),
        2,
    )
    assert (own.low, own.high, own.higher_is_better) == (0, 5, False)
    assert study.measures["ks2_rwm_expected"] is MEASURES["ks2_rwm_expected"]
    assert "suspensions" not in MEASURES


def test_an_unknown_measure_is_reported_with_similar_ones(tmp_path):
    (fault,) = faults_of(tmp_path, ('name = "ks2_reading_progress"', 'name = "ks2_reading"'))
    assert fault.column == "programme[1].measure[1].name"
    assert fault.problem == "there is no measure 'ks2_reading'"
    assert "ks2_reading_progress" in str(fault.expected)


@pytest.mark.parametrize(
    ("old", "new", "column", "problem"),
    [
        (
            'name = "suspensions"',
            'name = "ks2_rwm_expected"',
            "measure[1].name",
            "there is a measure 'ks2_rwm_expected' already",
        ),
        (
            'name = "suspensions"',
            'name = "n_pupils"',
            "measure[1].name",
            "'n_pupils' means something else here",
        ),
        (
            'name = "suspensions"',
            'name = "my_sen_support_share"',
            "measure[1].name",
            "'my_sen_support_share' means something else here",
        ),
        ("low = 0\nhigh = 5", "low = 5\nhigh = 5", "measure[1]", "'suspensions' runs from 5 to 5"),
        (
            'unit = "points"',
            'unit = "share"',
            "measure[1]",
            "'suspensions' runs from 0 to 5",
        ),
        (
            'key_stage = "attendance"',
            'key_stage = "ks1"',
            "measure[1].key_stage",
            "no source holds 'suspensions': the study has no ks1_schools",
        ),
        (
            "decimals = 2",
            "decimals = 2\nis_rate = true",
            "measure[1].is_rate",
            "'suspensions' is counted in points, and only a share can be a rate",
        ),
    ],
)
def test_faults_in_a_measure_of_the_study_s_own_are_explained(tmp_path, old, new, column, problem):
    (fault,) = faults_of(tmp_path, (old, new))
    assert fault.column == column
    assert fault.problem.startswith(problem)


def test_an_unknown_key_stage_is_refused(tmp_path):
    (fault,) = faults_of(tmp_path, ('key_stage = "attendance"', 'key_stage = "ks3"'))
    assert (fault.column, fault.found) == ("measure[1].key_stage", "'ks3'")
    assert "attendance" in str(fault.expected)


def test_two_measures_of_one_name_are_refused(tmp_path):
    second = OWN.split("[[source]]", maxsplit=1)[0]
    (fault,) = faults_of(tmp_path, add=OWN + second)
    assert fault.column == "measure[2].name"
