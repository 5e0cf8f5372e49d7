"""Columns that a study declares missing from its files (`without`): at most one heading a study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.fleet.drawing import Drawn

_PUPIL_HEADINGS = {
    "ks2": (
        "KS1AVERAGEPS", "KS1GROUP", "FSM6_P", "SEN", "WRITTAOUTCOME", "READSCORE",
        "MATPROGSCORE_EM_ADJUSTED",
    ),
    "ks4": ("KS2APS", "FSM6", "SENF", "P8SCORE", "L2BASICS_94"),
}  # fmt: skip
# Measures in use must be present; only columns of pupil numbers may be missing.
_TABLE_HEADINGS = {"ks2": ("TFSM6CLA1A", "TNotFSM6CLA1A"), "ks4": ("TFSM6CLA1A", "P8PUP")}


def with_lost_columns(drawn: Drawn) -> Drawn:
    """The study, sometimes without a column, in one year or in every year."""
    draw = np.random.default_rng([drawn.seed, 8])
    if draw.random() >= 0.15:
        return drawn
    stage = str(draw.choice(list(drawn.forms)))
    form = drawn.forms[stage]
    headings = (_PUPIL_HEADINGS if form == "pupils" else _TABLE_HEADINGS)[stage]
    heading = str(draw.choice(headings))
    kind = f"{stage}_pupils" if form == "pupils" else f"{stage}_schools"
    years = drawn.years if draw.random() < 0.5 else (str(draw.choice(drawn.years)),)
    return replace(drawn, lost=tuple((kind, year, heading) for year in years))
