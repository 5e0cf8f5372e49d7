"""Result files: pupil rows, and school tables made from the same pupils.

As in the Department's tables, figures are rounded, and suppressed for few pupils.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.fleet.drawing import Draw, Drawn
from tests.fleet.world import AUTHORITY, TYPES, World

Figures = npt.NDArray[np.float64]
_SUPPRESSED_BELOW = 6
_GROUP_SUFFIX = {"ks2": ("NotFSM6CLA1A", "TNotFSM6CLA1A"), "ks4": ("NFSM6CLA1A", "TNOTFSM6CLA1A")}


def pupil_rows(
    draw: Draw, drawn: Drawn, pupils: pd.DataFrame, stage: str, year: str
) -> pd.DataFrame:
    return (_ks2_rows if stage == "ks2" else _ks4_rows)(draw, drawn, pupils, year)


def _ks2_rows(draw: Draw, _: Drawn, pupils: pd.DataFrame, year: str) -> pd.DataFrame:
    n = len(pupils)
    ability, prior = pupils["ability"].to_numpy(), pupils["prior"].to_numpy()
    rows = pd.DataFrame({"LAESTAB": pupils["laestab"], "URN": pupils["urn"], "UPN": pupils["upn"]})
    rows["PINCL_FLAG"] = draw.choice([201, 202, 203], size=n, p=[0.97, 0.02, 0.01])
    rows["SEN"] = np.where(draw.random(n) < 0.02, "", pupils["sen"])
    rows["FSM6_P"] = np.where(draw.random(n) < 0.02, "", pupils["fsm6"].astype(str))
    points = np.round(15.5 + 3 * prior, 2).clip(0, 30)
    lacks_prior = draw.random(n) < 0.05
    rows["KS1AVERAGEPS"] = np.where(lacks_prior, "", points.astype(str))
    band = np.select([points < 12, points < 18], ["1", "2"], "3")
    rows["KS1GROUP"] = np.where(lacks_prior, "4", band)
    met = {}
    for subject, outcome in (("READ", "READOUTCOME"), ("MAT", "MATOUTCOME")):
        score = np.round(103 + 6 * ability + draw.normal(0, 2, n)).clip(80, 120).astype(int)
        has_met = score >= 100
        code = np.where(has_met, "AS", "NS").astype(object)
        other = draw.choice(
            ["", "B", "A", "L", "Q", "S"], size=n, p=[0.95, 0.02, 0.01, 0.01, 0.005, 0.005]
        )
        has_other = other != ""
        rows[outcome] = np.where(has_other, other, code)
        rows[f"{subject}SCORE"] = np.where(has_other, "N", score.astype(str))
        met[subject] = has_met & ~has_other
    writing = np.select(
        [ability > 1.2, ability > -0.4, ability > -1.5], ["GDS", "EXS", "WTS"], "PK3"
    )
    writing = np.where(draw.random(n) < 0.01, "A", writing)
    rows["WRITTAOUTCOME"] = writing
    rows["ELIGRWM"] = (draw.random(n) < 0.985).astype(int)
    rows["RWMEXP"] = (met["READ"] & met["MAT"] & np.isin(writing, ("GDS", "EXS"))).astype(int)
    no_progress = lacks_prior | (year >= "2023-24")
    for subject in ("READ", "WRIT", "MAT"):
        progress = np.round(6 * (ability - 0.6 * prior) + draw.normal(0, 1.5, n), 2).clip(-60, 60)
        rows[f"{subject}PROGSCORE_EM_ADJUSTED"] = np.where(no_progress, "", progress.astype(str))
    rows["SURNAME"], rows["DOB"] = "Quillfeather", "14/02/2007"
    return rows


def _ks4_rows(draw: Draw, drawn: Drawn, pupils: pd.DataFrame, year: str) -> pd.DataFrame:
    n = len(pupils)
    ability, prior = pupils["ability"].to_numpy(), pupils["prior"].to_numpy()
    rows = pd.DataFrame({"LAESTAB": pupils["laestab"], "URN": pupils["urn"], "UPN": pupils["upn"]})
    rows["P_INCL"] = draw.choice([401, 201, 202, 402], size=n, p=[0.5, 0.47, 0.02, 0.01])
    rows["SENF"] = pupils["sen"]
    rows["FSM6"] = pupils["fsm6"]
    points = np.round(28 + 4 * prior, 1).clip(0, 130)
    lacks_prior = draw.random(n) < 0.05
    rows["KS2APS"] = np.where(lacks_prior, "", points.astype(str))
    blank = {name for name, of_year in drawn.not_yet_published if of_year == year}
    attainment = np.round(46 + 15 * ability + draw.normal(0, 4, n), 2).clip(0, 90)
    rows["ATT8SCR"] = "" if "ks4_attainment8" in blank else attainment.astype(str)
    progress = np.round(1.2 * (ability - 0.6 * prior) + draw.normal(0, 0.3, n), 2).clip(-8, 8)
    no_progress = lacks_prior | (year >= "2024-25") | ("ks4_progress8" in blank)
    rows["P8SCORE"] = np.where(no_progress, "", progress.astype(str))
    rows["L2BASICS_94"] = (ability > 0).astype(int)
    rows["L2BASICS_95"] = (ability > 0.7).astype(int)
    return rows


def revised(draw: Draw, pupils: pd.DataFrame) -> pd.DataFrame:
    """A later release: a few pupils' marks rise and a few pupils drop out."""
    later = pupils.copy()
    later["ability"] += 0.5 * (draw.random(len(later)) < 0.02)
    return later[draw.random(len(later)) >= 0.01].reset_index(drop=True)


