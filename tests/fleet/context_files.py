"""Published figures for local authorities: the study's own, its statistical neighbours and England."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from tests.fleet.drawing import YEARS, Draw, Drawn
from tests.fleet.world import AUTHORITY

# Measure and pupil group of each short description in the Local Authority Interactive Tool.
SHORT_DESCRIPTIONS = {
    "KS2RWM_Expected_STD": ("ks2_rwm_expected", "all"),
    "DAP_NEW_KS2_RWM": ("ks2_rwm_expected", "disadvantaged"),
    "NEW_KS2_RWM_Sen_W/Osta": ("ks2_rwm_expected", "sen_support"),
    "KS2_DAP_Reading_Progress": ("ks2_reading_progress", "disadvantaged"),
    "KS2_SENSupport_Reading_Progress": ("ks2_reading_progress", "sen_support"),
    "DAP_KS4_ATT8": ("ks4_attainment8", "disadvantaged"),
    "SEN_WoStat_AVG_Attain8_Score": ("ks4_attainment8", "sen_support"),
    "DAP_KS4_Prog8": ("ks4_progress8", "disadvantaged"),
    "SEN_WoStat_AVG_Prog8_Score": ("ks4_progress8", "sen_support"),
}
_NEIGHBOURS = (301, 302, 303, 304, 305)


def with_context(drawn: Drawn) -> Drawn:
    """The study, sometimes with statistical neighbours, where it has a context file."""
    draw = np.random.default_rng([drawn.seed, 9])
    if "la_context" not in drawn.kinds or draw.random() < 0.4:
        return drawn
    neighbours = _NEIGHBOURS[: int(draw.integers(1, len(_NEIGHBOURS), endpoint=True))]
    years = tuple(y for y in YEARS if draw.random() < 0.5) if draw.random() < 0.3 else ()
    return replace(drawn, neighbours=neighbours, context_years=years)


def context_files(drawn: Drawn) -> list[tuple[str, pd.DataFrame]]:
    """Release status and rows of each file. A second file has some newer figures and lacks others."""
    draw = np.random.default_rng([drawn.seed, 10])
    files = [("final", _rows(draw, drawn, 0.95))]
    if draw.random() < 0.3:
        files.append(("provisional", _rows(draw, drawn, 0.8)))
    return files


def _rows(draw: Draw, drawn: Drawn, share_kept: float) -> pd.DataFrame:
    areas = [("Nowhere", AUTHORITY), ("England", 970), ("South East", 989)]
    areas += [(f"Elsewhere {number}", number) for number in (*_NEIGHBOURS, 306)]
    made = []
    for name, (measure, _) in SHORT_DESCRIPTIONS.items():
        for year in dict.fromkeys((*drawn.years, *drawn.context_years)):
            for area, number in areas:
                if draw.random() >= share_kept:
                    continue
                low, high = (-2, 1) if "prog" in measure else (30, 80)
                value = f"{draw.uniform(low, high):.{2 if 'prog' in measure else 1}f}"
                made.append(
                    {"Short Desc": name, "Years": str(int(year[:4]) + 1), "LA and Regions": area,
                     "LA Number": number, "Values": "x" if draw.random() < 0.05 else value}
                )  # fmt: skip
    return pd.DataFrame(made)
