"""What is printed held against the oracle: every released figure that the files alone decide.

An objection is a sentence: which check, where, what is printed and what was counted. What is withheld ([c], a
blank) is not counted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.printed import count_differs, differs, of_share
from tests.fleet.recount import Recount

Tables = Mapping[str, pd.DataFrame]
STAGES = ("phonics", "ks1", "ks2", "ks4", "attendance")
_CENSUS_HEADING = {
    "all": "NOR", "sen_support": "TSENELK", "ehc_plan": "TSENELSE", "disadvantaged": "NUMFSMEVER",
}  # fmt: skip


def objections(tables: Tables, recount: Recount) -> list[str]:
    """Everything printed that the files contradict."""
    return [said for check in CHECKS for said in check(tables, recount)]


def asked(recount: Recount) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for programme in recount.evaluated:
        for measure in programme["measure"]:
            yield programme, measure


def is_local_pool(programme: Mapping[str, Any]) -> bool:
    return programme.get("comparison_pool", "local") == "local"


def headline_samples(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools and pupils on each side of every headline."""
    impact = tables["impact"]
    for programme, measure in asked(recount):
        rows = impact[
            (impact["role"] == "headline") & (impact["programme"] == programme["id"])
            & (impact["measure"] == measure["name"])
        ]  # fmt: skip
        if len(rows) != 1:
            yield f"headline: {programme['id']} {measure['name']}: {len(rows)} rows, expected one"
            continue
        row = rows.iloc[0]
        is_adjusted = measure.get("adjust_for_prior_attainment", False)
        kept = recount.standing(programme, measure, is_adjusted=is_adjusted).query(
            "reason == 'compared'"
        )
        for side, of_side in (
            ("programme", kept[kept["is_programme"]]),
            ("comparison", kept[~kept["is_programme"]]),
        ):
            if side == "comparison" and not is_local_pool(programme):
                continue
            n_pupils = _pupils_of(recount, programme, measure, of_side)
            for what, counted, is_other in (
                ("schools", len(of_side), differs),
                ("pupils", n_pupils, count_differs),
            ):
                printed = row[f"n_{side}_{what}"]
                if is_other(printed, counted):
                    yield (f"headline: {programme['id']} {measure['name']}: {what} of the {side} side: "
                           f"printed {printed}, counted {counted}")  # fmt: skip


def _pupils_of(recount: Recount, programme: Any, measure: Any, schools: pd.DataFrame) -> int:
    """All pupils with a result, also where only those with known prior attainment are in the model."""
    of_schools = frozenset(schools.index)
    year = recount.files.outcome_year
    return recount.level(measure["name"], programme["target_group"], year, of_schools)[1]


def levels(tables: Tables, recount: Recount) -> Iterator[str]:
    """Both sides' schools, pupils and averages, every year; and those of each arm."""
    for _, row in tables["comparison"].iterrows():
        programme, arm = row["programme"], row["arm"]
        if programme == "all":
            within = recount.arms.get(arm, frozenset())
        else:
            within = recount.side(programme, is_programme=arm == "programme")
        where = f"levels: {programme}/{arm} {row['measure']} of {row['pupil_group']} {row['academic_year']}"
        n_schools, n_pupils, mean = recount.level(
            row["measure"], row["pupil_group"], row["academic_year"], within
        )
        if differs(row["n_schools"], n_schools):
            yield f"{where}: schools printed {row['n_schools']}, counted {n_schools}"
        if count_differs(row["n_pupils"], n_pupils):
            yield f"{where}: pupils printed {row['n_pupils']}, counted {n_pupils}"
        about = recount.files.about(row["measure"])
        slack = of_share(n_pupils, about.half_step) if about.counts_pupils else about.half_step
        if n_pupils and differs(row["mean"], mean, slack):
            yield f"{where}: average printed {row['mean']}, counted {mean:.4f}"


def coverage(tables: Tables, recount: Recount) -> Iterator[str]:
    """Of a programme's schools, how many are compared and why the others are not."""
    counts = tables["school_count"]
    for programme in recount.evaluated:
        for stage in STAGES:
            asked = [
                m for m in programme["measure"] if recount.files.about(m["name"]).stage == stage
            ]
            if not asked:
                continue
            measure = next((m for m in asked if m.get("primary")), asked[0])
            standing = recount.standing(programme, measure)
            counted = standing.loc[standing["is_programme"], "reason"].value_counts().to_dict()
            of_stage = counts[
                (counts["programme"] == programme["id"]) & (counts["key_stage"] == stage)
            ]
            printed: dict[str, int] = {}
            for reason, n in zip(of_stage["reason"], of_stage["n_schools"], strict=True):
                printed[reason] = int(n)
            if printed != counted:
                yield f"coverage: {programme['id']} {stage}: printed {printed}, counted {counted}"


