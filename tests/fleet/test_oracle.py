"""The oracle objects: after one figure or word is changed, the check about it fails."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.fleet import (
    chart_figures,
    contradictions,
    design_objections,
    objections,
    public_objections,
)
from tests.fleet.drawing import OPTIONAL_KINDS
from tests.fleet.files import write_study
from tests.fleet.recount import Recount
from tests.fleet.running import Made, run
from tests.fleet.seeds import draw_study

SEED = 9
# Has pupil rows in two releases; some estimates, averages and revisions are withheld.
ROUNDED_SEED = 2
MATCHED_SEED = 198
# Has an estimate of a primary measure, and earlier years to compare on a share of pupils.
ESTIMATED_SEED = 3
Tables = dict[str, pd.DataFrame]
# Counting again takes longer than to check; as in `fleet.judge`, one count serves every check of a study.
recounted = functools.cache(Recount.of)
TABLE_CHECKS = (*objections.CHECKS, *public_objections.CHECKS, *design_objections.CHECKS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A study with every kind of source, two releases and statistical neighbours."""
    claims = (("every_school_takes_part", 0), ("all_maintained_schools_reviewed", 1))
    drawn = dataclasses.replace(
        draw_study(SEED),
        kinds=frozenset(OPTIONAL_KINDS),
        claims=claims,
        statuses={"ks2": ("provisional", "revised"), "ks4": ("final",)},
        neighbours=(301, 302),
    )
    return run(write_study(drawn, tmp_path_factory.mktemp("oracle")), has_pdf=False)


def _plus_one(table: str, column: str) -> Callable[[Tables], None]:
    """Add one to the first figure shown."""

    def change(tables: Tables) -> None:
        frame = tables[table].copy()
        shown = frame.index[frame[column].notna()][0]
        frame.loc[shown, column] += 1
        tables[table] = frame

    return change


def _other(table: str, rows: str, **values: object) -> Callable[[Tables], None]:
    """Change the first row that the query selects."""

    def change(tables: Tables) -> None:
        frame = tables[table].copy()
        place = frame.query(rows).index[0]
        for column, value in values.items():
            frame[column] = frame[column].astype(object)
            frame.loc[place, column] = value
        tables[table] = frame

    return change


def _naive(tables: Tables) -> None:
    frame = tables["impact"].copy()
    frame.loc[(frame["role"] == "naive") & frame["estimate_low"].notna(), "estimate_low"] += 0.01
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


def _no_neighbours(tables: Tables) -> None:
    frame = tables["authority_context"]
    tables["authority_context"] = frame[frame["place"] != "statistical_neighbours"]


def _without_first(table: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table] = tables[table].iloc[1:]

    return change


def _nobody_s_claim(tables: Tables) -> None:
    row = {"claim": "All schools are good", "numerator": 1, "denominator": 2, "result": "fails"}
    tables["claims"] = pd.DataFrame([row])