def table_rows(
    world: World, pupils: pd.DataFrame, rows: pd.DataFrame, stage: str, year: str
) -> pd.DataFrame:
    """A table made from pupil rows: one row for each school, the authority and England."""
    figures = _pupil_figures(rows, stage, year).assign(place=pupils["place"].to_numpy())
    counted = rows["PINCL_FLAG" if stage == "ks2" else "P_INCL"].isin([201, 401]).to_numpy()
    figures = figures[counted]
    fsm6 = pupils["fsm6"].to_numpy()[counted]
    of_all = pd.Series(fsm6, index=figures.index)
    numbered = pupils.drop_duplicates("place").set_index("place")
    written = []
    for place, of_school in figures.groupby("place"):
        school = world.schools.loc[place]
        head = {
            "RECTYPE": 2 if school["kind"] == "special" else 1, "LEA": school["la"],
            "ESTAB": numbered.at[place, "laestab"] % 10_000, "URN": numbered.at[place, "urn"],
            "SCHNAME": school["name"],
            "NFTYPE": TYPES[school["register_type"]][2],
        }  # fmt: skip
        figures_of_school = _figures_of(of_school, of_all.loc[of_school.index], stage, year)
        written.append({**head, **figures_of_school})
        # As in the Department's tables, some academies are listed again under their other number.
        if world.drawn.has_register and school["old_urn"] and place % 2:
            other = school["urn"] + school["old_urn"] - head["URN"]
            written.append({**head, "URN": other, **dict.fromkeys(figures_of_school, "NA")})
    authority, nation = (3, 4) if stage == "ks2" else (4, 5)
    # The authority's own row covers state-funded schools.
    of_pupil = world.schools.loc[figures["place"]]
    is_counted = (of_pupil["la"] == AUTHORITY) & (of_pupil["kind"] != "independent")
    local = figures[is_counted.to_numpy()]
    for code, name, of_area in ((authority, "Nowhere", local), (nation, "England", figures)):
        if len(of_area):
            written.append(
                {"RECTYPE": code, "LEA": AUTHORITY if of_area is local else "", "ESTAB": "", "URN": "",
                 "SCHNAME": name, "NFTYPE": "",
                 **_figures_of(of_area, of_all.loc[of_area.index], stage, year)}
            )  # fmt: skip
    return pd.DataFrame(written)


def _pupil_figures(rows: pd.DataFrame, stage: str, year: str) -> pd.DataFrame:
    """Each pupil's contribution to a school's figures, by heading; NaN where the pupil is not counted."""

    def numbers(name: str) -> pd.Series:
        return pd.to_numeric(rows[name], errors="coerce")

    if stage == "ks4":
        figures = {"ATT8SCR": numbers("ATT8SCR"), "P8MEA": numbers("P8SCORE")}
        if year >= "2016-17":
            figures |= {f"BASICS_{n}": numbers(f"L2BASICS_{n}").astype(float) for n in (94, 95)}
        if year < "2018-19":
            figures["PSENAPK4"] = (rows["SENF"] == "K").astype(float)
        return pd.DataFrame(figures)
    figures = {
        "RWM": numbers("RWMEXP").where(rows["ELIGRWM"] == 1),
        "READ": (rows["READOUTCOME"] == "AS").astype(float),
        "MAT": (rows["MATOUTCOME"] == "AS").astype(float),
        "WRITTA": rows["WRITTAOUTCOME"].isin(["EXS", "GDS"]).astype(float),
        "READ_AVERAGE": numbers("READSCORE"),
        "MAT_AVERAGE": numbers("MATSCORE"),
        "PSENELK": (rows["SEN"] == "K").astype(float),
        "H": numbers("RWMEXP").where((rows["ELIGRWM"] == 1) & (rows["KS1GROUP"] == "3")),
    }
    if year < "2023-24":
        figures |= {
            f"{s}PROG": numbers(f"{s}PROGSCORE_EM_ADJUSTED") for s in ("READ", "WRIT", "MAT")
        }
    return pd.DataFrame(figures)


