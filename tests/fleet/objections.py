"""Compares released figures with the oracle's, as far as the files determine them.

An objection is a sentence that names the check, the place, the printed and the counted figure.
Withheld figures ([c] or blank) are not recounted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.printed import Rules, differs, is_one_of, rules_of, to_step
from tests.fleet.public_objections import Tables, asked, is_local_pool
from tests.fleet.recount import Recount

STAGES = ("phonics", "ks1", "ks2", "ks4", "attendance")
_CENSUS_HEADING = {
    "all": "NOR", "sen_support": "TSENELK", "ehc_plan": "TSENELSE", "disadvantaged": "NUMFSMEVER",
}  # fmt: skip


def objections(tables: Tables, recount: Recount) -> list[str]:
    """Every printed figure that the files contradict."""
    return [said for check in CHECKS for said in check(tables, recount)]


def headline_samples(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools and pupils on each side of every headline."""
    impact, rules = tables["impact"], rules_of(tables, recount)
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
        if is_local_pool(programme):
            kept = _with_a_year_to_compare(
                recount, kept, measure["name"], programme["target_group"]
            )
        for side, of_side in (
            ("programme", kept[kept["is_programme"]]),
            ("comparison", kept[~kept["is_programme"]]),
        ):
            if side == "comparison" and not is_local_pool(programme):
                continue
            arm = "programme" if side == "programme" else "rest"
            cell = (measure["name"], programme["target_group"], row["academic_year"])
            n_pupils = sum(
                _pupils_of_year(
                    rules, (programme["id"], arm), frozenset(of_side.index), cell[:2], year
                )
                for year in recount.files.outcome_years
            )
            for what, counted in (
                ("schools", len(of_side)),
                (
                    "pupils",
                    rules.pupils(programme["id"], arm, n_pupils, *cell, row["release_status"]),
                ),
            ):
                printed = row[f"n_{side}_{what}"]
                if differs(printed, counted):
                    yield (f"headline: {programme['id']} {measure['name']}: {what} of the {side} side: "
                           f"printed {printed}, counted {counted}")  # fmt: skip


def _pupils_of_year(
    rules: Rules, side: tuple[str, str], schools: frozenset[int], cell: tuple[str, str], year: str
) -> int:
    """Pupils of compared schools in an outcome year that counts for them; `side` is a programme and an arm.

    Counts all pupils, even where the model uses only those with known prior attainment, and none of the few
    small schools that the side's total leaves out.
    """
    recount = rules.recount
    used = recount.files.used
    statuses = used.loc[(used["measure"] == cell[0]) & (used["year"] == year), "status"].unique()
    total = rules.of(*side, *cell, year, statuses[0]) if len(statuses) else None
    left_out = total.left_out if total else frozenset()
    counted = frozenset(s for s in schools if (s, year) not in recount.not_counted)
    return recount.level(*cell, year, counted - left_out)[1]


def _with_a_year_to_compare(
    recount: Recount, kept: pd.DataFrame, measure: str, group: str
) -> pd.DataFrame:
    """Schools with a result in an outcome year in which a school of no programme has one too."""
    years = recount.files.outcome_years
    if len(years) == 1:
        return kept
    evaluated = {p["id"] for p in recount.evaluated}
    members = recount.members[recount.members["programme"].isin(evaluated)]
    treated = set(members.loc[members["standing"] == "under_way", "school"])
    free = frozenset(kept.index) - treated or frozenset(kept.index)
    fit = [year for year in years if recount.level(measure, group, year, free)[0]]
    has_year = [
        any(
            recount.level(measure, group, year, frozenset({school}))[0]
            for year in fit
            if (school, year) not in recount.not_counted
        )
        for school in kept.index
    ]
    return kept[np.array(has_year, dtype=bool)]


def coverage(tables: Tables, recount: Recount) -> Iterator[str]:
    """How many of a programme's schools are compared, and why the others are not."""
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
    """Schools on each list, schools with results, and pupils on roll."""
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
            if not pd.isna(row[name]) and (n is None or differs(row[name], n)):
                yield f"programme: {programme['id']} {name}: printed {row[name]}, counted {n}"


def _on_roll(recount: Recount, census: pd.DataFrame, schools: set[int]) -> pd.DataFrame:
    own = census.assign(school=[recount.files.school_of_urn.get(int(urn)) for urn in census["URN"]])
    own = own[own["school"].isin(schools)].set_index("school")
    return own[["NOR", "TSENELK", "TSENELSE", "NUMFSMEVER"]].apply(pd.to_numeric, errors="coerce")


