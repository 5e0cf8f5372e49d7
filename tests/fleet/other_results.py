"""Other results: phonics, Key Stage 1, absence, and the study's own measures.

They come as school tables with the authority's own headings. A separate random stream decides
whether a study has them, so studies without them do not change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from tests.fleet.drawing import Draw, Drawn, OwnMeasure, Programme, ProgrammeMeasure
from tests.fleet.world import AUTHORITY, World

OtherStage = Literal["phonics", "ks1", "attendance"]
_STAGE_MEASURES = {
    "phonics": ("phonics_expected",),
    "ks1": ("ks1_reading_expected", "ks1_writing_expected", "ks1_maths_expected"),
    "attendance": ("attendance_absence", "attendance_persistent_absence"),
}
_OWN = (
    OwnMeasure("suspensions", "Suspensions for each pupil", "points", "", False, 2, 0, 5, False),
    OwnMeasure("reading_age", "Months ahead in reading", "points", "", True, 1, -40, 40, False),
    OwnMeasure("lateness", "Sessions begun late", "share", "", False, 1, None, 0.6, True),
    OwnMeasure("in_a_club", "Pupils in a club", "share", "", True, 0, None, None, False),
)
# The Department publishes absence only for all pupils.
_OF_ALL_ALONE = ("attendance_absence", "attendance_persistent_absence")
# The school column that gives a group's share of pupils.
_GROUP_SHARES = {
    "disadvantaged": "poverty", "not_disadvantaged": "poverty", "sen_support": "support",
    "ehc_plan": "support", "no_sen": "support",
}  # fmt: skip
_SUPPRESSED_BELOW = 6


def with_other_results(drawn: Drawn) -> Drawn:
    """The study, sometimes with results of another stage or measures of its own."""
    draw = np.random.default_rng([drawn.seed, 6])
    stages = [
        str(stage)
        for stage, chance in (("phonics", 0.1), ("ks1", 0.08), ("attendance", 0.12))
        if draw.random() < chance
        and (stage == "attendance" or "ks2" in drawn.forms)
        # Key Stage 1 is no longer assessed.
        and not (stage == "ks1" and drawn.outcome_year >= "2023-24")
    ]
    holders = [*stages, *(stage for stage, form in drawn.forms.items() if form == "tables")]
    own = tuple(
        replace(measure, key_stage=str(draw.choice(holders)))
        for measure in _OWN
        if holders and draw.random() < 0.1
    )
    if not stages and not own:
        return drawn
    asked = [
        *(name for stage in stages for name in _STAGE_MEASURES[stage]),
        *(measure.name for measure in own),
    ]
    key_stages = {name: stage for stage in stages for name in _STAGE_MEASURES[stage]}
    key_stages |= {measure.name: measure.key_stage for measure in own}
    programmes = tuple(
        _with_measures(draw, programme, asked, key_stages, own) for programme in drawn.programmes
    )
    return replace(
        drawn,
        programmes=programmes,
        other_stages=tuple(stages),
        own_measures=own,
        # Only the register gives the kind of the schools in such tables.
        has_register=drawn.has_register or bool(stages),
        is_roll_counted=bool(draw.random() < 0.5) or "school_census" not in drawn.kinds,
    )


def _with_measures(
    draw: Draw,
    programme: Programme,
    asked: list[str],
    key_stages: dict[str, str],
    own: tuple[OwnMeasure, ...],
) -> Programme:
    if not programme.measures or programme.is_matched or programme.target_group == "high_prior":
        return programme
    primaries = {
        measure.name.partition("_")[0] for measure in programme.measures if measure.is_primary
    }
    added: list[ProgrammeMeasure] = []
    units = {measure.name: measure.unit for measure in own}
    for name in asked:
        stage = key_stages[name]
        is_in_table = programme.target_group in ("all", "disadvantaged", "not_disadvantaged")
        if stage in ("ks2", "ks4") and not is_in_table:
            continue
        if (name in _OF_ALL_ALONE and programme.target_group != "all") or draw.random() < 0.3:
            continue
        is_primary = stage not in primaries and bool(draw.random() < 0.8)
        if is_primary:
            primaries.add(stage)
        is_share = units.get(name, "share") == "share"
        smallest = float(draw.choice([0.02, 0.1])) if is_share else float(draw.choice([0.1, 0.8]))
        added.append(
            ProgrammeMeasure(name, is_primary, smallest if draw.random() < 0.85 else None, False)
        )
    return replace(programme, measures=(*programme.measures, *added))


@dataclass(frozen=True)
class OtherTable:
    """A table as the authority writes it, and what its columns mean."""

    rows: pd.DataFrame
    columns: dict[str, str]


def other_table(draw: Draw, world: World, stage: str, year: str) -> OtherTable:
    """Every local school's figures for a stage and year. A school without pupils has no row."""
    drawn = world.drawn
    names = [*_STAGE_MEASURES[stage], *(m.name for m in drawn.own_measures if m.key_stage == stage)]
    groups = _groups_in_use(drawn, names)
    columns = {"School no": "URN", "DfE": "LEA", "No": "ESTAB", "Name": "SCHNAME"}
    is_counted = stage != "attendance" or drawn.is_roll_counted
    for group in groups:
        ending = "" if group == "all" else f"/{group}"
        if is_counted or group != "all":
            columns[f"Pupils {group}"] = f"n_pupils{ending}"
        for name in names:
            if name not in _OF_ALL_ALONE or group == "all":
                columns[f"{name} of {group}"] = f"{name}{ending}"
    made = []
    for place, school in world.schools.iterrows():
        if not _is_in_table(world, school, stage, year):
            continue
        urn, laestab = world.identity_in(int(str(place)), year)
        row: dict[str, object] = {
            "School no": urn, "DfE": AUTHORITY, "No": laestab % 10_000, "Name": school["name"],
        }  # fmt: skip
        roll = int(draw.poisson(school["cohort"] * (7 if stage == "attendance" else 1)) or 1)
        ability = (
            school["quality"] + school[f"passing_{year}"] + world.effect_on(int(str(place)), year)
        )
        for group in groups:
            n = _pupils_of_group(draw, school, group, roll)
            if f"Pupils {group}" in columns:
                row[f"Pupils {group}"] = n
            for name in names:
                if f"{name} of {group}" in columns:
                    row[f"{name} of {group}"] = _figure(draw, drawn, name, n, float(ability))
        made.append(row)
    rows = pd.DataFrame(made, columns=list(columns))
    return OtherTable(rows, columns)


