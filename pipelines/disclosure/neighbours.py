"""What goes with a figure that is withheld: the other methods beside a headline, the ranges beside a mean."""

from __future__ import annotations

import duckdb

from pipelines.catalogue import ESTIMATE
from pipelines.wording import WITHHELD_REASONS


def suppress_neighbours(con: duckdb.DuckDBPyConnection) -> None:
    """Withhold what would answer in a withheld figure's place, and say why each answer is withheld."""
    _suppress_methods_without_their_headline(con)
    _suppress_ranges_beside_what_is_withheld(con)
    for code, sentence in WITHHELD_REASONS.items():
        con.execute(
            "UPDATE released.impact SET verdict_reason = ? "
            "WHERE withheld = 'estimate' AND withheld_reason = ?",
            [sentence, code],
        )


def _suppress_methods_without_their_headline(con: duckdb.DuckDBPyConnection) -> None:
    """Where a headline is withheld, no other method answers in its place."""
    figures = [column.name for column in ESTIMATE.columns if column.kind == "number"]
    con.execute(
        f"UPDATE released.impact AS beside SET {', '.join(f'{name} = NULL' for name in figures)}, "
        "verdict_reason = headline.verdict_reason, withheld = headline.withheld, "
        "withheld_reason = headline.withheld_reason "
        "FROM released.impact AS headline WHERE headline.role = 'headline' AND headline.estimate_low IS NULL "
        "AND beside.role <> 'headline' AND beside.estimate_low IS NOT NULL "
        "AND beside.programme = headline.programme AND beside.measure = headline.measure "
        "AND beside.pupil_group = headline.pupil_group"
    )


def _suppress_ranges_beside_what_is_withheld(con: duckdb.DuckDBPyConnection) -> None:
    """Where a figure of a group's pupils by a measure is withheld, no range of theirs bounds it."""
    con.execute(
        "UPDATE released.comparison SET ci_low = NULL, ci_high = NULL, is_interval_withheld = true "
        "WHERE (measure, pupil_group) IN "
        "(SELECT (measure, pupil_group) FROM released.comparison WHERE suppressed)"
    )