def lists(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools that two programmes share, the names on each list, and of local schools on none."""
    for _, row in tables["programme_overlap"].iterrows():
        n = len(recount.schools_of(row["programme_a"]) & recount.schools_of(row["programme_b"]))
        if differs(row["n_schools"], n):
            both = f"{row['programme_a']} and {row['programme_b']}"
            yield f"overlap: {both}: printed {row['n_schools']}, counted {n}"
    names = recount.files.schools["name"]
    own = recount.members[~recount.members["is_placebo"]]
    in_none = set(_counted_schools(recount.files.schools).index) - set(own["school"])
    counted = sorted(
        [
            *zip(own["programme"], own["school"].map(names), strict=True),
            *(("", names[school]) for school in (in_none if len(own) else ())),
        ]
    )
    enrolment = tables["enrolment"]
    printed = sorted(zip(enrolment["programme"].fillna(""), enrolment["school_name"], strict=True))
    if counted != printed:
        odd = sorted(set(counted) ^ set(printed))[:3]
        yield f"enrolment: the named schools differ, as {odd}"
    for urn, name in zip(enrolment["urn"], enrolment["school_name"], strict=True):
        if pd.isna(urn) or names.get(recount.files.school_of_urn.get(int(urn))) != name:
            yield f"enrolment: {urn} is not a URN of {name}"


def _counted_schools(schools: pd.DataFrame) -> pd.DataFrame:
    """Open state-funded schools of the authority, which "every school" means."""
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
        yield from _target_pupils(row, own, tables, recount)


def _target_pupils(
    row: pd.Series, own: list[dict[str, Any]], tables: Tables, recount: Recount
) -> Iterator[str]:
    """Target pupils of a priority's evaluated programmes, and their share of all local target pupils."""
    evaluated = [p for p in own if p.get("measure")]
    groups = {p["target_group"] for p in evaluated}
    schools = set().union(*(recount.schools_of(p["id"]) for p in evaluated))
    where = f"priority: {row['priority']}"
    if len(groups) != 1:
        if not pd.isna(row["n_target_pupils"]):
            yield f"{where}: {row['n_target_pupils']} pupils of {len(groups)} groups"
        return
    rules = rules_of(tables, recount)
    pupils = recount.pupils_of(groups.pop())
    n, everyone = pupils[pupils.index.isin(list(schools))].sum(), pupils.sum()
    if (row["figure_status"] == "suppressed") != (0 < n < rules.minimum_cell):
        yield f"{where}: figures are {row['figure_status']}, of {n} pupils"
    if not n and not (pd.isna(row["n_target_pupils"]) or row["n_target_pupils"] == 0):
        yield f"{where}: pupils printed {row['n_target_pupils']}, counted none"
    if row["figure_status"] == "suppressed" or not n:
        return
    if not is_one_of(row["n_target_pupils"], {rules.in_classes(n)}):
        yield f"{where}: pupils printed {row['n_target_pupils']}, counted {n}"
    share = to_step(rules.in_classes(n) / rules.in_classes(everyone), 0.01)
    if not is_one_of(row["target_pupil_share"], {share}):
        yield f"{where}: share printed {row['target_pupil_share']}, counted {share:.2f}"


def attrition(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools kept and lost on each side, with all their pupils."""
    printed, rules = tables["attrition"], rules_of(tables, recount)
    year = recount.files.outcome_year
    for programme, measure in asked(recount):
        if not is_local_pool(programme):
            continue
        name = measure["name"]
        standing = recount.standing(programme, measure)
        in_scope = standing[standing["in_scope"]]
        rows = printed[(printed["programme"] == programme["id"]) & (printed["measure"] == name)]
        for side, of_side in rows.groupby("side"):
            own = in_scope[in_scope["is_programme"] == (side == "programme")]
            is_kept = own["reason"] == "compared"
            counted = {
                kept: recount.level(name, "all", year, frozenset(own.index[is_kept == kept]))
                for kept in (True, False)
            }
            must_be = any(rules.is_secret_beside_others(name, *one) for one in counted.values())
            for _, row in of_side.iterrows():
                where = f"attrition: {programme['id']} {name} {side} kept={row['is_kept']}"
                n_schools = int((is_kept == row["is_kept"]).sum())
                if differs(row["n_schools"], n_schools):
                    yield f"{where}: schools printed {row['n_schools']}, counted {n_schools}"
                if (row["figure_status"] == "suppressed") != must_be:
                    yield f"{where}: figures are {row['figure_status']}, withheld as counted is {must_be}"
                if row["figure_status"] != "suppressed":
                    yield from _row_of_attrition(row, counted[row["is_kept"]], rules, where)


def _row_of_attrition(
    row: pd.Series, counted: tuple[int, int, float], rules: Rules, where: str
) -> Iterator[str]:
    _, exact, mean = counted
    name = row["measure"]
    n = rules.count(exact, name)
    if not is_one_of(row["n_pupils"], {n}):
        yield f"{where}: pupils printed {row['n_pupils']}, counted {n}"
    if n and not rules.is_public(name):
        mean = to_step(mean, rules.step_of_mean(name, n))
    if n and not is_one_of(row["mean"], {rules.read(mean, name)}):
        yield f"{where}: average printed {row['mean']}, counted {mean:.4f}"


def responses(tables: Tables, recount: Recount) -> Iterator[str]:
    """The number of enrolled schools that returned an evaluation."""
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
    """Claims to the board about schools or money: all that were made are shown, and no others."""
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
    """First words and expected result of each claim made."""
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
    """Schools inspected or reviewed in the outcome year, up to the reference date."""
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
    coverage,
    programmes,
    lists,
    priorities,
    attrition,
    responses,
    claims,
)
