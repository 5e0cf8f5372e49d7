"""A complete, hand-made set of released tables, to develop charts and the board page against.

Every value is invented. The catalogue decides tables, columns and types, so the frames look as a reader of
the store gets them. Awkward cases are included on purpose: a placebo programme, a Key Stage 4 row with too
few schools, a measure not yet published, withheld cells, and a status that differs between years.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools

import duckdb
import numpy as np
import pandas as pd

from pipelines.catalogue import ESTIMATE, RELEASED_TABLES, Table
from pipelines.released.citations import plain
from pipelines.released.reading import read_tables
from pipelines.study.measures import MEASURES

YEARS = ("2015-16", "2016-17", "2017-18")
OUTCOME_YEAR = "2017-18"
WITHHELD_MEAN = 0.4321987  # for tests of withheld cells: a number no output may hold

TOO_FEW = "too few schools: 4 programme schools have results and at least 5 are needed"
NOT_YET = "Attainment 8 for 2017-18 is published in mid-October"


def without_marks(found):
    """A text, or a dataclass of texts, without citation marks."""
    if isinstance(found, str):
        return plain(found)
    if isinstance(found, tuple):
        return tuple(without_marks(part) for part in found)
    if dataclasses.is_dataclass(found):
        fields = {f.name: without_marks(getattr(found, f.name)) for f in dataclasses.fields(found)}
        return dataclasses.replace(found, **fields)
    return found


def released_tables() -> dict[str, pd.DataFrame]:
    """Every released table by name without the schema; new frames at each call."""
    return {name: table.copy() for name, table in _stored().items()}


@functools.cache
def _stored() -> dict[str, pd.DataFrame]:
    """The invented values, stored in the catalogue's tables and read back."""
    made = _invented()
    if made.keys() != {table.name for table in RELEASED_TABLES}:
        raise ValueError(f"not the catalogue's released tables: {sorted(made)}")
    with contextlib.closing(duckdb.connect()) as con:
        con.execute("CREATE SCHEMA released")
        for table in RELEASED_TABLES:
            con.execute(table.ddl())
            con.register("invented", shaped(table, made[table.name]))
            con.execute(f"INSERT INTO {table.full_name} FROM invented")
        return read_tables(con)


def shaped(table: Table, values: pd.DataFrame) -> pd.DataFrame:
    """Values in the catalogue's columns, in its order. Nullable columns may be left out.

    Raises ValueError for a column not in the catalogue, or a missing value that must not be null.
    """
    names = [column.name for column in table.columns]
    if not set(values.columns) <= set(names):
        raise ValueError(f"{table.full_name} has no {sorted({*values.columns} - {*names})}")
    frame = values.reindex(columns=names)
    for column in table.columns:
        if not column.is_nullable and frame[column.name].isna().any():
            raise ValueError(f"{table.full_name}: {column.name} is never blank")
    return frame


def _invented() -> dict[str, pd.DataFrame]:
    return {
        "study": _study(),
        "programme": _programme(),
        "measure": _measure(),
        "impact": _impact(),
        "comparison": _comparison(),
        "attrition": _attrition(),
        "balance": _balance(),
        "overlap": _overlap(),
        "calibration": _calibration(),
        "school_point": _school_point(),
        "school_point_withheld": _school_point_withheld(),
        "school_count": _school_count(),
        "programme_overlap": _programme_overlap(),
        "enrolment": _enrolment(),
        "priority": _priority(),
        "not_yet_published": _not_yet_published(),
        "claims": _claims(),
        "evaluation_summary": _evaluation_summary(),
        "text_review": _text_review(),
        "statement_rule": _statement_rule(),
        "statements": _statements(),
        "case_studies": _case_studies(),
        "case_study_event": _case_study_event(),
        "case_study_result": _case_study_result(),
        "revisions": pd.DataFrame(),
        "verdict_change": pd.DataFrame(),
        "answer_by_year": pd.DataFrame(),
        "series_break": pd.DataFrame(),
        "authority_context": _authority_context(),
        "source": _source(),
        "data_check": _data_check(),
        "withheld": _withheld(),
    }


def _authority_context() -> pd.DataFrame:
    """One of three neighbours has no figure in the first year; England's last is not yet published."""
    columns = ["academic_year", "place", "n_places", "n_places_listed", "model", "value"]
    values = [
        ("2016-17", "authority", 1, 1, None, 0.08),
        ("2016-17", "statistical_neighbours", 2, 3, "April 2021", 0.17),
        ("2016-17", "england", 1, 1, None, 0.16),
        ("2017-18", "authority", 1, 1, None, 0.15),
        ("2017-18", "statistical_neighbours", 3, 3, "April 2021", 0.22),
    ]
    frame = pd.DataFrame(values, columns=columns)
    return frame.assign(
        measure="ks2_rwm_expected",
        key_stage="ks2",
        pupil_group="sen_support",
        release_status="final",
        unit="share",
        publisher="The statistics office",
    )


