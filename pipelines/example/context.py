"""Published results of the city, similar cities and England, in the layout of the authority interactive tool.

The city's results are counted from its pupils; the others differ from them by an invented step.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pipelines.example.schools import CITY, LOCAL_AUTHORITY

# No authority in England has these codes.
NEIGHBOURS = {796: "Ternsea", 797: "Auklet Bay", 798: "Petrelham"}
MODEL = "an invented list of 2017"
_ENGLAND = (970, "England")
# Difference of each place from the city: percentage points, points of Attainment 8, points of progress.
_STEPS: dict[int, tuple[int, float, float]] = {
    796: (2, 0.9, 0.2),
    797: (-1, -0.6, -0.1),
    798: (4, 1.7, 0.4),
    970: (7, 3.4, 1.1),
}
# Suppressed in the last of these years because of few pupils on SEN support.
_WITHHELD = (797, "NEW_KS2_RWM_Sen_W/Osta")


def la_context(
    ks2_pupils: Mapping[str, pd.DataFrame],
    ks4_pupils: Mapping[str, pd.DataFrame],
    years: tuple[str, ...],
) -> pd.DataFrame:
    """One figure per row, for years with final results."""
    rows = []
    for year in years:
        for name, value, kind in _of_city(ks2_pupils[year], ks4_pupils[year]):
            places = [(LOCAL_AUTHORITY, CITY), *NEIGHBOURS.items(), _ENGLAND]
            for code, place in places:
                step = _STEPS[code][kind] if code in _STEPS else 0
                text = f"{value + step:.{(0, 1, 1)[kind]}f}"
                if (code, name) == _WITHHELD and year == years[-1]:
                    text = "-"
                rows.append((name, f"20{year[-2:]}", place, text, code))
    columns = ["Short Desc", "Years", "LA and Regions", "Values", "LA Number"]
    return pd.DataFrame(rows, columns=columns)


def _of_city(ks2: pd.DataFrame, ks4: pd.DataFrame) -> list[tuple[str, float, int]]:
    """Name and value of each figure, and the index of its unit's step."""
    ks2 = ks2[ks2["PINCL_FLAG"] == 201]
    ks4 = ks4[ks4["P_INCL"] == 201]
    found: list[tuple[str, float, int]] = []
    for rwm, progress, attainment, year6, year11 in (
        (
            "NEW_KS2_RWM_Sen_W/Osta",
            "KS2_SENSupport_Reading_Progress",
            "SEN_WoStat_AVG_Attain8_Score",
            ks2[ks2["SEN"] == "K"],
            ks4[ks4["SENF"] == "K"],
        ),
        (
            "DAP_NEW_KS2_RWM",
            "KS2_DAP_Reading_Progress",
            "DAP_KS4_ATT8",
            ks2[ks2["FSM6_P"] == 1],
            ks4[ks4["FSM6"] == 1],
        ),
    ):
        found += [
            (rwm, 100 * year6["RWMEXP"].sum() / year6["ELIGRWM"].sum(), 0),
            (progress, year6["READPROGSCORE_EM_ADJUSTED"].mean(), 2),
            (attainment, year11["ATT8SCR"].mean(), 1),
        ]
    return found
