"""Of several releases of a year, the latest or the marked one is used."""

from __future__ import annotations

import pytest

from pipelines.errors.fault import StudyError
from pipelines.protocol.study_file import load_study
from pipelines.study.release_in_use import result_releases
from tests.unit.protocol.test_study_file import GOOD, write


def source(status: str, more: str = "", year: str = "2017-18", kind: str = "ks2_pupils") -> str:
    return (
        f'\n[[source]]\nkind = "{kind}"\nfile = "{kind}_{year}_{status}.csv"\n'
        f'academic_year = "{year}"\nstatus = "{status}"\n{more}\n'
    )


def releases(tmp_path, *sources: str) -> list[tuple[str, str, bool, bool]]:
    study = load_study(write(tmp_path, GOOD + "".join(sources)))
    return [
        (r.academic_year, r.release_status, r.is_used, r.is_marked) for r in result_releases(study)
    ]


def test_the_latest_is_used_whatever_the_order(tmp_path):
    assert releases(tmp_path, source("final"), source("revised")) == [
        ("2017-18", "provisional", False, False),
        ("2017-18", "revised", False, False),
        ("2017-18", "final", True, False),
    ]


def test_the_marked_one_is_used_and_the_others_are_kept(tmp_path):
    assert releases(tmp_path, source("final"), source("revised", "used = true")) == [
        ("2017-18", "provisional", False, False),
        ("2017-18", "revised", True, True),
        ("2017-18", "final", False, False),
    ]


def test_each_year_and_key_stage_has_its_own(tmp_path):
    found = releases(
        tmp_path,
        source("final", year="2016-17"),
        source("school_return", kind="ks4_pupils"),
        source("final"),
    )
    assert [(year, status) for year, status, is_used, _ in found if is_used] == [
        ("2016-17", "final"),
        ("2017-18", "final"),
        ("2017-18", "school_return"),
    ]


@pytest.mark.parametrize(
    ("kind", "status", "is_published"),
    [
        ("ks4_schools", "final", True),
        ("ks4_schools", "provisional", True),
        # Schools' own figures are not in published tables, whatever their layout.
        ("ks4_schools", "school_return", False),
        ("ks4_pupils", "final", False),
    ],
)
def test_a_release_is_published_where_performance_tables_alone_hold_it(
    tmp_path, kind, status, is_published
):
    study = load_study(write(tmp_path, GOOD + source(status, kind=kind, year="2016-17")))
    found = [r for r in result_releases(study) if r.academic_year == "2016-17"]
    assert [(r.key_stage, r.is_published) for r in found] == [("ks4", is_published)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            source("final", "used = true") + source("revised", "used = true"),
            "two releases of 2017-18, and both are marked",
        ),
        (
            '\n[[source]]\nkind = "school_register"\nfile = "register.csv"\nused = true\n',
            "school_register data, of which there is one release",
        ),
    ],
)
def test_a_mark_that_cannot_be_is_a_fault(tmp_path, text, words):
    with pytest.raises(StudyError) as raised:
        load_study(write(tmp_path, GOOD + text))
    (fault,) = raised.value.faults
    assert words in fault.problem
    assert fault.row is not None
    assert str(fault.column).endswith("used")
