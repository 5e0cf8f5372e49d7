"""A case study lists its school's events in time order with public ones; nothing without consent."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.tiny_study import TinyStudy, published_ks2, published_study
from tests.unit.disclosure.test_released_tables import CASE, SUPPORT

EVENTS = (
    "SELECT from_date, until_date, kind, happened FROM released.case_study_event ORDER BY place"
)
LINES = "SELECT happened FROM released.case_study_event WHERE kind = 'support' ORDER BY place"


def telling(tmp_path, *lines: dict[str, object], consent: str = "yes") -> TinyStudy:
    tiny = TinyStudy(tmp_path)
    tiny.add("c.csv", 'kind = "case_studies"', [CASE | {"consent": consent}])
    tiny.add("s.csv", 'kind = "case_study_support"', [SUPPORT | line for line in lines])
    return tiny


def released(tiny: TinyStudy, select: str) -> list[tuple[object, ...]]:
    return tiny.rows(select)


def test_support_and_public_events_are_in_date_order(tmp_path):
    tiny = telling(tmp_path, {}, {"from": "2018-06-18", "until": "", "support": "A look back"})
    tiny.sources["ks2_2018.csv"] += "\npublished = 2018-09-04"
    inspected = {"900001": "2017-05-02", "900011": "2018-02-27", "900002": "2018-02-28"}
    rows = [
        {"urn": urn, "inspection_date": day, "overall_effectiveness": 3}
        for urn, day in inspected.items()
    ]
    tiny.add("i.csv", 'kind = "inspections"', [*rows, rows[0] | {"inspection_date": "2014-01-01"}])
    assert released(tiny, EVENTS) == [
        (dt.date(2017, 5, 2), None, "inspection", "Inspected: requires improvement"),
        (dt.date(2018, 2, 1), None, "programme", "The school joins the programme"),
        (dt.date(2018, 2, 5), dt.date(2018, 3, 23), "support", "Six visits"),
        (dt.date(2018, 2, 27), None, "inspection", "Inspected: requires improvement"),
        (dt.date(2018, 5, 1), dt.date(2018, 5, 31), "tests", "Key Stage 2 tests"),
        (dt.date(2018, 6, 18), None, "support", "A look back"),
        (dt.date(2018, 9, 4), None, "results", "Key Stage 2 results come out: provisional"),
    ]
    assert released(
        tiny,
        "SELECT is_before_tests FROM released.case_study_event WHERE kind = 'support' ORDER BY place",
    ) == [(True,), (False,)]


@pytest.mark.parametrize("consent", ["no", "withdrawn"])
def test_without_consent_no_event_is_shown_or_reviewed(tmp_path, consent):
    tiny = telling(tmp_path, {"support": "Marigold Quillfeather was visited"}, consent=consent)
    tables = ("released.case_study_event", "released.case_study_result", "mart.text_review")
    with tiny.released(*tables) as con:
        for table in tables:
            assert con.execute(f"FROM {table}").fetchall() == []


def test_an_event_that_names_a_pupil_is_held_and_the_others_are_shown(tmp_path):
    tiny = telling(tmp_path, {}, {"support": "Marigold Quillfeather was visited"})
    assert released(tiny, LINES) == [("Six visits",)]
    assert released(tiny, "FROM released.text_review") == [
        ("case_study_support", "send", "personal name", 1)
    ]


def test_a_held_case_study_withholds_its_events_and_results(tmp_path):
    tiny = telling(tmp_path, {})
    tiny.tables["c.csv"][0]["context"] = "Marigold Quillfeather is its head."
    tables = [
        f"released.{name}" for name in ("case_studies", "case_study_event", "case_study_result")
    ]
    with tiny.released(*tables) as con:
        for table in tables:
            assert con.execute(f"FROM {table}").fetchall() == []


def test_a_published_percentage_is_counted_again(tmp_path):
    """40% of 31 is not a whole pupil: 12 pupils are 38.7%, so 39% is shown."""
    year = [
        published_ks2(900001 + n, 2001 + n, f"School {n}", TFSM6CLA1A=31 if n == 2 else 40)
        for n in range(12)
    ]
    before = [row | {"PTRWM_EXP": "57%"} for row in year]
    tiny = published_study(tmp_path, {"2016-17": before, "2017-18": year})
    tiny.drop("register.csv")
    tiny.drop("links.csv")
    tiny.tables["enrolments.csv"] = [
        {"programme": "gap", "urn": 900001 + n, "start_date": ""} for n in range(6)
    ]
    tiny.add("c.csv", 'kind = "case_studies"', [CASE | {"programme": "gap", "urn": 900003}])
    shown = released(
        tiny, "SELECT n_pupils, n_meeting, mean, figure_status FROM released.case_study_result"
    )
    assert shown == [(31, 12, 0.39, "shown")] * 2
