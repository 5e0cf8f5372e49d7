"""Reads a study's files for the oracle, in plain pandas: schools, enrolments, schools' results.

It shares no code with `pipelines` or with the writer of the files. It restates the rules, codes and
headings of the Department's guides and the study's protocol.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_FINALITY = ("school_return", "provisional", "revised", "final")
_COUNTED = {"ks2": {"201"}, "ks4": {"201", "401", "403", "414", "421", "431"}}
_NOT_TESTED = {"F", "L", "P", "Q", "S", "X", "Z"}
_NO_TEACHER_ASSESSMENT = {"F", "L", "P", "Q", "Z"}
_PROGRESS = ("ks2_reading_progress", "ks2_writing_progress", "ks2_maths_progress")
_TABLE_FIGURES = {
    "ks2": {
        "ks2_rwm_expected": "PTRWM_EXP", "ks2_reading_expected": "PTREAD_EXP",
        "ks2_writing_expected": "PTWRITTA_EXP", "ks2_maths_expected": "PTMAT_EXP",
        "ks2_reading_progress": "READPROG", "ks2_writing_progress": "WRITPROG",
        "ks2_maths_progress": "MATPROG", "ks2_reading_score": "READ_AVERAGE",
        "ks2_maths_score": "MAT_AVERAGE",
    },
    "ks4": {
        "ks4_attainment8": "ATT8SCR", "ks4_progress8": "P8MEA",
        "ks4_basics_94": "PTL2BASICS_94", "ks4_basics_95": "PTL2BASICS_95",
    },
}  # fmt: skip
_TAILS = {
    "ks2": {"all": "", "disadvantaged": "_FSM6CLA1A", "not_disadvantaged": "_NOTFSM6CLA1A"},
    "ks4": {"all": "", "disadvantaged": "_FSM6CLA1A", "not_disadvantaged": "_NFSM6CLA1A"},
}
_COUNTS = {
    "ks2": {"all": "TELIG", "disadvantaged": "TFSM6CLA1A", "not_disadvantaged": "TNOTFSM6CLA1A"},
    "ks4": {"all": "TPUP", "disadvantaged": "TFSM6CLA1A", "not_disadvantaged": "TNOTFSM6CLA1A"},
}
_BASICS = {"disadvantaged": "PTFSM6CLA1ABASICS", "not_disadvantaged": "PTNOTFSM6CLA1ABASICS"}
_PUPIL_HEADINGS = {
    "ks2": (
        "SEN", "FSM6_P", "KS1GROUP", "KS1AVERAGEPS", "READOUTCOME", "MATOUTCOME", "READSCORE", "MATSCORE",
        "WRITTAOUTCOME", "RWMEXP", "ELIGRWM", "READPROGSCORE_EM_ADJUSTED", "WRITPROGSCORE_EM_ADJUSTED",
        "MATPROGSCORE_EM_ADJUSTED",
    ),
    "ks4": ("SENF", "FSM6", "KS2APS", "ATT8SCR", "P8SCORE", "L2BASICS_94", "L2BASICS_95"),
}  # fmt: skip
_RESULT_KINDS = ("ks2_schools", "ks4_schools", "ks2_pupils", "ks4_pupils")
_OTHER_KINDS = ("phonics_schools", "ks1_schools", "attendance_schools")
# Census columns with the number of pupils on roll.
_ON_ROLL = {
    "all": "NOR",
    "sen_support": "TSENELK",
    "ehc_plan": "TSENELSE",
    "disadvantaged": "NUMFSMEVER",
}
_GROUPS = (
    "all",
    "disadvantaged",
    "not_disadvantaged",
    "sen_support",
    "ehc_plan",
    "no_sen",
    "high_prior",
)
_TWO_DECIMALS = ("ks4_progress8", "ks2_progress_index")
_ABSENCE = ("attendance_absence", "attendance_persistent_absence")


@dataclass(frozen=True)
class About:
    """Properties of a measure, from its name or the study's declaration."""

    stage: str
    is_share: bool
    decimals: int
    is_higher_better: bool = True
    counts_pupils: bool = True

    @property
    def half_step(self) -> float:
        """Half of the last released decimal."""
        return 0.5 * 10.0 ** -(self.decimals + 2 * self.is_share)


