"""Verdicts on other releases of the outcome year's results: `impact.verdict_by_release`.

All other numbers of the study use one release. Here each other release replaces it in turn, for the headline
only.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import duckdb
import pandas as pd

from pipelines.catalogue.impact import VERDICT_BY_RELEASE
from pipelines.impact.study_effects import Marts, headlines
from pipelines.store.store import insert_frame, row_count
from pipelines.study.release_in_use import result_releases
from pipelines.study.settings import Study

# At most one in ten of the schools with a result in the used release may lack one; otherwise the other
# release covers different schools.
MOST_MISSING_SHARE = 0.1
INCOMPLETE = "too many of the schools have no figure in that release"


def build_verdict_by_release(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.verdict_by_release`; returns its rows. Needs `impact.estimate`."""
    con.execute(VERDICT_BY_RELEASE.ddl())
    con.execute(
        "INSERT INTO impact.verdict_by_release BY NAME "
        "SELECT programme, measure, pupil_group, academic_year, release_status, true AS is_used, "
        "n_programme_pupils, n_comparison_pupils, verdict FROM impact.estimate "
        "WHERE role = 'headline' AND verdict IS NOT NULL AND release_status IS NOT NULL"
    )
    others = pd.DataFrame(_on_other_releases(con, study))
    insert_frame(con, VERDICT_BY_RELEASE.full_name, others)
    return row_count(con, VERDICT_BY_RELEASE.full_name)


def _on_other_releases(con: duckdb.DuckDBPyConnection, study: Study) -> Iterator[dict[str, object]]:
    others = [
        release
        for release in result_releases(study)
        if release.academic_year == study.study.outcome_year and not release.is_used
    ]
    if not others:
        return
    used = Marts(con, study)
    for release in others:
        other = _on_release(con, used, release.key_stage, release.release_status)
        for row in headlines(other):
            if row.verdict is None or study.measures[row.measure].key_stage != release.key_stage:
                continue
            is_complete = _is_complete(
                used.schools.outcome, other.schools.outcome, row.measure, row.pupil_group
            )
            yield {
                "programme": row.programme,
                "measure": row.measure,
                "pupil_group": row.pupil_group,
                "academic_year": row.academic_year,
                "release_status": release.release_status,
                "is_used": False,
                "n_programme_pupils": row.n_programme_pupils,
                "n_comparison_pupils": row.n_comparison_pupils,
                "verdict": row.verdict if is_complete else None,
                "reason": None if is_complete else INCOMPLETE,
            }


def _on_release(con: duckdb.DuckDBPyConnection, used: Marts, key_stage: str, status: str) -> Marts:
    """The same marts, with another release of a key stage's outcome year."""
    year = used.study.study.outcome_year
    parameters = {"key_stage": key_stage, "year": year, "status": status}
    cells = con.execute(
        "SELECT cell.* FROM mart.cell AS cell WHERE key_stage = $key_stage "
        "AND academic_year = $year AND release_status = $status AND school_id NOT IN "
        "(SELECT school_id FROM mart.outcome WHERE is_last AND NOT is_outcome)",
        parameters,
    ).df()
    moments = con.execute(
        "SELECT moment.* FROM mart.pupil_moment AS moment WHERE key_stage = $key_stage "
        "AND academic_year = $year AND release_status = $status AND n_pupils > 0",
        parameters,
    ).df()
    other = copy.copy(used)
    outcome = used.schools.outcome
    is_replaced = (outcome["academic_year"] == year) & (outcome["key_stage"] == key_stage)
    # Whether a school is local and mainstream does not depend on the release.
    of_school = ["school_id", *(name for name in outcome.columns if name not in cells.columns)]
    flags = {"is_outcome": True, "is_last": True, "is_baseline": False}
    known = outcome[of_school].drop_duplicates("school_id").assign(**flags)
    other.schools = dataclasses.replace(
        used.schools,
        outcome=pd.concat(
            [outcome[~is_replaced], cells.merge(known, on="school_id")], ignore_index=True
        ),
    )
    known_moments = used.moments
    is_old = (known_moments["academic_year"] == year) & (known_moments["key_stage"] == key_stage)
    others_schools = moments["school_id"].isin(known["school_id"])
    other.moments = pd.concat([known_moments[~is_old], moments[others_schools]], ignore_index=True)
    return other


def _is_complete(used: pd.DataFrame, other: pd.DataFrame, measure: str, pupil_group: str) -> bool:
    """Whether nearly every school with a result in the used release has one in the other."""
    schools = [
        set(
            outcome.loc[
                outcome["is_last"]
                & outcome["is_outcome"]
                & (outcome["measure"] == measure)
                & (outcome["pupil_group"] == pupil_group)
                & outcome["value_status"].eq("value")
                & (outcome["n_pupils"] > 0),
                "school_id",
            ]
        )
        for outcome in (used, other)
    ]
    return bool(schools[1]) and len(schools[0] - schools[1]) <= MOST_MISSING_SHARE * len(schools[0])