HEADLINE = "role == 'headline' and estimate_low.notna()"
EARLIER = "estimator == 'earlier_changes' and figure_status == 'shown' and unit == 'share'"
CHANGE = "estimator == 'change_from_baseline_mean' and figure_status == 'shown' and unit == 'share'"
FAULTS = {
    "headline_samples schools": _headline("n_programme_schools"),
    "headline_samples pupils": _headline("n_comparison_pupils"),
    "levels schools": _plus_one("comparison", "n_schools"),
    "levels pupils": _plus_one("comparison", "n_pupils"),
    "levels average": _plus_one("comparison", "mean"),
    "levels left out": _plus_one("comparison", "n_schools_left_out"),
    "levels who met it": _plus_one("comparison", "n_meeting"),
    "levels interval": _other("comparison", "arm == 'rest' and n_meeting.notna()", ci_high=0.999),
    "levels withheld": _other(
        "comparison", "figure_status != 'suppressed'", figure_status="suppressed"
    ),
    "levels not withheld": _other(
        "comparison", "figure_status == 'suppressed'", figure_status="shown"
    ),
    "levels shown though withheld": _other(
        "comparison", "figure_status == 'suppressed'", n_pupils=9
    ),
    "levels not there": _without_first("comparison"),
    "public_stages said": _other("study", "minimum_cell > 0", public_key_stages="ks2"),
    "estimates withheld": _other(
        "impact", HEADLINE, figure_status="suppressed", withheld_reason="few_schools"
    ),
    "estimates not withheld": _other("impact", HEADLINE, n_programme_schools=9),
    "estimates other reason": _other(
        "impact",
        HEADLINE,
        n_programme_schools=9,
        figure_status="suppressed",
        withheld_reason="small_group",
    ),
    "estimates pupils": _other("impact", HEADLINE, n_programme_pupils=None),
    "estimates pupils of none": _other("impact", "estimate_low.isna()", n_programme_pupils=99),
    "coverage count": _plus_one("school_count", "n_schools"),
    "coverage reason": _other_reason,
    "programmes schools": _plus_one("programme", "n_schools"),
    "programmes with results": _plus_one("programme", "n_ks2_schools"),
    "lists overlap": _plus_one("programme_overlap", "n_schools"),
    "lists names": _without_first("enrolment"),
    "lists urn": _plus_one("enrolment", "urn"),
    "lists in no programme": _other("enrolment", "programme.isna()", programme="p0"),
    "priorities schools": _plus_one("priority", "n_schools"),
    "priorities share": _plus_one("priority", "target_pupil_share"),
    "priorities withheld": _other(
        "priority", "figure_status != 'suppressed'", figure_status="suppressed"
    ),
    "priorities pupils": _plus_one("priority", "n_target_pupils"),
    "attrition schools": _plus_one("attrition", "n_schools"),
    "attrition pupils": _plus_one("attrition", "n_pupils"),
    "attrition average": _plus_one("attrition", "mean"),
    "attrition withheld": _other(
        "attrition", "figure_status != 'suppressed'", figure_status="suppressed"
    ),
    "attrition not withheld": _other(
        "attrition", "figure_status == 'suppressed'", figure_status="shown"
    ),
    "naive_changes estimate": _naive,
    "points result": _plus_one("school_point", "outcome_mean"),
    "points before": _plus_one("school_point", "baseline_mean"),
    "points not shown": _without_first("school_point"),
    "points said to be withheld": _plus_one("school_point_withheld", "n_schools_withheld"),
    "responses returned": _plus_one("evaluation_summary", "n_schools"),
    "claims nobody made": _nobody_s_claim,
    "claims not shown": _without_first("claims"),
    "revisions result": _plus_one("revisions", "after"),
    "revisions pupils": _plus_one("revisions", "n_pupils_before"),
    "revisions withheld": _other(
        "revisions", "figure_status != 'suppressed'", figure_status="suppressed"
    ),
    "revisions not withheld": _other(
        "revisions", "figure_status == 'suppressed'", figure_status="shown"
    ),
    "revisions difference": _plus_one("revisions", "difference"),
    "authority_context figure": _plus_one("authority_context", "value"),
    "authority_context not shown": _no_neighbours,
    "breakdowns figure": _headline("breakdown"),
    "breakdowns of none": _other("impact", "role == 'naive'", breakdown=1.0),
    "earlier_changes figure": _other("impact", EARLIER, estimate_high=0.5),
    "earlier_changes schools": _other("impact", EARLIER, n_programme_schools=99),
    "changes_since_baseline figure": _other("impact", CHANGE, estimate_low=0.5),
}