def programmes(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools on each list, those with results, and pupils on roll."""
    printed = tables["programme"].set_index("programme")
    census = recount.files.rows("school_census")
    for programme in recount.files.programmes:
        row, schools = printed.loc[programme["id"]], recount.schools_of(programme["id"])
        counted = {
            "n_schools": len(schools),
            "n_ks2_schools": sum(recount.has_results(school, "ks2") for school in schools),
            "n_ks4_schools": sum(recount.has_results(school, "ks4") for school in schools),
        }
        for name, n in counted.items():
            if differs(row[name], n):
                yield f"programme: {programme['id']} {name}: printed {row[name]}, counted {n}"
        if census is None:
            continue
        on_roll = _on_roll(recount, census, schools)
        target = _CENSUS_HEADING.get(programme.get("target_group", ""))
        for name, heading in (("n_pupils_on_roll", "NOR"), ("n_target_pupils_on_roll", target)):
            if heading is None or not len(schools):
                continue
            figures = on_roll[heading]
            n = figures.sum() if figures.notna().all() and len(figures) == len(schools) else None
            if not pd.isna(row[name]) and (n is None or count_differs(row[name], n)):
                yield f"programme: {programme['id']} {name}: printed {row[name]}, counted {n}"


def _on_roll(recount: Recount, census: pd.DataFrame, schools: set[int]) -> pd.DataFrame:
    own = census.assign(school=[recount.files.school_of_urn.get(int(urn)) for urn in census["URN"]])
    own = own[own["school"].isin(schools)].set_index("school")
    return own[["NOR", "TSENELK", "TSENELSE", "NUMFSMEVER"]].apply(pd.to_numeric, errors="coerce")


def lists(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools that two programmes share, and the names on each list."""
    for _, row in tables["programme_overlap"].iterrows():
        n = len(recount.schools_of(row["programme_a"]) & recount.schools_of(row["programme_b"]))
        if differs(row["n_schools"], n):
            both = f"{row['programme_a']} and {row['programme_b']}"
            yield f"overlap: {both}: printed {row['n_schools']}, counted {n}"
    names = recount.files.schools["name"]
    own = recount.members[~recount.members["is_placebo"]]
    counted = sorted(zip(own["programme"], own["school"].map(names), strict=True))
    printed = sorted(
        zip(tables["enrolment"]["programme"], tables["enrolment"]["school_name"], strict=True)
    )
    if counted != printed:
        odd = sorted(set(counted) ^ set(printed))[:3]
        yield f"enrolment: the named schools differ, as {odd}"


def _counted_schools(schools: pd.DataFrame) -> pd.DataFrame:
    """Open state-funded schools of the authority: those meant where every school is."""
    is_state_funded = ~schools["kind"].isin(["independent", "other"])
    return schools[schools["is_local"] & schools["is_open"] & is_state_funded]


def priorities(tables: Tables, recount: Recount) -> Iterator[str]:
    """Programmes of each priority and the local schools they reached."""
    schools = recount.files.schools
    local = set(_counted_schools(schools).index)
    real = [p for p in recount.files.programmes if "placebo" not in p]
    for _, row in tables["priority"].iterrows():
        own = [p for p in real if p.get("priority") == row["priority"]]
        reached = set().union(*(recount.schools_of(p["id"]) for p in own)) & local
        for name, n in (
            ("n_programmes", len(own)),
            ("n_schools", len(reached)),
            ("n_schools_of_all", len(local)),
        ):
            if differs(row[name], n):
                yield f"priority: {row['priority']} {name}: printed {row[name]}, counted {n}"
        yield from _target_pupils(row, own, recount)


def _target_pupils(row: pd.Series, own: list[dict[str, Any]], recount: Recount) -> Iterator[str]:
    """Pupils that a priority's evaluated programmes are for, and their share of all local ones."""
    evaluated = [p for p in own if p.get("measure")]
    groups = {p["target_group"] for p in evaluated}
    schools = set().union(*(recount.schools_of(p["id"]) for p in evaluated))
    where = f"priority: {row['priority']}"
    if len(groups) != 1:
        if not pd.isna(row["n_target_pupils"]):
            yield f"{where}: {row['n_target_pupils']} pupils of {len(groups)} groups"
        return
    pupils = recount.pupils_of(groups.pop())
    n, everyone = pupils[pupils.index.isin(list(schools))].sum(), pupils.sum()
    if count_differs(row["n_target_pupils"], n, 10):
        yield f"{where}: pupils printed {row['n_target_pupils']}, counted {n}"
    # Both counts of the share are rounded as the first is.
    slack = 0.005 + 10 / everyone if everyone else 0.0
    if everyone and differs(row["target_pupil_share"], n / everyone, slack):
        yield f"{where}: share printed {row['target_pupil_share']}, counted {n / everyone:.3f}"


def attrition(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools of either side that are kept and lost, and all their pupils to the nearest ten."""
    printed = tables["attrition"]
    for programme, measure in asked(recount):
        if not is_local_pool(programme):
            continue
        standing = recount.standing(programme, measure)
        in_scope = standing[standing["in_scope"]]
        rows = printed[
            (printed["programme"] == programme["id"]) & (printed["measure"] == measure["name"])
        ]
        for _, row in rows.iterrows():
            of_side = in_scope[in_scope["is_programme"] == (row["side"] == "programme")]
            own = of_side[(of_side["reason"] == "compared") == row["is_kept"]]
            where = f"attrition: {programme['id']} {measure['name']} {row['side']} kept={row['is_kept']}"
            if differs(row["n_schools"], len(own)):
                yield f"{where}: schools printed {row['n_schools']}, counted {len(own)}"
            _, n, mean = recount.level(
                measure["name"], "all", recount.files.outcome_year, frozenset(own.index)
            )
            if count_differs(row["n_pupils"], n, 10):
                yield f"{where}: pupils printed {row['n_pupils']}, counted {n}"
            if n and differs(row["mean"], mean, recount.files.about(measure["name"]).half_step):
                yield f"{where}: average printed {row['mean']}, counted {mean:.4f}"


def naive_changes(tables: Tables, recount: Recount) -> Iterator[str]:
    """The change since last year: how one side's average over pupils moved, less the other's."""
    impact = tables["impact"]
    for programme, measure in asked(recount):
        rows = impact[
            (impact["role"] == "naive") & (impact["programme"] == programme["id"])
            & (impact["measure"] == measure["name"]) & impact["estimate_low"].notna()
        ]  # fmt: skip
        if rows.empty or not is_local_pool(programme):
            continue
        standing = recount.standing(programme, measure)
        kept = standing[standing["reason"] == "compared"]
        counted = _change(kept[kept["is_programme"]]) - _change(kept[~kept["is_programme"]])
        printed = rows["estimate_low"].iloc[0]
        if differs(printed, counted, recount.files.about(measure["name"]).half_step):
            yield f"naive: {programme['id']} {measure['name']}: printed {printed}, counted {counted:.4f}"


def _change(side: pd.DataFrame) -> float:
    """How a side's average over pupils moved since last year."""
    if not side["n"].sum() or not side["n_last"].sum():
        return float("nan")
    now = (side["outcome"] * side["n"]).sum() / side["n"].sum()
    return float(now - (side["last"] * side["n_last"]).sum() / side["n_last"].sum())


def points(tables: Tables, recount: Recount) -> Iterator[str]:
    """Single schools' points: each is some compared school's, none stands more often than there are such."""
    for (programme_id, name), rows in tables["school_point"].groupby(["programme", "measure"]):
        programme = next(p for p in recount.evaluated if p["id"] == programme_id)
        measure = next(m for m in programme["measure"] if m["name"] == name)
        if not is_local_pool(programme):
            continue
        kept = recount.standing(programme, measure).query("reason == 'compared'")
        for side, of_side in rows.groupby("is_programme"):
            counted = kept.loc[kept["is_programme"] == side, "outcome"].astype(float).to_numpy()
            for value in of_side["outcome_mean"]:
                slack = 0.005 if recount.files.about(name).is_share else 0.05
                if not (np.abs(counted - value) <= slack + 1e-9).any():
                    yield f"points: {programme_id} {name}: {value} is no compared school's result"


def responses(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools that returned an evaluation, of those enrolled."""
    forms = recount.files.rows("evaluations")
    if forms is None:
        return
    schools = forms["urn"].astype(int).map(recount.files.school_of_urn)
    summary = tables["evaluation_summary"]
    for programme, own in schools.groupby(forms["programme"]):
        rows = summary[
            (summary["programme"] == programme) & (summary["question"] == "response rate")
        ]
        printed = tuple(map(int, rows[["n_schools", "n_expected"]].iloc[0])) if len(rows) else None
        counted = (own.nunique(), len(recount.schools_of(programme)))
        if printed != counted:
            yield f"responses: {programme}: printed {printed}, counted {counted}"


def claims(tables: Tables, recount: Recount) -> Iterator[str]:
    """Claims to the board that schools or pounds decide: those made, all of them, and no others."""
    counted = dict(_claims(recount))
    printed = {
        row["claim"]: (row["numerator"], row["denominator"], row["result"])
        for _, row in tables["claims"].iterrows()
    }
    for claim, found in printed.items():
        start = next((start for start in counted if claim.startswith(start)), None)
        if start is None:
            yield f"claims: nobody made the claim {claim!r}"
        elif found != counted.pop(start):
            yield f"claims: {claim!r}: printed {found}, and the files say otherwise"
    for start in counted:
        yield f"claims: {start!r} was made, and is not shown"


def _claims(recount: Recount) -> Iterator[tuple[str, tuple[int, int, str]]]:
    """The words each claim made begins with, and what the files say of it."""
    files, schools = recount.files, recount.files.schools
    for programme in files.programmes:
        own = recount.schools_of(programme["id"])
        if "expected_schools" in programme:
            n, expected = len(own), programme["expected_schools"]
            result = "holds" if n == expected else "fails"
            yield f"{programme['title']}: {expected} schools take part", (n, expected, result)
        judged = files.rows("eligibility")
        if "eligible_share" in programme and judged is not None and own:
            yield f"{programme['title']}: at least 70%", _eligible(recount, programme, judged, own)
    local = _counted_schools(schools)
    made = {claim["kind"]: claim for claim in files.protocol.get("claim", ())}
    if "every_school_takes_part" in made and len(local):
        n = len(set(local.index) & set(recount.members["school"]))
        yield "Every school takes part", (n, len(local), "holds" if n == len(local) else "fails")
    maintained = set(local.index[local["is_maintained"].astype(bool)])
    if "all_maintained_schools_reviewed" in made and maintained:
        n = len(maintained & _visited(recount))
        but = made["all_maintained_schools_reviewed"].get("but", 0)
        result = "holds" if len(maintained) - n <= but else "fails"
        yield "All maintained schools", (n, len(maintained), result)
    for total in files.protocol.get("stated_total", ()):
        own = [p for p in files.programmes if p["fund"] == total["fund"] and "placebo" not in p]
        stated = sum(p.get("funding_gbp", 0) for p in own)
        holds = stated == total["gbp"] and all("funding_gbp" in p for p in own)
        if own:
            result = "holds" if holds else "cannot_tell"
            yield f"{total['fund']}: its programmes", (stated, total["gbp"], result)


def _visited(recount: Recount) -> set[int]:
    """Schools inspected or reviewed in the school year of the outcomes, up to the reference date."""
    files = recount.files
    first = f"{files.outcome_year[:4]}-09-01"
    last = min(
        f"{int(files.outcome_year[:4]) + 1}-08-31", files.study["reference_date"].isoformat()
    )
    visited: set[int] = set()
    for kind, heading in (("inspections", "inspection_date"), ("reviews", "review_date")):
        rows = files.rows(kind)
        if rows is not None:
            in_year = rows[(rows[heading] >= first) & (rows[heading] <= last)]
            visited |= {
                files.school_of_urn[int(u)] for u in in_year["urn"] if int(u) in files.school_of_urn
            }
    return visited


def _eligible(
    recount: Recount, programme: Mapping[str, Any], judged: pd.DataFrame, own: set[int]
) -> tuple[int, int, str]:
    rows = judged[judged["programme"] == programme["id"]]
    met = (
        rows["met"]
        .str.upper()
        .groupby(rows["urn"].astype(int).map(recount.files.school_of_urn))
        .agg(set)
    )
    said = [met.get(school, {"UNKNOWN"}) for school in own]
    yes = sum("YES" in codes for codes in said)
    unknown = sum("YES" not in codes and "UNKNOWN" in codes for codes in said)
    needed = programme["eligible_share"] * len(own) - 1e-9
    result = "holds" if yes >= needed else "fails" if yes + unknown < needed else "cannot_tell"
    return yes, len(own), result


CHECKS: tuple[Callable[[Tables, Recount], Iterator[str]], ...] = (
    headline_samples,
    levels,
    coverage,
    programmes,
    lists,
    priorities,
    attrition,
    naive_changes,
    points,
    responses,
    claims,
)