def _figures_of(frame: pd.DataFrame, fsm6: pd.Series, stage: str, year: str) -> dict[str, object]:
    """A row's figures under the Department's headings, rounded, and suppressed for few pupils."""
    # Arrays, because a column of a frame takes far longer to look up than its mean to compute.
    figures = {str(name): frame[name].to_numpy(dtype=np.float64) for name in frame}
    is_poor = fsm6.to_numpy() == 1
    suffix, n_others = _GROUP_SUFFIX[stage]
    total = "TELIG" if stage == "ks2" else "TPUP"
    row: dict[str, object] = {}
    for name, n_heading, is_of_group in (
        ("", total, np.ones(len(frame), dtype=bool)),
        ("FSM6CLA1A", "TFSM6CLA1A", is_poor),
        (suffix, n_others, fsm6.to_numpy() == 0),
    ):
        of_group = {heading: values[is_of_group] for heading, values in figures.items()}
        n = int(is_of_group.sum())
        row[n_heading] = n
        tail = f"_{name}" if name else ""
        if stage == "ks2":
            row[f"PTRWM_EXP{tail}"] = _percent(of_group["RWM"], n)
            for subject in ("READ", "MAT", "WRITTA"):
                row[f"PT{subject}_EXP{tail}"] = _percent(of_group[subject], n)
            for subject in ("READ", "MAT"):
                row[f"{subject}_AVERAGE{tail}"] = _mean(of_group[f"{subject}_AVERAGE"], n, 0)
            if year < "2023-24":
                for subject in ("READ", "WRIT", "MAT"):
                    heading = f"{subject}PROG{tail}"
                    ends = (heading, f"{heading}_LOWER", f"{heading}_UPPER")
                    row |= _with_interval(of_group[f"{subject}PROG"], n, 1, 6.0, ends)
            continue
        row[f"ATT8SCR{tail}"] = _mean(of_group["ATT8SCR"], n, 1)
        p8 = _known(of_group["P8MEA"])
        row[f"P8PUP{tail}"] = len(p8) if len(p8) or n else 0
        ends = (f"P8MEA{tail}", f"P8CILOW{tail}", f"P8CIUPP{tail}")
        row |= _with_interval(p8, len(p8), 2, 1.25, ends)
        if year >= "2016-17":
            basics = {"": "PTL2BASICS", "FSM6CLA1A": "PTFSM6CLA1ABASICS"}.get(
                name, "PTNOTFSM6CLA1ABASICS"
            )
            for grade in (94, 95):
                row[f"{basics}_{grade}"] = _percent(of_group[f"BASICS_{grade}"], n)
    if stage == "ks2":
        high = _known(figures["H"])
        row["TKS1GROUP_H"] = len(high)
        row["PTRWM_EXP_H"] = _percent(high, len(high))
        row["PSENELK"] = _percent(figures["PSENELK"], len(frame))
    elif year < "2018-19":
        row["PSENAPK4"] = _percent(figures["PSENAPK4"], len(frame))
    return row


def _known(values: Figures) -> Figures:
    return values[~np.isnan(values)]


def _percent(values: Figures, n: int) -> str:
    known = _known(values)
    if n == 0 or not len(known):
        return "NE" if n == 0 else "NA"
    return "SUPP" if n < _SUPPRESSED_BELOW else f"{100 * known.mean():.0f}%"


def _mean(values: Figures, n: int, decimals: int) -> str:
    known = _known(values)
    if n == 0 or not len(known):
        return "NE" if n == 0 else "NA"
    return "SUPP" if n < _SUPPRESSED_BELOW else f"{known.mean():.{decimals}f}"


def _with_interval(
    values: Figures, n: int, decimals: int, sd: float, headings: tuple[str, str, str]
) -> dict[str, object]:
    """A mean and its 95% interval, under three headings."""
    text = _mean(values, n, decimals)
    if text in ("SUPP", "NE", "NA"):
        return dict.fromkeys(headings, text)
    known = _known(values)
    half = 1.96 * sd / len(known) ** 0.5
    ends = [f"{end:.{decimals}f}" for end in (known.mean() - half, known.mean() + half)]
    return dict(zip(headings, (text, *ends), strict=True))
