"""Writes a random study as an analyst would receive it: `study.toml` and its files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from tests.fleet.context_files import context_files
from tests.fleet.drawing import Drawn
from tests.fleet.other_files import other_files
from tests.fleet.other_results import other_table, own_columns, revised_rows
from tests.fleet.protocol import protocol_text
from tests.fleet.result_files import pupil_rows, revised, table_rows
from tests.fleet.school_changes import links
from tests.fleet.world import AUTHORITY, TYPES, World, make_world


def write_study(drawn: Drawn, parent: Path) -> Path:
    """Write the study's folder under `parent` and return its path."""
    return write_world(make_world(drawn), parent)


def write_world(world: World, parent: Path) -> Path:
    """Like `write_study`, from a world already made."""
    drawn = world.drawn
    folder = parent / drawn.name
    folder.mkdir(parents=True)
    draw = np.random.default_rng([drawn.seed, 3])
    sources: list[tuple[str, dict[str, object]]] = []

    def add(frame: pd.DataFrame, file: str, kind: str, **more: object) -> None:
        if len(frame):
            frame.to_csv(folder / file, index=False, lineterminator="\n")
            sources.append((file, {"kind": kind, **more}))

    for (stage, year), pupils in world.pupils.items():
        if year in drawn.years_without_file:
            continue
        statuses = drawn.statuses[stage] if year == drawn.outcome_year else ("final",)
        for nth, status in enumerate(statuses):
            released = pupils if nth == 0 else revised(draw, pupils)
            form = drawn.forms[stage]
            rows = pupil_rows(
                np.random.default_rng([drawn.seed, 4, int(year[:4])]), drawn, released, stage, year
            )
            more: dict[str, object] = {"academic_year": year, "status": status}
            kind = f"{stage}_{form.replace('tables', 'schools')}"
            if form == "tables":
                rows = table_rows(world, released, rows, stage, year)
                own = np.random.default_rng([drawn.seed, 11, int(year[:4])])
                if columns := own_columns(own, world, rows, stage, year):
                    more["columns"] = columns
            else:
                rows = rows[(released["laestab"] // 10_000 == AUTHORITY).to_numpy()]
            lost = [heading for at, of_year, heading in drawn.lost if (at, of_year) == (kind, year)]
            if lost := [heading for heading in lost if heading in rows.columns]:
                rows, more["without"] = rows.drop(columns=lost), lost
            add(rows, f"{stage}_{form}_{year}_{status}.csv", kind, **more)
    for stage in drawn.other_stages:
        for year in sorted(set(drawn.years) - set(drawn.years_without_file)):
            own = np.random.default_rng([drawn.seed, 12, int(year[:4]), len(stage)])
            table = other_table(own, world, stage, year)
            releases = {"final": table.rows}
            if year == drawn.outcome_year and own.random() < 0.3:
                releases = {
                    "provisional": table.rows,
                    "revised": revised_rows(own, world, table, stage, year),
                }
            for status, rows in releases.items():
                add(rows, f"{stage}_{year}_{status}.csv", f"{stage}_schools",
                    academic_year=year, status=status, columns=table.columns)  # fmt: skip
    if drawn.has_register:
        add(_register(world), "register.csv", "school_register")
    if "school_links" in drawn.kinds:
        add(pd.DataFrame(links(world.schools)), "links.csv", "school_links")
    add(_enrolments(world), "enrolments.csv", "enrolments")
    for kind, rows in other_files(draw, world).items():
        more = {"academic_year": drawn.outcome_year} if kind == "school_census" else {}
        add(rows, f"{kind}.csv", kind, **more)
    if "la_context" in drawn.kinds:
        for status, rows in context_files(drawn):
            add(rows, f"la_context_{status}.csv", "la_context", status=status)
    (folder / "study.toml").write_text(protocol_text(drawn, sources), encoding="utf-8")
    return folder


def _register(world: World) -> pd.DataFrame:
    rows = []
    for _, school in world.schools.iterrows():
        kind, group, _ = TYPES[school["register_type"]]
        is_primary = school["stage"] == "ks2"
        low, high = (4, 7) if school["kind"] == "infant" else (4, 11) if is_primary else (11, 16)
        row = {
            "URN": school["urn"], "LA (code)": school["la"], "EstablishmentNumber": school["number"],
            "EstablishmentName": school["name"], "TypeOfEstablishment (name)": kind,
            "EstablishmentTypeGroup (name)": group,
            "PhaseOfEducation (name)": "Primary" if is_primary else "Secondary",
            "StatutoryLowAge": low, "StatutoryHighAge": high, "OpenDate": "01-09-1990", "CloseDate": "",
        }  # fmt: skip
        converted = school["converted_on"]
        if converted is not None:
            before = converted - dt.timedelta(days=1)
            rows.append(
                {**row, "URN": school["old_urn"], "EstablishmentNumber": school["old_number"],
                 "TypeOfEstablishment (name)": "Community school",
                 "EstablishmentTypeGroup (name)": "Local authority maintained schools",
                 "CloseDate": f"{before:%d-%m-%Y}"}
            )  # fmt: skip
            row["OpenDate"] = f"{converted:%d-%m-%Y}"
        if school["merged_into"] >= 0:
            row["CloseDate"] = f"{school['changed_on'] - dt.timedelta(days=1):%d-%m-%Y}"
        if school["split_from"] >= 0:
            row["OpenDate"] = f"{school['changed_on']:%d-%m-%Y}"
        rows.append(row)
    return pd.DataFrame(rows)


def _enrolments(world: World) -> pd.DataFrame:
    rows = world.enrolments.copy()
    for name in ("start_date", "end_date"):
        rows[name] = [day.isoformat() if isinstance(day, dt.date) else "" for day in rows[name]]
    has_left = rows["end_date"].ne("").any() or rows["status"].ne("active").any()
    return rows if has_left else rows[["programme", "urn", "start_date"]]
