"""Gives some studies several outcome years, and their programmes starts that differ by year."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from tests.fleet.drawing import Drawn, Programme


def with_outcome_years(drawn: Drawn) -> Drawn:
    """The study, sometimes with its last baseline years as further outcome years."""
    draw = np.random.default_rng([drawn.seed, 13])
    n_more = int(draw.integers(1, 3))
    if draw.random() > 0.35 or len(drawn.baseline_years) <= n_more:
        return drawn
    baselines, more = drawn.baseline_years[:-n_more], drawn.baseline_years[-n_more:]
    programmes = tuple(_moved(draw, programme, baselines, more) for programme in drawn.programmes)
    first_tests = dt.date(int(more[0][:4]) + 1, 5, 15)
    evaluated = [p for p in programmes if p.is_evaluated]
    # A protocol refuses an outcome year before any programme began.
    if all(p.starts is not None and p.starts > first_tests for p in evaluated):
        begun = replace(evaluated[0], starts=dt.date(int(more[0][:4]), 10, 2))
        programmes = tuple(begun if p.id == begun.id else p for p in programmes)
    return replace(
        drawn,
        baseline_years=baselines,
        earlier_outcome_years=more,
        years_without_file=tuple(y for y in drawn.years_without_file if y in baselines[:-1]),
        programmes=programmes,
    )


def _moved(
    draw: np.random.Generator,
    programme: Programme,
    baselines: tuple[str, ...],
    more: tuple[str, ...],
) -> Programme:
    """A programme that mostly starts in an earlier outcome year, chosen on baseline years alone."""
    starts = programme.starts
    if starts is not None and draw.random() < 0.7:
        starts = dt.date(int(str(draw.choice(more))[:4]), 9, 4) + dt.timedelta(
            days=int(draw.integers(0, 220))
        )
    placebo = programme.placebo
    if placebo and placebo[1] not in baselines:
        placebo = (placebo[0], baselines[-1], placebo[2])
    return replace(programme, starts=starts, placebo=placebo)