@pytest.fixture(scope="module")
def rounded(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = write_study(draw_study(ROUNDED_SEED), tmp_path_factory.mktemp("rounded"))
    return run(folder, has_pdf=False)


@pytest.fixture(scope="module")
def estimated(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = write_study(draw_study(ESTIMATED_SEED), tmp_path_factory.mktemp("estimated"))
    return run(folder, has_pdf=False)


@pytest.mark.parametrize("fault", FAULTS)
def test_one_changed_figure_is_objected_to(
    made: Made, rounded: Made, estimated: Made, fault: str
) -> None:
    name = fault.split(" ", maxsplit=1)[0]
    check = next(check for check in TABLE_CHECKS if check.__name__ == name)
    study = rounded if check in public_objections.CHECKS else made
    if check in {
        design_objections.breakdowns,
        design_objections.earlier_changes,
        design_objections.changes_since_baseline,
    }:
        study = estimated
    tables, recount = dict(study.tables), recounted(study.folder)
    assert not list(check(tables, recount))
    FAULTS[fault](tables)
    assert list(check(tables, recount))


def test_every_check_has_a_planted_fault() -> None:
    checks = {check.__name__ for check in TABLE_CHECKS}
    # Another study tests these two: `test_other_figures_of_a_design_are_objected_to`.
    assert checks - {"matched_sides", "balance"} <= {fault.split(" ")[0] for fault in FAULTS}


def _page(old: str, new: str, page: str = "html") -> Callable[[Made], Made]:
    """Replace words in the pack (`html`) or in the `report`."""

    def change(made: Made) -> Made:
        said = getattr(made, page)
        assert old in said
        return dataclasses.replace(made, **{page: said.replace(old, new, 1)})

    return change


def _chart(name: str, **more: object) -> Callable[[Made], Made]:
    """Give the first chart of a family another title or other figures."""

    def change(made: Made) -> Made:
        charts = list(made.charts)
        at = next(n for n, chart in enumerate(charts) if chart.name.startswith(name))
        told = {
            key: value(charts[at].data) if callable(value) else value for key, value in more.items()
        }
        charts[at] = SimpleNamespace(**{**vars(charts[at]), **told})
        return dataclasses.replace(made, charts=charts)

    return change


def _cell(column: str, text: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda data: data.assign(**{column: [text, *data[column].iloc[1:]]})


def _table(name: str, **values: object) -> Callable[[Made], Made]:
    """Change values in every row of a table."""
    return lambda made: dataclasses.replace(
        made, tables={**made.tables, name: made.tables[name].assign(**values)}
    )


CONTRADICTIONS = {
    "no_word_of_a_machine": _page("</h1>", " nan </h1>"),
    "no_word_of_a_machine in the report": _page("</h1>", " some_code </h1>", "report"),
    "verdicts_on_the_page": _page('class="verdict cannot_tell"', 'class="verdict better"'),
    "verdicts_on_the_page in the report": _page(
        'class="verdict cannot_tell"', 'class="verdict better"', "report"
    ),
    "titles_of_charts": _chart("outcome_by_year", title="Better than the others"),
    "numbers_of_outcomes": _chart("outcome_by_year", title="Of 99 outcomes: 99 better"),
    "coverage_adds_up": _page(">29</span> schools have", ">28</span> schools have"),
    "coverage_is_said": _page("that can be compared (revised)", "that were looked at (revised)"),
    "averages_are_of_the_compared": _page(", compared or not: in", ": in"),
    "the_mark_is_explained": _page("<dt>[c]</dt>", "<dt>c</dt>", "report"),
    "reasons_are_true_of_all": _table(
        "impact", verdict_reason="none of its schools can be compared: not in the results files"
    ),
    "verdicts_follow_from_figures": _table("impact", verdict="better", ci_low=float("nan")),
    "nothing_published_is_awaited": _chart(
        "outcome_by_year", data=_cell("Release status", "not yet published")
    ),
    "gaps_are_differences": _chart("gap_by_year", data=_cell("Gap", "99 percentage points")),
    "charts_say_what_tables_say": _chart(
        "outcome_by_year", data=_cell("Number of pupils", "9,999")
    ),
}


def _fuller(column: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Change the first number shown in a column."""

    def change(data: pd.DataFrame) -> pd.DataFrame:
        place = next(n for n, text in data[column].items() if chart_figures.numbers(text))
        changed = data.copy()
        changed.loc[place, column] = "987"
        return changed

    return change


FIGURES = {
    "charts_by_year": _chart("outcome_by_year", data=_fuller("Number of schools")),
    "gaps_by_year": _chart("gap_by_year", data=_fuller("Other pupils")),
    "answer": _chart("answer", data=_fuller("Other schools")),
    "effects": _chart("headline_effects", data=_fuller("Other schools")),
    "timeline": _chart("support_timeline", data=_fuller("Months from start to first test")),
    "power": _chart("power_curve", data=_fuller("Seen in")),
    "points": _chart("baseline_outcome", data=_fuller("Average of earlier years")),
    "context": _chart("authority_context", data=_fuller("Figure")),
    "priorities": _chart("priorities", data=_fuller("Schools")),
    "answers": _chart("evaluation_answers", data=_fuller("Agree")),
}


@pytest.mark.parametrize("check", FIGURES)
def test_one_changed_mark_is_objected_to(made: Made, rounded: Made, check: str) -> None:
    # In the other study, no primary outcome has an estimate.
    study = rounded if check in {"answer", "power"} else made
    recount = recounted(study.folder)
    judge = getattr(chart_figures, check)
    assert not list(judge(study, recount))
    assert list(judge(FIGURES[check](study), recount))


def test_every_check_of_charts_has_a_planted_fault() -> None:
    assert {check.__name__ for check in chart_figures.CHECKS} == set(FIGURES)


def test_other_figures_of_a_design_are_objected_to(tmp_path: Path) -> None:
    made = run(write_study(draw_study(MATCHED_SEED), tmp_path), has_pdf=False)
    recount = recounted(made.folder)
    for check, plant in (
        (design_objections.matched_sides, _matched_schools(recount)),
        (design_objections.balance, _plus_one("balance", "programme_mean")),
        (design_objections.balance, _plus_one("balance", "n_comparison_pupils")),
        (
            design_objections.balance,
            _other("balance", "figure_status != 'suppressed'", figure_status="suppressed"),
        ),
    ):
        tables = dict(made.tables)
        assert not list(check(tables, recount))
        plant(tables)
        assert list(check(tables, recount))


def _matched_schools(recount: Recount) -> Callable[[Tables], None]:
    """Add one to the outside schools of every matched comparison."""
    matched = [p["id"] for p in recount.evaluated if p.get("comparison_pool") == "matched"]

    def change(tables: Tables) -> None:
        frame = tables["impact"].copy()
        frame.loc[frame["programme"].isin(matched), "n_comparison_schools"] += 1
        tables["impact"] = frame

    return change


@pytest.mark.parametrize("fault", CONTRADICTIONS)
def test_one_changed_word_is_objected_to(made: Made, rounded: Made, fault: str) -> None:
    name = fault.split(" ", maxsplit=1)[0]
    # The other study can compare no school.
    study = rounded if name == "averages_are_of_the_compared" else made
    recount, judge = recounted(study.folder), getattr(contradictions, name)
    assert list(judge(CONTRADICTIONS[fault](study), recount)) != list(judge(study, recount))


def test_every_contradiction_has_a_planted_fault() -> None:
    checks = {check.__name__ for check in contradictions.CHECKS}
    assert checks == {fault.split(" ")[0] for fault in CONTRADICTIONS}