@dataclass(frozen=True)
class Files:
    """A study folder as received: `study.toml`, and every file as text."""

    folder: Path

    @cached_property
    def protocol(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "study.toml").read_text(encoding="utf-8"))

    @property
    def study(self) -> dict[str, Any]:
        return self.protocol["study"]

    @property
    def authority(self) -> int:
        return int(self.study["local_authority"])

    @property
    def outcome_year(self) -> str:
        return self.outcome_years[-1]

    @property
    def outcome_years(self) -> list[str]:
        """Every year that is judged, oldest first."""
        return self.study.get("outcome_years") or [self.study["outcome_year"]]

    @property
    def baseline_years(self) -> list[str]:
        return sorted(self.study["baseline_years"])

    @property
    def programmes(self) -> list[dict[str, Any]]:
        return self.protocol["programme"]

    def of_kind(self, *kinds: str) -> list[tuple[dict[str, Any], pd.DataFrame]]:
        """Every source of the given kinds with its rows, all text."""
        return [
            (source, pd.read_csv(self.folder / source["file"], dtype=str, keep_default_na=False))
            for source in self.protocol["source"]
            if source["kind"] in kinds
        ]

    def about(self, measure: str) -> About:
        """The properties of a measure."""
        for own in self.protocol.get("measure", ()):
            if own["name"] == measure:
                is_share = own["unit"] == "share"
                return About(own["key_stage"], is_share, own.get("decimals", 0),
                             own.get("higher_is_better", True),
                             is_share and not own.get("is_rate", False))  # fmt: skip
        is_share = measure.endswith(("_expected", "_share", "_94", "_95")) or measure in _ABSENCE
        decimals = (measure in _ABSENCE) if is_share else 2 if measure in _TWO_DECIMALS else 1
        return About(measure.partition("_")[0], is_share, int(decimals), measure not in _ABSENCE,
                     is_share and measure != "attendance_absence")  # fmt: skip

    def rows(self, kind: str) -> pd.DataFrame | None:
        """The rows of a kind that has at most one file; None without one."""
        found = self.of_kind(kind)
        return found[0][1] if found else None

    # ------------------------------------------------------------ schools

    @cached_property
    def school_of_urn(self) -> dict[int, int]:
        """The LAESTAB of each URN. A conversion keeps the LAESTAB."""
        known: dict[int, int] = {}
        for source, rows in self.of_kind(*_RESULT_KINDS):
            if source["kind"].endswith("schools"):
                schools = rows[rows["URN"] != ""]
                laestab = schools["LEA"].astype(int) * 10_000 + schools["ESTAB"].astype(int)
            else:
                schools, laestab = rows, rows["LAESTAB"].astype(int)
            known |= dict(zip(schools["URN"].astype(int), laestab, strict=True))
        register = self.rows("school_register")
        if register is not None:
            laestab = register["LA (code)"].astype(int) * 10_000 + register[
                "EstablishmentNumber"
            ].astype(int)
            known |= dict(zip(register["URN"].astype(int), laestab, strict=True))
        links = self.rows("school_links")
        for _ in range(3) if links is not None else ():
            for old, new, kind in _successions(links):
                if "split" in kind:
                    continue
                if "merge" in kind and new in known:
                    known[old] = known[new]
                elif old in known or new in known:
                    known.setdefault(new, known.get(old, 0))
                    known.setdefault(old, known[new])
        return known

    @cached_property
    def schools(self) -> pd.DataFrame:
        """One row for each school on the reference date: name, kind, whether local, open and maintained."""
        day = self.study["reference_date"]
        rows: dict[int, dict[str, object]] = {}
        register = self.rows("school_register")
        if register is not None:
            register = register.assign(
                opened=[_uk_day(text, dt.date.min) for text in register["OpenDate"]],
                closed=[_uk_day(text, dt.date.max) for text in register["CloseDate"]],
            )
            for _, row in register.sort_values("opened").iterrows():
                school = self.school_of_urn[int(row["URN"])]
                is_open = row["opened"] <= day <= row["closed"]
                if school in rows and not is_open and rows[school]["is_open"]:
                    continue
                group, kind = (
                    row["EstablishmentTypeGroup (name)"],
                    row["TypeOfEstablishment (name)"],
                )
                rows[school] = {
                    "urn": int(row["URN"]),
                    "low_age": int(row["StatutoryLowAge"]), "high_age": int(row["StatutoryHighAge"]),
                    "name": row["EstablishmentName"], "kind": _kind(f"{group} {kind}"), "is_open": is_open,
                    "is_maintained": group.startswith("Local authority maintained")
                    or kind.startswith(("Community special", "Foundation special")),
                }  # fmt: skip
        tables = self.of_kind("ks2_schools", "ks4_schools")
        for _, table in sorted(tables, key=lambda one: one[0]["academic_year"]):
            for _, row in table[table["RECTYPE"].isin(["1", "2"])].iterrows():
                school = self.school_of_urn[int(row["URN"])]
                if school in rows and "from_register" not in rows[school]:
                    continue
                rows[school] = {
                    "urn": int(row["URN"]),
                    "name": row["SCHNAME"], "kind": _kind_of_code(row["NFTYPE"], row["RECTYPE"]),
                    "is_open": True, "from_register": False,
                    "is_maintained": row["NFTYPE"] in ("CY", "VA", "VC", "FD", "CYS", "FDS", "PRU"),
                }  # fmt: skip
        schools = pd.DataFrame.from_dict(rows, orient="index")
        # Schools that share a name get their URN added.
        is_shared = schools["name"].duplicated(keep=False)
        numbered = schools["name"] + " (" + schools["urn"].astype(str) + ")"
        schools["name"] = schools["name"].where(~is_shared, numbered)
        schools = schools.reindex(columns=[*schools.columns.drop(["low_age", "high_age"], errors="ignore"),
                                           "low_age", "high_age"])  # fmt: skip
        schools["is_local"] = schools.index // 10_000 == self.authority
        return schools

    # ------------------------------------------------------------ results

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row for each school, year, release, group and measure: pupils, mean, and whether suppressed."""
        frames = []
        asked = {m["name"] for p in self.programmes for m in p.get("measure", ())}
        targets = {p.get("target_group") for p in self.programmes}
        for source, rows in self.of_kind("ks2_pupils", "ks4_pupils"):
            stage = source["kind"][:3]
            pupils = _pupils(rows, stage).assign(
                school=[self.school_of_urn[int(urn)] for urn in rows["URN"]]
            )
            pupils = pupils[pupils["is_counted"]]
            if stage == "ks2":
                pupils = self._with_index(pupils)
            made = _cells_of_pupils(pupils, asked, targets)
            year, status = source["academic_year"], source["status"]
            frames.append(made.assign(stage=stage, year=year, status=status))
        for source, rows in self.of_kind("ks2_schools", "ks4_schools"):
            schools = rows[rows["RECTYPE"].isin(["1", "2"])]
            made = _cells_of_table(schools, source["kind"][:3])
            frames.append(self._by_school([made, self._cells_as_mapped(source, schools)], source))
        for source, rows in self.of_kind(*_OTHER_KINDS):
            frames.append(self._by_school([self._cells_as_mapped(source, rows)], source))
        return pd.concat(frames, ignore_index=True)

    def _by_school(self, frames: list[pd.DataFrame], source: dict[str, Any]) -> pd.DataFrame:
        """A table's figures by school. Merged schools get the mean of their pupils."""
        made = pd.concat(frames, ignore_index=True)
        made["school"] = [self.school_of_urn[urn] for urn in made.pop("urn")]
        key = ["school", "group", "measure"]
        # A school may be listed again, under its other number, without pupils.
        made["is_blank"] = (made["state"] == "none") & ~(made["n"] > 0)
        made = made[~made["is_blank"] | made.groupby(key)["is_blank"].transform("all")]
        made = made.drop(columns="is_blank")
        is_two = made.duplicated(key, keep=False)
        pooled = [_pooled(of_school, dict(zip(key, name, strict=True)))
                  for name, of_school in made[is_two].groupby(key)]  # fmt: skip
        whole = pd.concat([made[~is_two], pd.DataFrame(pooled, columns=made.columns)])
        stage = source["kind"].removesuffix("_schools")
        return whole.assign(stage=stage, year=source["academic_year"], status=source["status"])

    def _cells_as_mapped(self, source: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
        """Figures from columns the study maps (`columns`), in tables of any key stage."""
        stage = source["kind"].removesuffix("_schools")
        heading_of = {name: heading for heading, name in source.get("columns", {}).items()}
        urns = rows[heading_of.get("URN", "URN")].astype(int)
        frames = [pd.DataFrame(columns=["urn", "group", "measure", "n", "mean", "state"])]
        for name, heading in heading_of.items():
            measure, _, group = name.partition("/")
            group = group or "all"
            if measure not in self._measures_of(stage) or group not in _GROUPS:
                continue
            ending = "" if group == "all" else f"/{group}"
            count = heading_of.get(f"n_pupils{ending}") or _COUNTS.get(stage, {}).get(group, "")
            counted = {name.upper(): name for name in rows.columns}.get(count.upper())
            n = _numbers(rows[counted]) if counted else self._on_roll(urns, stage, group)
            frames.append(_figures(urns, group, measure, rows[heading], n,
                                   is_share=self.about(measure).is_share))  # fmt: skip
        return pd.concat(frames, ignore_index=True)

    def _measures_of(self, stage: str) -> set[str]:
        """Measures that a table of a stage may hold under mapped headings."""
        own = {m["name"] for m in self.protocol.get("measure", ()) if m["key_stage"] == stage}
        usual = {m["name"] for p in self.programmes for m in p.get("measure", ())}
        return own | {name for name in usual if name.partition("_")[0] == stage}

    def _on_roll(self, urns: pd.Series, stage: str, group: str) -> pd.Series:
        """Census pupils on roll of a group, where the table of absence does not count them."""
        census = self.rows("school_census")
        if stage != "attendance" or census is None or group not in _ON_ROLL:
            return pd.Series(np.nan, index=urns.index)
        counted = _numbers(census.set_index(census["URN"].astype(int))[_ON_ROLL[group]])
        return urns.map(counted)

    @cached_property
    def used(self) -> pd.DataFrame:
        """The cells of the latest release of each key stage and year."""
        cells = self.cells
        finality = cells["status"].map(_FINALITY.index)
        latest = finality.groupby([cells["stage"], cells["year"]]).transform("max")
        return cells[finality == latest]

    @cached_property
    def _index_weights(self) -> np.ndarray | None:
        """Weights of the three progress scores: row sums of the inverse mean baseline correlation."""
        total, n = np.zeros((3, 3)), 0
        for year in self.baseline_years:
            releases = [
                (source, rows)
                for source, rows in self.of_kind("ks2_pupils")
                if source["academic_year"] == year
            ]
            if not releases:
                continue
            _, rows = max(releases, key=lambda one: _FINALITY.index(one[0]["status"]))
            scores = self._local_scores(rows)
            if len(scores) > 1 and (scores.std() > 0).all():
                total += len(scores) * scores.corr().to_numpy()
                n += len(scores)
        return np.linalg.inv(total / n).sum(axis=1) if n else None

    def _local_scores(self, rows: pd.DataFrame) -> pd.DataFrame:
        pupils = _pupils(rows, "ks2")
        return pupils.loc[pupils["is_counted"], list(_PROGRESS)].dropna()

    def _with_index(self, pupils: pd.DataFrame) -> pd.DataFrame:
        scores = pupils[list(_PROGRESS)].dropna()
        weights = self._index_weights
        if weights is None or len(scores) < 2:
            return pupils
        z = (scores - scores.mean()) / scores.std()
        index = z.to_numpy() @ weights
        return pupils.assign(
            ks2_progress_index=pd.Series(index / index.std(ddof=1), index=scores.index)
        )


def _uk_day(text: str, otherwise: dt.date) -> dt.date:
    return dt.datetime.strptime(text, "%d-%m-%Y").date() if text else otherwise


def _kind(text: str) -> str:
    said = text.casefold()
    for word, kind in (("special", "special"), ("independent", "independent"),
                       ("pupil referral", "alternative"), ("alternative", "alternative")):  # fmt: skip
        if word in said:
            return kind
    return "mainstream"


def _kind_of_code(code: str, record_type: str) -> str:
    if code in ("IND", "INDSS"):
        return "independent"
    if code in ("PRU", "AP", "APC"):
        return "alternative"
    return "special" if record_type == "2" or code in ("CYS", "FDS", "ACCS") else "mainstream"


def _pupils(rows: pd.DataFrame, stage: str) -> pd.DataFrame:
    """Pupils' values: one column for each measure, NaN where the pupil is not in it.

    A column missing from the file is treated as blank.
    """
    lost = {name: "" for name in _PUPIL_HEADINGS[stage] if name not in rows.columns}
    rows = rows.assign(**lost)

    def numbers(name: str) -> pd.Series:
        return pd.to_numeric(rows[name], errors="coerce")

    sen, fsm6 = (rows["SEN"], rows["FSM6_P"]) if stage == "ks2" else (rows["SENF"], rows["FSM6"])
    flag = rows["PINCL_FLAG"] if stage == "ks2" else rows["P_INCL"]
    made: dict[str, Any] = {
        "is_counted": flag.isin(_COUNTED[stage]),
        "sen": sen,
        "fsm6": fsm6,
        "high": rows["KS1GROUP"] == "3" if stage == "ks2" else False,
        "has_prior": numbers("KS1AVERAGEPS" if stage == "ks2" else "KS2APS").notna(),
        f"{stage}_sen_support_share": (sen == "K").astype(float).where(sen != ""),
    }
    if stage == "ks4":
        made |= {
            "ks4_attainment8": numbers("ATT8SCR"), "ks4_progress8": numbers("P8SCORE"),
            "ks4_basics_94": numbers("L2BASICS_94"), "ks4_basics_95": numbers("L2BASICS_95"),
        }  # fmt: skip
        return pd.DataFrame(made)
    for subject, heading in (("reading", "READ"), ("maths", "MAT")):
        code = rows[f"{heading}OUTCOME"]
        made[f"ks2_{subject}_expected"] = (
            (code == "AS").astype(float).where(~code.isin(_NOT_TESTED) & (code != ""))
        )
        made[f"ks2_{subject}_score"] = numbers(f"{heading}SCORE")
    writing = rows["WRITTAOUTCOME"]
    made["ks2_writing_expected"] = (
        writing.isin(["EXS", "GDS"])
        .astype(float)
        .where(~writing.isin(_NO_TEACHER_ASSESSMENT) & (writing != ""))
    )
    made["ks2_rwm_expected"] = numbers("RWMEXP").fillna(0).where(rows["ELIGRWM"] == "1")
    for measure, heading in zip(_PROGRESS, ("READ", "WRIT", "MAT"), strict=True):
        made[measure] = numbers(f"{heading}PROGSCORE_EM_ADJUSTED")
    return pd.DataFrame(made)


def _cells_of_pupils(
    pupils: pd.DataFrame, asked: set[str], targets: set[str | None]
) -> pd.DataFrame:
    """Every measure for all pupils and target groups; for other groups only measures in use."""
    groups = {
        "all": pd.Series(True, index=pupils.index),
        "sen_support": pupils["sen"] == "K", "ehc_plan": pupils["sen"] == "E", "no_sen": pupils["sen"] == "N",
        "disadvantaged": pupils["fsm6"] == "1", "not_disadvantaged": pupils["fsm6"] == "0",
        "high_prior": pupils["high"],
    }  # fmt: skip
    measures = [name for name in pupils.columns if name.startswith("ks")]
    frames = []
    for group, is_in in groups.items():
        of_group = [
            m
            for m in measures
            if group == "all"
            or ((m in asked or group in targets) and not m.endswith("_support_share"))
        ]
        long = (
            pupils[is_in]
            .melt(["school", "has_prior"], of_group, "measure", "value")
            .dropna(subset="value")
        )
        if len(long):
            made = long.groupby(["school", "measure"]).agg(
                n=("value", "size"), mean=("value", "mean"), n_with_prior=("has_prior", "sum")
            )
            frames.append(made.reset_index().assign(group=group))
    if not frames:
        return pd.DataFrame(
            columns=["school", "measure", "n", "mean", "n_with_prior", "group", "state"]
        )
    return pd.concat(frames).assign(state="value")


def _cells_of_table(rows: pd.DataFrame, stage: str) -> pd.DataFrame:
    upper = {name.upper(): name for name in rows.columns}
    made = []
    for group, tail in _TAILS[stage].items():
        for measure, heading in _TABLE_FIGURES[stage].items():
            name, count = heading + tail, _COUNTS[stage][group]
            if "basics" in measure and group in _BASICS:
                name = f"{_BASICS[group]}_{measure[-2:]}"
            if measure == "ks4_progress8":
                count = f"P8PUP{tail}"
            made.append((group, measure, name, count))
    if stage == "ks2":
        made += [("high_prior", "ks2_rwm_expected", "PTRWM_EXP_H", "TKS1GROUP_H"),
                 ("all", "ks2_sen_support_share", "PSENELK", "TELIG")]  # fmt: skip
    else:
        made.append(("all", "ks4_sen_support_share", "PSENAPK4", "TPUP"))
    frames = []
    for group, measure, name, count in made:
        if name not in upper:
            continue
        n = _numbers(rows[upper[count]]) if count in upper else pd.Series(np.nan, index=rows.index)
        is_share = measure.endswith(("_expected", "_share", "_94", "_95"))
        urns = rows["URN"].astype(int)
        frames.append(_figures(urns, group, measure, rows[upper[name]], n, is_share=is_share))
    return pd.concat(frames, ignore_index=True)


def _numbers(texts: pd.Series) -> pd.Series:
    return pd.to_numeric(texts, errors="coerce")


def _figures(
    urns: pd.Series, group: str, measure: str, texts: pd.Series, n: pd.Series, *, is_share: bool
) -> pd.DataFrame:
    """A column of figures as printed: a number, suppressed, or none."""
    value = _numbers(texts.str.rstrip("%"))
    state = np.where(value.notna(), "value", np.where(texts == "SUPP", "suppressed", "none"))
    mean = value / 100 if is_share else value
    return pd.DataFrame(
        {"urn": urns, "group": group, "measure": measure, "n": n, "mean": mean, "state": state}
    )


def _pooled(of_school: pd.DataFrame, key: dict[str, Any]) -> dict[str, Any]:
    """The combined figure of merged schools; known only if each one's is."""
    is_known = (of_school["state"] == "value").all()
    n = of_school["n"].sum(min_count=1)
    weighted = (of_school["n"] * of_school["mean"]).sum(min_count=1)
    hidden = of_school.loc[of_school["state"] != "value", "state"]
    state = "value" if is_known else "suppressed" if "suppressed" in set(hidden) else "none"
    return {**key, "n": n, "mean": weighted / n if is_known and n else np.nan, "state": state}


def _successions(links: pd.DataFrame) -> list[tuple[int, int, str]]:
    """Old URN, new URN and lower-case type of each succession link."""
    found = []
    for urn, other, text in zip(links["URN"], links["LinkURN"], links["LinkType"], strict=True):
        kind = text.casefold()
        if kind.startswith("successor"):
            found.append((int(urn), int(other), kind))
        elif kind.startswith("predecessor"):
            found.append((int(other), int(urn), kind))
    return found