def revised_rows(
    draw: Draw, world: World, table: OtherTable, stage: str, year: str
) -> pd.DataFrame:
    """A later release of a table, with a few schools' rows changed."""
    again = other_table(draw, world, stage, year).rows
    is_moved = draw.random(len(again)) < 0.1
    return again.where(pd.Series(is_moved), table.rows)


def own_columns(
    draw: Draw, world: World, rows: pd.DataFrame, stage: str, year: str
) -> dict[str, str]:
    """Add columns of the study's own measures to a table of the Department's; return their headings."""
    drawn = world.drawn
    own = [m for m in drawn.own_measures if m.key_stage == stage]
    columns: dict[str, str] = {}
    counts = {
        "all": "TELIG" if stage == "ks2" else "TPUP",
        "disadvantaged": "TFSM6CLA1A",
        "not_disadvantaged": "TNotFSM6CLA1A" if stage == "ks2" else "TNOTFSM6CLA1A",
    }
    of_urn = world.schools.set_index("urn")
    for measure in own:
        for group in _groups_in_use(drawn, [measure.name]):
            if group not in counts:
                continue
            heading = f"Our {measure.name} {group}"
            columns[heading] = measure.name + ("" if group == "all" else f"/{group}")
            figures = []
            for _, row in rows.iterrows():
                urn = row["URN"]
                if row[counts[group]] == "NA":
                    # An academy's other number, without pupils.
                    figures.append("NA")
                    continue
                ability = 0.0
                if urn in of_urn.index:
                    ability = float(of_urn.at[urn, "quality"] + of_urn.at[urn, f"passing_{year}"])
                figures.append(_figure(draw, drawn, measure.name, int(row[counts[group]]), ability))
            rows[heading] = figures
    return columns


def _groups_in_use(drawn: Drawn, names: list[str]) -> list[str]:
    """All pupils, and each group that a programme is evaluated on by one of these measures."""
    asked = {
        str(programme.target_group)
        for programme in drawn.programmes
        for measure in programme.measures
        if measure.name in names
    }
    return ["all", *sorted(asked - {"all"})]


def _is_in_table(world: World, school: pd.Series, stage: str, year: str) -> bool:
    is_primary = school["stage"] == "ks2" or school["has_ks2"]
    is_state_funded = school["kind"] not in ("independent", "alternative")
    return bool(
        school["is_local"] and is_state_funded and school[f"is_there_{year}"]
        and (stage == "attendance" or is_primary)
        and not world.is_elsewhere(int(school.name), year)  # type: ignore[call-overload]
    )  # fmt: skip


def _pupils_of_group(draw: Draw, school: pd.Series, group: str, roll: int) -> int:
    if group == "all":
        return roll
    share = float(school[_GROUP_SHARES[group]])
    share = {"ehc_plan": 0.03, "no_sen": 0.95 - share, "not_disadvantaged": 1 - share}.get(
        group, share
    )
    return int(draw.binomial(roll, min(max(share, 0), 1)))


def _figure(draw: Draw, drawn: Drawn, name: str, n: int, ability: float) -> str:
    """A school's figure as printed: suppressed if few pupils, `NE` if none."""
    if n == 0:
        return "NE"
    if n < _SUPPRESSED_BELOW:
        return "SUPP"
    noise = float(draw.normal(0, 0.5 * drawn.noise_of_pupils / np.sqrt(n)))
    level = ability + noise
    if name == "attendance_absence":
        return f"{min(max(5 - 1.2 * level, 0.2), 60):.1f}"
    if name == "lateness":
        return f"{min(max(4 - 1.5 * level, 0.1), 50):.1f}%"
    if name == "attendance_persistent_absence":
        return f"{100 * draw.binomial(n, min(max(0.12 - 0.05 * level, 0.01), 0.9)) / n:.1f}"
    if name == "suspensions":
        return f"{min(max(0.4 - 0.2 * level, 0), 5):.2f}"
    if name == "reading_age":
        return f"{min(max(3 * level, -40), 40):.1f}"
    return f"{100 * draw.binomial(n, min(max(0.7 + 0.12 * level, 0.02), 0.98)) / n:.0f}%"
