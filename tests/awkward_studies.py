"""Released tables of unusual but valid studies: one school, all withheld, seven programmes and so on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipelines.disclosure.thresholds import WITHHELD_REASONS
from tests.chart_cases import LONG, Case
from tests.released_fixture import released_tables

Tables = dict[str, pd.DataFrame]
FIGURES = ["estimate_low", "estimate_high", "ci_low", "ci_high"]
LEVELS = ["mean", "ci_low", "ci_high"]
NO_ESTIMATE = {"figure_status": "not_available", "withheld_reason": None}


def of_points() -> Tables:
    return Case(measure="ks4_attainment8").tables()


def without_a_naive_row() -> Tables:
    tables = Case().tables()
    return tables | {"impact": tables["impact"].query("role != 'naive'")}


def with_every_estimate_withheld() -> Tables:
    tables = released_tables()
    impact = tables["impact"].assign(
        figure_status="suppressed",
        withheld_reason="few_schools",
        verdict_reason=WITHHELD_REASONS["few_schools"],
    )
    impact[[*FIGURES, "p_value", "n_programme_pupils", "n_comparison_pupils"]] = np.nan
    impact.loc[impact["verdict"].notna(), "verdict"] = "cannot_tell"
    return tables | {"impact": impact}


def with_everything_withheld() -> Tables:
    tables = with_every_estimate_withheld()
    levels = tables["comparison"].assign(
        figure_status="suppressed", n_schools=pd.NA, n_pupils=pd.NA
    )
    levels[LEVELS] = np.nan
    return tables | {
        "comparison": levels,
        "school_point": tables["school_point"].head(0),
        "programme_overlap": tables["programme_overlap"].assign(n_schools=pd.NA),
        "priority": tables["priority"].assign(figure_status="suppressed", n_target_pupils=pd.NA),
    }


def without_comparison_schools() -> Tables:
    tables = with_every_estimate_withheld()
    reason = "too few schools: 0 other schools have results and at least 5 are needed"
    return tables | {
        "impact": tables["impact"].assign(**NO_ESTIMATE, verdict_reason=reason),
        "comparison": tables["comparison"].query("arm != 'rest'"),
        "school_point": tables["school_point"].query("is_programme"),
    }


def of_one_school() -> Tables:
    tables = without_comparison_schools()
    levels = tables["comparison"].assign(n_schools=1)
    levels[["ci_low", "ci_high"]] = np.nan
    return tables | {
        "comparison": levels,
        "school_point": tables["school_point"].head(1),
        "enrolment": tables["enrolment"].head(1),
        "programme_overlap": tables["programme_overlap"].assign(n_schools=1),
        "priority": tables["priority"].head(1).assign(n_schools=1, n_schools_of_all=1),
    }


def of_seven_evaluated_programmes() -> Tables:
    tables = released_tables()
    programme = tables["programme"].assign(is_evaluated=True, is_placebo=False)
    measure = tables["measure"].query("measure == 'ks2_rwm_expected'").head(1)
    impact = tables["impact"].query("measure == 'ks2_rwm_expected' and programme == 'gap'")
    verdicts = ["better", "worse", "no_meaningful_difference", "cannot_tell", "better", "worse"]
    every = [
        (
            measure.assign(programme=name),
            impact.assign(
                programme=name,
                pupil_group=group,
                verdict=np.where(impact["role"] == "headline", verdict, None),
            ),
        )
        for name, group, verdict in zip(
            programme["programme"],
            programme["target_group"],
            [*verdicts, "cannot_tell"],
            strict=True,
        )
    ]
    return tables | {
        "programme": programme,
        "measure": pd.concat([m for m, _ in every]),
        "impact": pd.concat([i for _, i in every]),
    }


def without_priorities_or_key_stage_4() -> Tables:
    tables = released_tables()
    return tables | {
        "programme": tables["programme"].assign(priority=None, starts=pd.NaT),
        "priority": tables["priority"].head(0),
        "measure": tables["measure"].query("key_stage == 'ks2'"),
        "source": tables["source"].assign(publisher=None),
    }


def with_a_year_without_results() -> Tables:
    tables = released_tables()
    return tables | {"comparison": tables["comparison"].query("academic_year != '2016-17'")}


def without_the_outcome_year() -> Tables:
    tables = with_every_estimate_withheld()
    return tables | {
        "impact": tables["impact"].assign(**NO_ESTIMATE, verdict_reason="no result on file"),
        "comparison": tables["comparison"].query("academic_year != '2017-18'"),
    }


def of_one_baseline_year() -> Tables:
    tables = released_tables()
    return tables | {
        "study": tables["study"].assign(baseline_years="2016-17"),
        "comparison": tables["comparison"].query("academic_year != '2015-16'"),
    }


def of_figures_that_are_all(value: float) -> Callable[[], Tables]:
    def tables() -> Tables:
        made = released_tables()
        same = dict.fromkeys(LEVELS, value)
        return made | {
            "comparison": made["comparison"].assign(figure_status="shown", **same),
            "impact": made["impact"].assign(figure_status="shown", **dict.fromkeys(FIGURES, value)),
            "measure": made["measure"].assign(smallest_effect=np.nan),
            "school_point": made["school_point"].assign(baseline_mean=value, outcome_mean=value),
        }

    return tables


def with_negative_levels() -> Tables:
    tables = of_points()
    levels = tables["comparison"].copy()
    levels[LEVELS] = -4 - levels[LEVELS].abs()
    # Disadvantaged pupils are ahead.
    levels.loc[levels["pupil_group"] == "not_disadvantaged", LEVELS] -= 3
    return tables | {"comparison": levels}


def with_forms_nobody_expected() -> Tables:
    tables = released_tables()
    answers = tables["evaluation_summary"].astype({"n_expected": "Int64"})
    answers.loc[answers["programme"] == "gap", "n_expected"] = 0
    answers.loc[answers["programme"] == "send", "n_expected"] = pd.NA
    return tables | {"evaluation_summary": answers}


def of_a_thousand_schools() -> Tables:
    tables = released_tables()
    more = dict.fromkeys(("n_schools", "n_schools_of_all"), 1250)
    return tables | {
        "priority": tables["priority"].assign(**more),
        "programme_overlap": tables["programme_overlap"].assign(n_schools=1250),
        "evaluation_summary": tables["evaluation_summary"].assign(n_schools=1250, n_expected=2600),
    }


def of_names_that_are_long_and_the_same() -> Tables:
    tables = released_tables()
    return tables | {
        "programme": tables["programme"].assign(title=f"{LONG} {LONG}"),
        "measure": tables["measure"].assign(label=f"{LONG} {LONG}"),
        "study": tables["study"].assign(local_authority_name=LONG),
        "priority": tables["priority"].assign(priority=lambda p: p["priority"] + LONG),
    }


def of_seven_years() -> Tables:
    """Six baseline years with the longest release-status name in each, and a series break in two of them."""
    tables = released_tables()
    years = [f"{first}-{first - 1999}" for first in range(2011, 2018)]
    levels = tables["comparison"].query("academic_year == '2017-18'")
    every = [levels.assign(academic_year=year, release_status="school_return") for year in years]
    broken = pd.DataFrame(
        [
            ("ks2_reading_progress", "ks2", year, "the test changed", "DfE")
            for year in ("2015-16", "2017-18")
        ],
        columns=list(tables["series_break"].columns),
    )
    return tables | {
        "study": tables["study"].assign(baseline_years=", ".join(years[:-1])),
        "comparison": pd.concat(every),
        "series_break": broken,
    }


def of_many_programmes_and_long_school_names() -> Tables:
    tables = released_tables()
    enrolled, programme = tables["enrolment"], tables["programme"]
    name = " and Nursery, the Church of England (Voluntary Aided) Academy of the United Parishes"
    more = [f"more_{number}" for number in range(12)]
    others = programme.tail(1)
    return tables | {
        "programme": pd.concat([programme, *(others.assign(programme=m, title=m) for m in more)]),
        "enrolment": pd.concat(
            [enrolled, *(enrolled.query("programme == 'able'").assign(programme=m) for m in more)]
        ).assign(school_name=lambda e: e["school_name"] + name),
        "priority": tables["priority"].assign(
            n_programmes=3,
            target_group="high_prior",
            n_target_pupils=12340,
            target_pupil_share=0.42,
            figure_status="shown",
        ),
    }


STUDIES: dict[str, Callable[[], Tables]] = {
    made.__name__: made
    for made in (
        of_points,
        without_a_naive_row,
        with_every_estimate_withheld,
        with_everything_withheld,
        without_comparison_schools,
        of_one_school,
        of_seven_evaluated_programmes,
        without_priorities_or_key_stage_4,
        with_a_year_without_results,
        without_the_outcome_year,
        of_one_baseline_year,
        with_negative_levels,
        with_forms_nobody_expected,
        of_a_thousand_schools,
        of_names_that_are_long_and_the_same,
        of_seven_years,
        of_many_programmes_and_long_school_names,
    )
} | {f"of_figures_that_are_all_{value:g}": of_figures_that_are_all(value) for value in (0.0, 1.0)}
