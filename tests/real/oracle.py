"""The expected results of real studies, computed from raw files with pandas, without `pipelines`.

A school is its LAESTAB, which an academy keeps. Compared schools are the authority's state-funded mainstream
schools with a result in the outcome year and in an earlier year.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

# Types as abbreviated in the performance tables, and as written out in their register.
MAINSTREAM_CODES = {"CY", "VA", "VC", "FD", "AC", "ACC", "F", "FSS", "UTC", "CTC"}
MAINSTREAM_WORDS = {
    "Community school",
    "Voluntary aided school",
    "Voluntary controlled school",
    "Foundation school",
    "Academy - Converter mainstream",
    "Academy sponsor led mainstream",
    "Free school - Mainstream",
    "University technical college",
    "Studio school",
    "City technology college",
}
REGISTER = "converted/2017-2018_england_spine.csv.gz"


@dataclass(frozen=True)
class Question:
    """A placebo programme of a real study: pupils, measure, and columns of figures and pupil counts."""

    study: str
    programme: str
    la: int
    measure: str
    group: str
    value: str
    n_pupils: str
    files: dict[str, str]
    n_schools: int

    @property
    def is_share(self) -> bool:
        """Whether the figure is a percentage."""
        return self.measure.endswith("expected")

    @property
    def years(self) -> list[str]:
        """Years, oldest first; the last is the outcome year."""
        return sorted(self.files)


_KS2 = {
    year: f"waiky8-schools-data/ks2_perf_{2000 + int(year[5:])}.csv.gz"
    for year in ("2015-16", "2016-17", "2017-18")
}
_KS4 = {year: f"waiky8-schools-data/ks4_perf_{2000 + int(year[5:])}.csv" for year in _KS2}
_HAMPSHIRE = {
    year: f"hampshire/20{int(year[2:4])}-20{year[5:]}_850_ks4final.csv"
    for year in ("2016-17", "2017-18")
}


def _england(
    study: str, la: int, n_primaries: int, n_secondaries: int
) -> tuple[Question, Question]:
    return (
        Question(
            study,
            "primaries",
            la,
            "ks2_rwm_expected",
            "all",
            "Overall Meet Std",
            "KS2 Pupils",
            _KS2,
            n_primaries,
        ),
        Question(
            study,
            "secondaries",
            la,
            "ks4_attainment8",
            "all",
            "Attainment 8",
            "KS4 Pupils",
            _KS4,
            n_secondaries,
        ),
    )


def _hampshire(programme: str, group: str, value: str, n_pupils: str, n_schools: int) -> Question:
    return Question(
        "hampshire_ks4",
        programme,
        850,
        "ks4_attainment8",
        group,
        value,
        n_pupils,
        _HAMPSHIRE,
        n_schools,
    )


QUESTIONS = (
    _hampshire("all_pupils", "all", "ATT8SCR", "TPUP", 18),
    _hampshire("disadvantaged", "disadvantaged", "ATT8SCR_FSM6CLA1A", "TFSM6CLA1A", 12),
    *_england("portsmouth", 851, 10, 4),
    *_england("kent", 886, 40, 18),
)


def results(real: Path, question: Question) -> pd.DataFrame:
    """One row per school and year with a figure; shares are 0 to 1."""
    frames = []
    for year, file in question.files.items():
        rows = pd.read_csv(real / file, dtype=str, encoding="utf-8-sig", keep_default_na=False)
        rows = _with_school(real, rows, question.la)
        value = pd.to_numeric(rows[question.value].str.removesuffix("%"), errors="coerce")
        frames.append(
            pd.DataFrame(
                {
                    "school": rows["school"],
                    "year": year,
                    "urn": rows["URN"].astype(int),
                    "value": value / (100 if question.is_share else 1),
                    "n": pd.to_numeric(rows[question.n_pupils], errors="coerce"),
                    "is_mainstream": rows["is_mainstream"],
                }
            )
        )
    every = pd.concat(frames, ignore_index=True)
    return every[every["value"].notna() & (every["n"] > 0)]


def _with_school(real: Path, rows: pd.DataFrame, la: int) -> pd.DataFrame:
    """Rows of the authority's schools, with LAESTAB and whether each is state-funded mainstream."""
    if "LEA" in rows.columns:
        of_schools = rows[rows["RECTYPE"].isin(["1", "2"]) & (rows["LEA"] == str(la))]
        return of_schools.assign(
            school=of_schools["LEA"].astype(int) * 10_000 + of_schools["ESTAB"].astype(int),
            is_mainstream=(of_schools["RECTYPE"] == "1")
            & of_schools["NFTYPE"].isin(MAINSTREAM_CODES),
        )
    register = pd.read_csv(real / REGISTER, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    local = register[register["LA"] == str(la)]
    found = rows.merge(local[["URN", "LAESTAB", "NFTYPE"]], on="URN")
    return found.assign(
        school=found["LAESTAB"].astype(int), is_mainstream=found["NFTYPE"].isin(MAINSTREAM_WORDS)
    )


def chosen(question: Question, found: pd.DataFrame) -> set[int]:
    """The placebo's schools: the lowest in 2016-17 among those with a figure in every year."""
    table = _by_school(found)
    complete = table.dropna(subset=question.years).reset_index()
    ordered = complete.sort_values(["2016-17", "school"])
    return set(ordered["school"].head(question.n_schools))


def compared(question: Question, found: pd.DataFrame) -> set[int]:
    """Schools with a result in the outcome year and in an earlier one."""
    table = _by_school(found)
    *before, outcome = question.years
    return set(table.index[table[outcome].notna() & table[before].notna().any(axis=1)])


def _by_school(found: pd.DataFrame) -> pd.DataFrame:
    mainstream = found[found["is_mainstream"]].assign(total=lambda f: f["value"] * f["n"])
    sums = mainstream.groupby(["school", "year"])[["total", "n"]].sum()
    return (sums["total"] / sums["n"]).unstack("year")


_NEIGHBOURS = (852, 879, 373, 831, 874, 801, 894, 882, 331, 355)
_LAIT = {
    ("ks2_rwm_expected", "sen_support"): "NEW_KS2_RWM_Sen_W/Osta",
    ("ks2_rwm_expected", "disadvantaged"): "DAP_NEW_KS2_RWM",
    ("ks4_attainment8", "sen_support"): "SEN_WoStat_AVG_Attain8_Score",
    ("ks4_attainment8", "disadvantaged"): "DAP_KS4_ATT8",
}


def portsmouth_context(real: Path) -> dict[tuple[str, str], dict[tuple[str, str], float]]:
    """Published figures for summers 2016 to 2019, by measure and group, then by place and year."""
    rows = pd.read_csv(real / "converted" / "lait_bds_long_subset.csv.gz", dtype=str)
    rows["year"] = rows["Years"].str.extract(r"^(20\d\d)(?:$| )")[0]
    rows["code"] = rows["LA Number"].astype(int)
    rows["figure"] = pd.to_numeric(rows["Values"], errors="coerce")
    found: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for key, name in _LAIT.items():
        mine = rows[(rows["Short Desc"] == name) & rows["figure"].notna()]
        found[key] = {
            (place, f"{end - 1}-{end - 2000}"): float(
                mine[(mine["year"] == str(end)) & mine["code"].isin(codes)]["figure"].mean()
            )
            / (100 if key[0].endswith("expected") else 1)
            for end in (2016, 2017, 2018, 2019)
            for place, codes in (
                ("authority", (851,)),
                ("statistical_neighbours", _NEIGHBOURS),
                ("england", (970,)),
            )
        }
    return found