def _study() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "study": "example",
                "title": "Did SSIF support help pupils?",
                "prepared_for": "Education Advisory Board",
                "contact": "Analysts of Westhaven",
                "local_authority_name": "Westhaven",
                "is_fictional": True,
                "reference_date": pd.Timestamp("2018-09-01"),
                "as_at": pd.Timestamp("2018-10-02"),
                "outcome_year": OUTCOME_YEAR,
                "outcome_years": OUTCOME_YEAR,
                "baseline_years": "2015-16, 2016-17",
                "minimum_cell": 6,
                "public_key_stages": None,
                "confidence_share": 0.95,
                "study_hash": "3f1c9a0b7d42",
                "source_hash": "b8e05c1177aa",
                "period": "2015-16 to 2017-18",
            }
        ]
    )


def _programme() -> pd.DataFrame:
    columns = [
        "programme",
        "title",
        "fund",
        "priority",
        "is_evaluated",
        "is_placebo",
        "funding_gbp",
        "target_group",
        "starts",
        "n_expected_schools",
        "n_schools",
        "n_ks2_schools",
        "n_ks4_schools",
    ]
    send = "SEND in mainstream"
    gap = "Closing the gap"
    rows = [
        ("send", send, "SSIF", send, True, False, 200_000, "sen_support", "2018-01-08",
         18, 18, 11, 4),
        ("gap", gap, "SSIF", gap, True, False, 200_000, "disadvantaged", "2017-09-04",
         18, 18, 12, 4),
        ("lowest", "Lowest results last year", "placebo", gap, True, True, np.nan,
         "disadvantaged", "2017-09-04", 18, 18, 18, 0),
        ("maths_hub", "Mastery in maths", "Maths hub", "Teaching and learning", False, False,
         40_000, "all", "2017-09-04", np.nan, 22, 16, 3),
        ("reading", "Reading together", "Council", "Early reading", False, False, 25_000, "all",
         "2017-09-04", np.nan, 25, 17, 0),
        ("transition", "Moving up well", "Council", "Transition", False, False, 30_000, "all",
         "2018-01-08", np.nan, 20, 12, 6),
        ("able", "Most able network", "Council", "Most able", False, False, 15_000, "high_prior",
         "2017-09-04", np.nan, 14, 10, 3),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    table["starts"] = pd.to_datetime(table["starts"])
    table["census_academic_year"] = OUTCOME_YEAR
    # One Closing the gap school has no figure. The other programmes have no target group.
    table["n_schools_with_census"] = [18, 17, 18, 0, 0, 0, 0]
    table["n_pupils_on_roll"] = [5200, 4100, 3900, 6300, np.nan, 5800, 4400]
    table["n_target_pupils_on_roll"] = [1900, *[np.nan] * 6]
    table["funding_gbp_per_target_pupil"] = table["funding_gbp"] / table["n_target_pupils_on_roll"]
    table["comparison_pool"] = "local"
    table["chosen_on"] = [None, "2016-17", "2016-17", None, None, None, None]
    return table


def _measure() -> pd.DataFrame:
    columns = "programme measure key_stage label unit is_primary smallest_effect"
    rwm = "Expected standard in reading, writing and maths"
    rows = [
        ("send", "ks2_reading_progress", "ks2", "Reading progress", "points", True, 1.0),
        ("send", "ks2_maths_progress", "ks2", "Maths progress", "points", False, 1.0),
        ("send", "ks4_attainment8", "ks4", "Attainment 8", "points", True, 2.0),
        ("gap", "ks2_rwm_expected", "ks2", rwm, "share", True, 0.05),
        ("gap", "ks2_reading_progress", "ks2", "Reading progress", "points", False, 1.0),
        ("gap", "ks4_basics_94", "ks4", "Grade 4 in English and maths", "share", True, 0.05),
        ("lowest", "ks2_rwm_expected", "ks2", rwm, "share", True, 0.05),
    ]
    return pd.DataFrame(rows, columns=columns.split()).assign(
        is_prior_adjusted=False,
        higher_is_better=True,
        decimals=[MEASURES[row[1]].decimals for row in rows],
        tests_from=pd.Timestamp(2018, 5, 1),
        tests_until=[pd.Timestamp(2018, 5 + (row[2] == "ks4"), 30) for row in rows],
    )


def _impact() -> pd.DataFrame:
    """Headline, naive and robustness rows. The two ends of a bracket are robustness rows."""
    rows: list[dict[str, object]] = []
    rows += _estimated(
        ("send", "sen_support", "ks2_reading_progress", "points"),
        ancova=(0.6, -1.2, 2.4), from_mean=(1.7, -0.2, 3.6), naive=(2.8, 0.4, 5.2),
        leaving_out=(1.4, -0.8, 3.6), verdict="cannot_tell",
        reason="the two comparisons leave room for both no gain and a gain that matters",
        n_schools=(11, 23), n_pupils=(124, 262), effective_df=11.4, mde=2.6,
        breakdown=1.2, earlier=(-1.9, -1.9, -4.4, 0.6),
    )  # fmt: skip
    rows += _estimated(
        ("send", "sen_support", "ks2_maths_progress", "points"),
        ancova=(0.2, -1.5, 1.9), from_mean=(0.9, -0.9, 2.7), naive=(1.3, -1.1, 3.7),
        leaving_out=(0.7, -1.5, 2.9), verdict=None, reason=None,
        n_schools=(11, 23), n_pupils=(124, 262), effective_df=11.4, mde=2.5,
    )  # fmt: skip
    rows += _not_estimated(
        ("send", "sen_support", "ks4_attainment8", "points"), NOT_YET, status=None
    )
    rows += _estimated(
        ("gap", "disadvantaged", "ks2_rwm_expected", "share"),
        ancova=(-0.012, -0.081, 0.057), from_mean=(0.016, -0.052, 0.084),
        naive=(0.048, -0.033, 0.129), leaving_out=(0.021, -0.061, 0.103), verdict="cannot_tell",
        reason="the two comparisons leave room for both harm and a gain that matters",
        n_schools=(12, 22), n_pupils=(251, 430), effective_df=12.1, mde=0.098,
        breakdown=0.081, earlier=(-0.031, 0.024, -0.1, 0.09),
    )  # fmt: skip
    rows += _estimated(
        ("gap", "disadvantaged", "ks2_reading_progress", "points"),
        ancova=(-0.2, -1.1, 0.7), from_mean=(0.1, -0.8, 1.0), naive=(0.5, -0.6, 1.6),
        leaving_out=(0.1, -1.0, 1.2), verdict=None, reason=None,
        n_schools=(12, 22), n_pupils=(251, 430), effective_df=12.1, mde=1.3,
    )  # fmt: skip
    rows += _not_estimated(
        ("gap", "disadvantaged", "ks4_basics_94", "share"), TOO_FEW, status="school_return"
    )
    rows += _estimated(
        ("lowest", "disadvantaged", "ks2_rwm_expected", "share"),
        ancova=(0.09, -0.01, 0.19), from_mean=(0.13, 0.04, 0.23), naive=(0.25, 0.14, 0.36),
        leaving_out=(0.11, -0.02, 0.24), verdict="cannot_tell",
        reason="one of the two comparisons leaves room for none at all",
        n_schools=(18, 139), n_pupils=(188, 1460), effective_df=16.9, mde=0.14,
    )  # fmt: skip
    return pd.DataFrame(rows)


def _estimated(
    key: tuple[str, str, str, str],
    *,
    ancova: tuple[float, float, float],
    from_mean: tuple[float, float, float],
    naive: tuple[float, float, float],
    leaving_out: tuple[float, float, float],
    verdict: str | None,
    reason: str | None,
    n_schools: tuple[int, int],
    n_pupils: tuple[int, int],
    effective_df: float,
    mde: float,
    breakdown: float = np.nan,
    earlier: tuple[float, float, float, float] | None = None,
) -> list[dict[str, object]]:
    """Five rows for one programme and measure, and one on `earlier` changes if given.

    Each estimate is (estimate, low, high).
    """
    ends = (ancova, from_mean)
    bracket = (
        min(end[0] for end in ends),
        max(end[0] for end in ends),
        min(end[1] for end in ends),
        max(end[2] for end in ends),
    )
    numbers = {
        ("bracket", "headline"): bracket,
        ("ancova", "robustness"): (ancova[0], *ancova),
        ("change_from_baseline_mean", "robustness"): (from_mean[0], *from_mean),
        ("change_leaving_selection_years_out", "robustness"): (leaving_out[0], *leaving_out),
        ("change_since_last_year", "naive"): (naive[0], *naive),
    }
    if earlier is not None:
        numbers["earlier_changes", "robustness"] = earlier
    return [
        _impact_row(key, estimator, role, "provisional")
        | {
            "figure_status": "shown",
            "estimate_low": low,
            "estimate_high": high,
            "ci_low": ci_low,
            "ci_high": ci_high,
            "p_value": 0.31 if role == "robustness" and estimator != "earlier_changes" else np.nan,
            "n_programme_schools": n_schools[0],
            "n_comparison_schools": n_schools[1],
            "n_programme_pupils": n_pupils[0],
            "n_comparison_pupils": n_pupils[1],
            "effective_df": effective_df,
            "mde": mde,
            "breakdown": breakdown if role == "headline" else np.nan,
            "expected_anyway": 0.8 * naive[0] if role == "naive" else np.nan,
            "verdict": verdict if role == "headline" else None,
            "verdict_reason": reason if role == "headline" else None,
        }
        for (estimator, role), (low, high, ci_low, ci_high) in numbers.items()
    ]


def _not_estimated(
    key: tuple[str, str, str, str], reason: str, status: str | None
) -> list[dict[str, object]]:
    rows = []
    for estimator, role in (("bracket", "headline"), ("change_since_last_year", "naive")):
        row = _impact_row(key, estimator, role, status)
        row |= {"verdict": "cannot_tell" if role == "headline" else None, "verdict_reason": reason}
        if status is not None:
            row |= {"n_programme_schools": 4, "n_comparison_schools": 6}
        rows.append(row)
    return rows


def _impact_row(
    key: tuple[str, str, str, str], estimator: str, role: str, status: str | None
) -> dict[str, object]:
    programme, group, measure, unit = key
    return {
        "programme": programme,
        "pupil_group": group,
        "measure": measure,
        "academic_year": OUTCOME_YEAR,
        "release_status": status,
        "estimator": estimator,
        "role": role,
        "estimate_low": np.nan,
        "estimate_high": np.nan,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "p_value": np.nan,
        "n_programme_schools": np.nan,
        "n_comparison_schools": np.nan,
        "n_programme_pupils": np.nan,
        "n_comparison_pupils": np.nan,
        "effective_df": np.nan,
        "figure_status": "not_available",
        "withheld_reason": None,
        "mde": np.nan,
        "breakdown": np.nan,
        "expected_anyway": np.nan,
        "p_value_holm": np.nan,
        "hedges_g": np.nan,
        "hedges_g_low": np.nan,
        "hedges_g_high": np.nan,
        "verdict": None,
        "verdict_reason": None,
        "unit": unit,
    }


# programme, pupil group, measure, unit -> arm -> (mean, half width, schools, pupils) by year
_Cell = tuple[float, float, int, int] | None
_SERIES: dict[tuple[str, str, str, str], dict[str, tuple[_Cell, _Cell, _Cell]]] = {
    ("send", "sen_support", "ks2_reading_progress", "points"): {
        "programme": ((-2.4, 1.3, 11, 118), (-4.1, 1.3, 11, 121), (-1.9, 1.2, 11, 124)),
        "rest": ((-1.8, 0.9, 23, 251), (-1.6, 0.9, 23, 258), (-2.2, 0.9, 23, 262)),
    },
    ("send", "sen_support", "ks2_maths_progress", "points"): {
        "programme": ((-2.9, 1.4, 11, 118), (-3.8, 1.3, 11, 121), (-2.8, 1.3, 11, 124)),
        "rest": ((-2.2, 0.9, 23, 251), (-2.0, 0.9, 23, 258), (-2.3, 0.9, 23, 262)),
    },
    ("send", "sen_support", "ks4_attainment8", "points"): {
        "programme": ((29.8, 3.4, 4, 71), (26.9, 3.3, 4, 74), None),
        "rest": ((30.6, 2.8, 6, 104), (28.4, 2.7, 6, 108), None),
    },
    ("gap", "disadvantaged", "ks2_rwm_expected", "share"): {
        "programme": ((0.36, 0.06, 12, 240), (0.38, 0.06, 12, 246), (0.43, 0.06, 12, 251)),
        "rest": ((0.41, 0.05, 22, 410), (0.46, 0.05, 22, 424), (0.46, 0.05, 22, 430)),
    },
    ("gap", "not_disadvantaged", "ks2_rwm_expected", "share"): {
        "programme": ((0.54, 0.05, 12, 398), (0.60, 0.05, 12, 402), (0.62, 0.05, 12, 405)),
        "rest": ((0.58, 0.04, 22, 803), (0.65, 0.04, 22, 811), (0.66, 0.04, 22, 815)),
    },
    ("gap", "disadvantaged", "ks2_reading_progress", "points"): {
        "programme": ((-1.9, 0.8, 12, 231), (-2.3, 0.8, 12, 236), (-1.8, 0.8, 12, 240)),
        "rest": ((-1.4, 0.6, 22, 398), (-1.5, 0.6, 22, 409), (-1.4, 0.6, 22, 415)),
    },
    ("gap", "not_disadvantaged", "ks2_reading_progress", "points"): {
        "programme": ((-0.6, 0.6, 12, 380), (-0.9, 0.6, 12, 388), (-0.7, 0.6, 12, 391)),
        "rest": ((-0.2, 0.4, 22, 780), (-0.1, 0.4, 22, 792), (-0.1, 0.4, 22, 797)),
    },
    ("gap", "disadvantaged", "ks4_basics_94", "share"): {
        "programme": ((0.42, 0.08, 4, 212), (0.39, 0.08, 4, 205), (0.38, 0.08, 4, 209)),
        "rest": ((0.45, 0.06, 6, 331), (0.43, 0.06, 6, 326), (0.44, 0.06, 6, 322)),
    },
    ("gap", "not_disadvantaged", "ks4_basics_94", "share"): {
        "programme": ((0.67, 0.05, 4, 388), (0.65, 0.05, 4, 391), (0.66, 0.05, 4, 396)),
        "rest": ((0.71, 0.04, 6, 652), (0.70, 0.04, 6, 649), (0.70, 0.04, 6, 655)),
    },
    ("lowest", "disadvantaged", "ks2_rwm_expected", "share"): {
        "programme": ((0.44, 0.07, 18, 190), (0.23, 0.06, 18, 186), (0.47, 0.07, 18, 188)),
        "rest": ((0.47, 0.03, 139, 1402), (0.52, 0.03, 139, 1431), (0.51, 0.03, 139, 1460)),
    },
    ("lowest", "not_disadvantaged", "ks2_rwm_expected", "share"): {
        "programme": ((0.68, 0.05, 18, 402), (0.66, 0.05, 18, 410), (0.70, 0.05, 18, 415)),
        "rest": ((0.71, 0.02, 139, 4210), (0.73, 0.02, 139, 4260), (0.73, 0.02, 139, 4302)),
    },
    ("all", "sen_support", "ks2_reading_progress", "points"): {
        "send_only": ((-2.3, 1.7, 7, 75), (-3.9, 1.7, 7, 77), (-1.8, 1.6, 7, 79)),
        "gap_only": ((-1.9, 1.6, 8, 86), (-1.7, 1.6, 8, 88), (-2.0, 1.6, 8, 90)),
        "both": ((-2.6, 2.2, 4, 43), (-4.4, 2.2, 4, 44), (-2.1, 2.1, 4, 45)),
        "neither": ((-1.7, 1.1, 15, 165), (-1.5, 1.1, 15, 170), (-2.3, 1.1, 15, 172)),
    },
    ("all", "disadvantaged", "ks4_basics_94", "share"): {
        "send_only": (None, None, None),
        "gap_only": ((0.43, 0.09, 3, 160), (0.40, 0.09, 3, 158), (0.39, 0.09, 3, 161)),
        "both": (None, None, None),
        "neither": ((0.46, 0.07, 5, 280), (0.44, 0.07, 5, 275), (0.45, 0.07, 5, 270)),
    },
}


def _comparison() -> pd.DataFrame:
    """Means with intervals. Withheld cells hold no number; unpublished years have no row."""
    rows = []
    for (programme, group, measure, unit), arms in _SERIES.items():
        for arm, cells in arms.items():
            for year, cell in zip(YEARS, cells, strict=True):
                if cell is None and measure == "ks4_attainment8":
                    continue
                mean, half_width, n_schools, n_pupils = cell or (np.nan, np.nan, np.nan, np.nan)
                rows.append(
                    {
                        "programme": programme,
                        "arm": arm,
                        "pupil_group": group,
                        "measure": measure,
                        "academic_year": year,
                        "release_status": _status(measure, year),
                        "n_schools": n_schools,
                        "n_schools_left_out": 0,
                        "n_pupils": n_pupils,
                        "mean": mean,
                        "ci_low": mean - half_width,
                        "ci_high": mean + half_width,
                        "n_meeting": round(mean * n_pupils)
                        if cell is not None and unit == "share"
                        else np.nan,
                        "figure_status": "suppressed" if cell is None else "shown",
                        "unit": unit,
                    }
                )
    return pd.DataFrame(rows)


def _status(measure: str, year: str) -> str:
    if year != OUTCOME_YEAR:
        return "final"
    return "school_return" if measure.startswith("ks4") else "provisional"


_QUESTION = ["programme", "measure", "key_stage", "pupil_group"]
_SEND_KS2 = ("send", "ks2_reading_progress", "ks2", "sen_support")
_GAP_KS2 = ("gap", "ks2_rwm_expected", "ks2", "disadvantaged")


def _attrition() -> pd.DataFrame:
    """SEND loses no programme school; Closing the gap loses too few pupils to show."""
    lost = "no result for these pupils this year"
    earlier = "no earlier result to compare with"
    rows = [
        (*_SEND_KS2, "programme", True, 11, 11, None, 680, -1.62, "shown"),
        (*_SEND_KS2, "comparison", True, 23, 23, None, 1450, -1.41, "shown"),
        (*_SEND_KS2, "comparison", False, 4, 4, f"{earlier} (1); {lost} (3)", 120, 0.37, "shown"),
        (*_GAP_KS2, "programme", True, 12, 12, None, np.nan, np.nan, "suppressed"),
        (*_GAP_KS2, "programme", False, 1, 1, f"{lost} (1)", np.nan, np.nan, "suppressed"),
        (*_GAP_KS2, "comparison", True, 22, 22, None, 1240, 0.55, "shown"),
    ]
    columns = ["side", "is_kept", "n_schools", "n_schools_with_result", "reasons", "n_pupils"]
    return pd.DataFrame(rows, columns=[*_QUESTION, *columns, "mean", "figure_status"])


def _balance() -> pd.DataFrame:
    few = (np.nan,) * 5 + (None, "suppressed")
    rows = [
        (*_SEND_KS2, "target_pupils_before", 11, 23, 240, 510, -3.25, -1.7, -0.31,
         "not_satisfied", "shown"),
        (*_SEND_KS2, "all_pupils_before", 11, 23, 1350, 2900, -1.9, -1.2, -0.11,
         "needs_adjustment", "shown"),
        (*_SEND_KS2, "cohort_pupils", 11, 23, 1350, 2900, 61.0, 63.0, -0.04, "satisfies", "shown"),
        (*_SEND_KS2, "disadvantaged_share", 11, 23, 1350, 2900, 0.31, 0.27, np.nan, None, "shown"),
        (*_GAP_KS2, "target_pupils_before", 12, 22, *few),
    ]  # fmt: skip
    columns = ["characteristic", "n_programme_schools", "n_comparison_schools"]
    columns += ["n_programme_pupils", "n_comparison_pupils", "programme_mean", "comparison_mean"]
    columns += ["standardised_difference", "rating", "figure_status"]
    return pd.DataFrame(rows, columns=[*_QUESTION, *columns])


def _overlap() -> pd.DataFrame:
    rows = [
        (*_SEND_KS2, 11, 23, 9, 0.82, False, 8, 21, 8 / 23, 21 / 23),
        (*_GAP_KS2, 12, 22, 3, 0.25, True, 7, 22, 7 / 22, 1.0),
    ]
    columns = ["n_programme_schools", "n_comparison_schools"]
    columns += ["n_comparison_schools_in_range", "programme_in_range_share"]
    columns += ["is_extrapolation", "n_comparison_schools_in_evaluated"]
    columns += ["n_comparison_schools_in_others", "comparison_in_evaluated_share"]
    return pd.DataFrame(rows, columns=[*_QUESTION, *columns, "comparison_in_others_share"])


def _calibration() -> pd.DataFrame:
    """Both headlines have the same size. The rates are invented, so no table can be mistaken for real."""
    rates = {
        # by selection: false verdicts, coverage, ANCOVA and naive claims, power of the three at 0.2 SD
        "random": (0.024, 0.976, 0.051, 0.043, 0.31, 0.41, 0.25),
        "coming_cohort": (0.472, 0.528, 0.937, 0.403, 0.0, 0.34, 0.07),
        "true_decline": (0.131, 0.869, 0.12, 0.2, 0.02, 0.11, 0.09),
    }
    size = (11, 34, 10.0, False, False, 1, 2000)
    rows = []
    for programme, measure, _, group in (_SEND_KS2, _GAP_KS2):
        for selection, (false, covers, ancova, naive, *power) in rates.items():
            about = (programme, measure, group, selection)
            rows.append((*about, 0.0, *size, false, 0.012, covers, ancova, naive))
            rows.append((*about, 0.2, *size, 0.0, power[0], covers, *power[1:]))
    columns = ["programme", "measure", "pupil_group", "selection", "effect_sd"]
    columns += ["n_simulated_programme_schools", "n_simulated_schools"]
    columns += [
        "n_simulated_pupils_a_school",
        "is_prior_adjusted",
        "is_progress",
        "n_simulated_outcome_years",
        "n_draws",
    ]
    columns += ["false_verdict_share", "better_share"]
    columns += ["bracket_covers_share", "ancova_rejects_share", "naive_rejects_share"]
    return pd.DataFrame(rows, columns=columns)


def _school_point() -> pd.DataFrame:
    rng = np.random.default_rng(20181002)
    frames = []
    for programme, n_programme, n_rest in (("gap", 11, 19), ("lowest", 18, 139)):
        is_programme = np.arange(n_programme + n_rest) < n_programme
        lasting = rng.normal(np.where(is_programme, 0.40, 0.48), 0.09)
        frames.append(
            pd.DataFrame(
                {
                    "programme": programme,
                    "measure": "ks2_rwm_expected",
                    "pupil_group": "disadvantaged",
                    "is_programme": is_programme,
                    "baseline_mean": np.round(lasting + rng.normal(0, 0.06, lasting.size), 2),
                    "outcome_mean": np.round(lasting + rng.normal(0.02, 0.08, lasting.size), 2),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _school_point_withheld() -> pd.DataFrame:
    columns = "programme measure pupil_group n_schools_shown n_schools_withheld reason"
    small = "few pupils in a year"
    rows = [
        ("send", "ks2_reading_progress", "sen_support", 0, 34,
         "results of pupils with special educational needs are never shown by school"),
        ("gap", "ks2_rwm_expected", "disadvantaged", 30, 4, small),
        ("gap", "ks4_basics_94", "disadvantaged", 0, 10, small),
        ("lowest", "ks2_rwm_expected", "disadvantaged", 157, 0, None),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns.split())


def _school_count() -> pd.DataFrame:
    rows = [
        ("send", "ks2", "compared", 11),
        ("send", "ks2", "not_in_files", 2),
        ("send", "ks2", "special_school", 1),
        ("send", "ks2", "not_taught", 4),
        ("send", "ks4", "compared", 4),
        ("send", "ks4", "not_taught", 14),
        ("gap", "ks2", "compared", 12),
        ("gap", "ks2", "not_in_files", 2),
        ("gap", "ks2", "not_taught", 4),
        ("gap", "ks4", "compared", 4),
        ("gap", "ks4", "not_taught", 14),
        ("lowest", "ks2", "compared", 18),
    ]
    return pd.DataFrame(rows, columns=["programme", "key_stage", "reason", "n_schools"])


def _programme_overlap() -> pd.DataFrame:
    sizes = {"send": 18, "gap": 18, "maths_hub": 22, "reading": 25, "transition": 20, "able": 14}
    both = {
        ("send", "gap"): 6, ("send", "maths_hub"): 8, ("send", "reading"): 9,
        ("send", "transition"): 5, ("send", "able"): 2, ("gap", "maths_hub"): 9,
        ("gap", "reading"): 7, ("gap", "transition"): 8, ("gap", "able"): 4,
        ("maths_hub", "reading"): 11, ("maths_hub", "transition"): 7, ("maths_hub", "able"): 6,
        ("reading", "transition"): 3, ("reading", "able"): 0, ("transition", "able"): 7,
    }  # fmt: skip
    rows = [(name, name, n) for name, n in sizes.items()]
    rows += [(a, b, n) for (a, b), n in both.items()] + [(b, a, n) for (a, b), n in both.items()]
    return pd.DataFrame(rows, columns=["programme_a", "programme_b", "n_schools"])


def _enrolment() -> pd.DataFrame:
    """Sixty schools: the first 18 in SEND, 18 from the 13th on in Closing the gap, others arbitrary."""
    schools = [f"Harbour {number:02d} Primary School" for number in range(60)]
    reach = {"send": range(18), "gap": range(12, 30), "maths_hub": range(0, 44, 2),
             "reading": range(25, 50), "transition": range(40, 60), "able": range(5, 33, 2)}  # fmt: skip
    rows = [
        (schools[number], 900100 + number, programme, pd.Timestamp("2017-09-04"))
        for programme, numbers in reach.items()
        for number in numbers
    ]
    return pd.DataFrame(rows, columns=["school_name", "urn", "programme", "start_date"])


def _priority() -> pd.DataFrame:
    rows = [
        ("SEND in mainstream", 1, 18, 60, "sen_support", 210, 0.42, "shown"),
        ("Closing the gap", 1, 18, 60, "disadvantaged", np.nan, np.nan, "suppressed"),
        ("Teaching and learning", 1, 22, 60, None, np.nan, np.nan, "not_available"),
        ("Most able", 1, 14, 60, None, np.nan, np.nan, "not_available"),
    ]
    columns = (
        "priority n_programmes n_schools n_schools_of_all target_group n_target_pupils "
        "target_pupil_share figure_status"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _not_yet_published() -> pd.DataFrame:
    rows = [
        ("ks4_attainment8", "ks4", OUTCOME_YEAR, NOT_YET),
        (
            "ks4_progress8",
            "ks4",
            OUTCOME_YEAR,
            "Progress 8 for 2017-18 is published in mid-October",
        ),
    ]
    return pd.DataFrame(rows, columns=["measure", "key_stage", "academic_year", "reason"])


def _claims() -> pd.DataFrame:
    rows = [
        ("SEND in mainstream: at least 70% of schools were eligible", "schools", 13, 18, "holds", None),
        ("Closing the gap: at least 70% of schools were eligible", "schools", 12, 18, "cannot_tell",
         "1 school with no evidence on file"),
        ("Every school takes part in one or more programmes", "schools", 58, 60, "fails",
         "Harbour Lights Infant School; The Ropewalk School"),
        ("All maintained schools but one had an external review or inspection", "schools", 31, 32,
         "holds", "Saltmarsh Junior School"),
        ("SSIF: its programmes together bring nearly £0.5m", "gbp", 400_000, 500_000, "cannot_tell",
         "Stated: SEND in mainstream £200,000; Closing the gap £200,000; £100,000 is stated of no programme"),
    ]  # fmt: skip
    columns = ["claim", "unit", "numerator", "denominator", "result", "exceptions"]
    claims = pd.DataFrame(rows, columns=columns)
    kinds = ["eligible_share", "eligible_share", "every_school_takes_part"]
    claims.insert(1, "kind", [*kinds, "all_maintained_schools_reviewed", "stated_total"])
    said = [None, None, "every school takes part", "all but one had a review", "nearly £0.5m"]
    claims.insert(1, "said", said)
    claims.insert(2, "said_by", [text and "minutes of the board, 3 July 2018" for text in said])
    return claims


def _evaluation_summary() -> pd.DataFrame:
    rows = [
        ("send", "response rate", "returned", 13, 18, None),
        ("send", "The support was right for our pupils", "Strongly agree", 6, 13, None),
        ("send", "The support was right for our pupils", "Agree", 4, 13, None),
        ("send", "The support was right for our pupils", "Neither agree nor disagree", 1, 13, None),
        ("send", "The support was right for our pupils", "Disagree", 2, 13, None),
        ("send", "It was worth the time", "Agree", 3, 11, None),
        ("send", "It was worth the time", "Neither agree nor disagree", 5, 11, None),
        ("send", "It was worth the time", "Strongly disagree", 3, 11, None),
        ("send", "theme of the free answer", "Staff time", 4, 6, "Cover was hard to find."),
        ("send", "theme of the free answer", "Evidence", 2, 6, None),
        ("gap", "response rate", "returned", 2, 18, None),
        ("gap", "The support was right for our pupils", "Agree", 2, 2, None),
    ]
    columns = ["programme", "question", "answer", "n_schools", "n_expected", "example"]
    return pd.DataFrame(rows, columns=columns)


def _text_review() -> pd.DataFrame:
    rows = [("statements", "send", "personal name", 1), ("evaluations", "gap", "UPN", 2)]
    return pd.DataFrame(rows, columns=["kind", "programme", "reason", "n_texts"])


def _statement_rule() -> pd.DataFrame:
    rule = "every statement that may be shown"
    rows = [
        ("send", "positive", 3, 2, 1, 1, rule),
        ("send", "mixed", 1, 1, 0, 1, rule),
        ("gap", "negative", 2, 1, 0, 1, rule),
    ]
    columns = ["programme", "tone", "n_received", "n_consenting", "n_held", "n_shown", "rule"]
    return pd.DataFrame(rows, columns=columns)


def _statements() -> pd.DataFrame:
    rows = [
        ("send", "A headteacher, primary school", "training", "positive",
         "Staff now plan for pupils they used to send out of the room."),
        ("send", "A SENCo, secondary school", "time", "mixed",
         "Good advice, but <b>no time</b> to use it before the tests & after."),
        ("gap", "A headteacher, junior school", "cover", "negative",
         "We could not release teachers and saw little of the programme."),
    ]  # fmt: skip
    columns = ["programme", "attribution", "theme", "tone", "quote"]
    return pd.DataFrame(rows, columns=columns)


def _case_studies() -> pd.DataFrame:
    rows = [
        (7990001, "Saltmarsh Junior School", "send", "Two forms of entry near the docks.",
         "Six days of an advisory teacher, January to June 2018.",
         "We changed how teaching assistants work, and kept the change."),
        (7990002, "The Ropewalk School", "gap", "Four forms of entry, 2 miles from the sea.",
         "Lesson study with 3 schools.", "We ask who has not spoken yet."),
    ]  # fmt: skip
    columns = ["school_id", "school_name", "programme", "context", "support", "statement"]
    return pd.DataFrame(rows, columns=columns)


def _case_study_event() -> pd.DataFrame:
    rows = [
        (7990001, "send", 1, "2018-01-08", None, "programme", None, "The school joins the programme"),
        (7990001, "send", 2, "2018-01-15", "2018-06-22", "support", True, "6 days of an adviser"),
        (7990001, "send", 3, "2018-05-01", "2018-05-31", "tests", None, "Key Stage 2 tests"),
        (7990001, "send", 4, "2018-06-25", None, "support", False, "A day to look back"),
        (7990001, "send", 5, "2018-09-04", None, "results", None, "Key Stage 2 results come out"),
        (7990002, "gap", 1, "2017-11-16", None, "inspection", None, "Inspected: good"),
    ]  # fmt: skip
    columns = "school_id programme place from_date until_date kind is_before_tests happened"
    table = pd.DataFrame(rows, columns=columns.split())
    for column in ("from_date", "until_date"):
        table[column] = pd.to_datetime(table[column])
    return table


def _case_study_result() -> pd.DataFrame:
    """One school's results without a first-year figure, and another's withheld."""
    measure = ("ks2_rwm_expected", "disadvantaged")
    rows = [
        (7990002, "gap", *measure, YEARS[0], None, "share", *[np.nan] * 5, "not_available"),
        (7990002, "gap", *measure, YEARS[1], "final", "share", 40, 10, 0.25, 0.142, 0.402, "shown"),
        (7990002, "gap", *measure, YEARS[2], "provisional", "share", 41, 14, 0.341, 0.216, 0.493, "shown"),
        *((7990001, "send", "ks2_reading_progress", "sen_support", year, "final", "points",
           *[np.nan] * 5, "suppressed") for year in YEARS),
    ]  # fmt: skip
    columns = (
        "school_id programme measure pupil_group academic_year release_status unit "
        "n_pupils n_meeting mean ci_low ci_high figure_status"
    )
    return pd.DataFrame(rows, columns=columns.split())


def _data_check() -> pd.DataFrame:
    rows = [
        ("files", 412, None, None),
        ("relations", 31, None, None),
        ("relations", 2, "the date lies before the programme began", 3),
        ("tables", 268, None, None),
    ]
    return pd.DataFrame(rows, columns=["judged", "n_rules", "problem", "n_places"])


def _source() -> pd.DataFrame:
    rows = [
        ("ks2_pupils_2018.csv", "ks2_pupils", "2017-18", "provisional", True, "Westhaven Council",
         2311, 2296, 15, "9b" * 32),
        ("ks4_pupils_2018.csv", "ks4_pupils", "2017-18", "school_return", True, "Westhaven Council",
         1752, 1745, 7, "4e" * 32),
    ]  # fmt: skip
    columns = [
        "file",
        "kind",
        "academic_year",
        "release_status",
        "is_used",
        "publisher",
        "n_rows_in",
        "n_rows_kept",
        "n_rows_set_aside",
        "sha256",
    ]
    return pd.DataFrame(rows, columns=columns)


def _withheld() -> pd.DataFrame:
    rows = [("comparison", 88, 2), ("impact", 20, 0), ("revisions", 0, 0), ("school_point", 30, 6)]
    return pd.DataFrame(rows, columns=["released_table", "n_shown", "n_withheld"])


def with_headlines_alone(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same tables with every estimate but the headlines withheld."""
    impact = tables["impact"].copy()
    is_beside = impact["role"].ne("headline") & impact["estimate_low"].notna()
    blank = [c.name for c in ESTIMATE.columns if c.kind == "number" or c.unit == "pupils"]
    impact.loc[is_beside, blank] = np.nan
    impact.loc[is_beside, "figure_status"] = "suppressed"
    impact["withheld_reason"] = np.where(is_beside, "few_schools", None)
    return tables | {"impact": impact}
