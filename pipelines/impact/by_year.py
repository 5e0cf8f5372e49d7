"""The headline in each of several outcome years, and the verdict as years came in: `impact.answer_by_year`.

`study_effects` makes the headline of all years together.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import duckdb
import pandas as pd

from pipelines.catalogue.impact import ANSWER_BY_YEAR
from pipelines.impact.results import ImpactRow
from pipelines.impact.study_effects import Marts, headlines
from pipelines.store.store import insert_frame
from pipelines.study.settings import Study

_OF_THE_YEAR = (
    *("n_programme_schools", "n_comparison_schools", "n_programme_pupils", "n_comparison_pupils"),
    *("estimate_low", "estimate_high", "ci_low", "ci_high", "unit"),
)


def build_answer_by_year(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.answer_by_year`; returns its rows, none for a study with one outcome year."""
    con.execute(ANSWER_BY_YEAR.ddl())
    rows = pd.DataFrame(_answers(Marts(con, study)))
    if len(rows):
        insert_frame(con, ANSWER_BY_YEAR.full_name, rows)
    return len(rows)


def _answers(marts: Marts) -> Iterator[dict[str, object]]:
    """Every headline's row for each outcome year; with one year the headline is all there is."""
    years = marts.study.study.outcome_years
    if len(years) == 1:
        return
    for place, year in enumerate(years, start=1):
        together = headlines(_in_years(marts, years[:place]))
        so_far = {_key(row): row.verdict for row in together}
        for row in together if place == 1 else headlines(_in_years(marts, (year,))):
            yield {
                "programme": row.programme,
                "measure": row.measure,
                "pupil_group": row.pupil_group,
                "academic_year": year,
                **{name: getattr(row, name) for name in _OF_THE_YEAR},
                "verdict_so_far": so_far[_key(row)],
            }


def _key(row: ImpactRow) -> tuple[str, str]:
    return row.programme, row.measure


def _in_years(marts: Marts, years: tuple[str, ...]) -> Marts:
    """The same marts with only these outcome years, the last of them last."""
    other = copy.copy(marts)
    section = marts.study.study.model_copy(
        update={"outcome_years": years, "outcome_year": years[-1]}
    )
    other.study = marts.study.model_copy(update={"study": section})
    outcome = marts.schools.outcome
    is_other = outcome["is_outcome"] & ~outcome["academic_year"].isin(years)
    other.schools = dataclasses.replace(marts.schools, outcome=outcome[~is_other])
    return other
