"""The study of a seed: common settings, then optional ones, each with its own random stream."""

from __future__ import annotations

from tests.fleet.context_files import with_context
from tests.fleet.drawing import Drawn, draw_usual
from tests.fleet.lost_columns import with_lost_columns
from tests.fleet.other_results import with_other_results
from tests.fleet.outcome_years import with_outcome_years


def draw_study(seed: int) -> Drawn:
    """The study of a seed."""
    usual = with_context(with_lost_columns(with_other_results(draw_usual(seed))))
    return with_outcome_years(usual)
