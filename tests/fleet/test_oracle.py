"""The oracle objects: one printed figure changed, or one word, and the check that is about it says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pandas as pd
import pytest

from tests.fleet import contradictions, objections
from tests.fleet.drawing import OPTIONAL_KINDS, draw_study
from tests.fleet.files import write_study
from tests.fleet.recount import Recount
from tests.fleet.running import Made, run

SEED = 9
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A study with every kind of source."""
    claims = (("every_school_takes_part", 0), ("all_maintained_schools_reviewed", 1))
    drawn = dataclasses.replace(draw_study(SEED), kinds=frozenset(OPTIONAL_KINDS), claims=claims)
    return run(write_study(drawn, tmp_path_factory.mktemp("oracle")), has_pdf=False)


def _plus_one(table: str, column: str) -> Callable[[Tables], None]:
    """Change the first figure that is shown."""

    def change(tables: Tables) -> None:
        frame = tables[table].copy()
        shown = frame.index[frame[column].notna()][0]
        frame.loc[shown, column] += 1
        tables[table] = frame

    return change


def _naive(tables: Tables) -> None:
    frame = tables["impact"].copy()
    frame.loc[frame["role"] == "naive", "estimate_low"] = 99.0
    tables["impact"] = frame


def _headline(column: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        frame = tables["impact"].copy()
        place = frame.index[(frame["role"] == "headline") & frame[column].notna()][0]
        frame.loc[place, column] += 1
        tables["impact"] = frame

    return change


def _other_reason(tables: Tables) -> None:
    frame = tables["school_count"].copy()
    frame.loc[frame.index[-1], "reason"] = "no_common_year"
    tables["school_count"] = frame


def _without_first(table: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table] = tables[table].iloc[1:]

    return change


def _nobody_s_claim(tables: Tables) -> None:
    row = {"claim": "All schools are good", "numerator": 1, "denominator": 2, "result": "fails"}
    tables["claims"] = pd.DataFrame([row])


FAULTS = {
    "headline_samples schools": _headline("n_programme_schools"),
    "headline_samples pupils": _headline("n_comparison_pupils"),
    "levels schools": _plus_one("comparison", "n_schools"),
    "levels pupils": _plus_one("comparison", "n_pupils"),
    "levels average": _plus_one("comparison", "mean"),
    "coverage count": _plus_one("school_count", "n_schools"),
    "coverage reason": _other_reason,
    "programmes schools": _plus_one("programme", "n_schools"),
    "programmes with results": _plus_one("programme", "n_ks2_schools"),
    "lists overlap": _plus_one("programme_overlap", "n_schools"),
    "lists names": _without_first("enrolment"),
    "priorities schools": _plus_one("priority", "n_schools"),
    "attrition schools": _plus_one("attrition", "n_schools"),
    "naive_changes estimate": _naive,
    "points result": _plus_one("school_point", "outcome_mean"),
    "responses returned": _plus_one("evaluation_summary", "n_schools"),
    "claims nobody made": _nobody_s_claim,
    "claims not shown": _without_first("claims"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_changed_figure_is_objected_to(made: Made, fault: str) -> None:
    tables = dict(made.tables)
    FAULTS[fault](tables)
    check = getattr(objections, fault.split(" ", maxsplit=1)[0])
    assert list(check(tables, Recount.of(made.folder)))


def test_every_check_has_a_planted_fault() -> None:
    assert {check.__name__ for check in objections.CHECKS} <= {
        fault.split(" ")[0] for fault in FAULTS
    }


def test_a_word_of_a_machine_on_the_page_is_objected_to(made: Made) -> None:
    broken = dataclasses.replace(made, html=made.html.replace("</h1>", " nan </h1>"))
    assert list(contradictions.no_word_of_a_machine(broken, Recount.of(made.folder)))
