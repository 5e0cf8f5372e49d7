"""The text of the example's `study.toml`: programmes, measures and source files.

Enrolment is data, not protocol: see `programmes`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from pipelines.example.city import BASELINE_YEARS, OUTCOME_YEAR, TARGETS
from pipelines.example.context import MODEL, NEIGHBOURS
from pipelines.example.programmes import GAP_STARTS, OTHERS, REFERENCE_DATE, SEND_STARTS
from pipelines.example.schools import CITY, LOCAL_AUTHORITY


@dataclass(frozen=True)
class File:
    """One file and its entry in `study.toml`."""

    name: str
    kind: str
    table: pd.DataFrame
    publisher: str
    published: dt.date
    academic_year: str | None = None
    status: str | None = None


def source_entry(file: File, sha256: str) -> str:
    """One `[[source]]` entry."""
    lines = ["[[source]]", f'kind = "{file.kind}"', f'file = "{file.name}"']
    if file.academic_year:
        lines.append(f'academic_year = "{file.academic_year}"')
    if file.status:
        lines.append(f'status = "{file.status}"')
    lines += [
        f'publisher = "{file.publisher}"',
        f"published = {file.published.isoformat()}",
        'licence = "Invented data, free to use"',
        f'sha256 = "{sha256}"',
    ]
    return "\n".join(lines) + "\n"


def study_section(name: str, seed: int, judged: tuple[str, ...] = (OUTCOME_YEAR,)) -> str:
    """The `[study]` table, with the outcome years `judged`. The study must have its folder's name."""
    setting = (
        f'outcome_year = "{judged[0]}"'
        if len(judged) == 1
        else f"outcome_years = [{', '.join(map(repr, judged))}]".replace("'", '"')
    )
    years = ", ".join(f'"{year}"' for year in BASELINE_YEARS)
    return f"""\
# The protocol of the example study: an invented city. Written by `ssif example`; change the generator.

[study]
name = "{name}"
title = "Did two school-improvement programmes help pupils in {CITY}?"
local_authority = {LOCAL_AUTHORITY}
local_authority_name = "{CITY}"
is_fictional = true
reference_date = {REFERENCE_DATE.isoformat()}
as_at = {2000 + int(judged[-1][-2:])}-10-02
prepared_for = "Education Advisory Board"
contact = "Education analysis team, Kestrelmouth (invented)"
{setting}
baseline_years = [{years}]
minimum_cell = 6
draws = 9999
seed = {seed}
data_root = "."

[authority_context]
statistical_neighbours = [{", ".join(map(str, NEIGHBOURS))}]
model = "{MODEL}"
"""


# Measures that `ssif power` found most sensitive with adjustment for pupils' prior attainment.
_ADJUSTED = {"gap": {"ks2_rwm_expected"}}

_MINUTES = "minutes of the board, 3 July 2018"
# measure, primary, smallest effect that would matter
_Measures = tuple[tuple[str, bool, float | None], ...]
_SEND_MEASURES: _Measures = (
    ("ks2_reading_progress", True, 1.0),
    ("ks2_writing_progress", False, None),
    ("ks2_maths_progress", False, None),
    ("ks2_rwm_expected", False, None),
    ("ks4_basics_94", True, 0.05),
    ("ks4_attainment8", False, None),
    ("ks4_progress8", False, None),
)
_GAP_MEASURES: _Measures = (
    ("ks2_rwm_expected", True, 0.05),
    ("ks2_reading_progress", False, None),
    ("ks4_basics_94", True, 0.05),
    ("ks4_attainment8", False, None),
    ("ks4_progress8", False, None),
)


_FUND = "Strategic School Improvement Fund (SSIF)"


def programme_entries(judged: tuple[str, ...] = (OUTCOME_YEAR,)) -> list[str]:
    """Every `[[programme]]` entry, the claims of 2018, then the last year's results not yet published."""
    evaluated = (
        ("send", "SEND in mainstream", "SEND in mainstream", SEND_STARTS, _SEND_MEASURES),
        ("gap", "Closing the gap", "Closing the gap", GAP_STARTS, _GAP_MEASURES),
    )
    entries: list[str] = []
    for id_, title, priority, starts, measures in evaluated:
        lines = [
            "[[programme]]",
            f'id = "{id_}"',
            f'title = "{title}"',
            f'fund = "{_FUND}"',
            f'priority = "{priority}"',
            "funding_gbp = 200000",
            f'target_group = "{TARGETS[id_]}"',
            f"starts = {starts.isoformat()}",
            f'selection_years = ["{BASELINE_YEARS[-1]}"]',
            "expected_schools = 18",
            "eligible_share = 0.70",
            "",
        ]
        for name, is_primary, smallest in measures:
            lines += ["  [[programme.measure]]", f'  name = "{name}"']
            lines += ["  primary = true"] if is_primary else []
            lines += [f"  smallest_effect = {smallest}"] if smallest else []
            is_adjusted = name in _ADJUSTED.get(id_, ())
            lines += ["  adjust_for_prior_attainment = true"] if is_adjusted else []
            lines += [""]
        entries.append("\n".join(lines))
    entries += [
        f'[[programme]]\nid = "{other.id}"\ntitle = "{other.title}"\nfund = "Local"\n'
        f'priority = "{other.priority}"\nstarts = {other.starts.isoformat()}\n'
        for other in OTHERS
    ]
    entries.append(
        f'[[stated_total]]\nfund = "{_FUND}"\nsaid = "nearly £0.5m"\ngbp = 500000\nsaid_by = "{_MINUTES}"\n'
    )
    entries += [
        f'[[claim]]\nkind = "{kind}"\nsaid = "{said}"\nsaid_by = "{_MINUTES}"\n{more}'
        for kind, said, more in (
            (
                "every_school_takes_part",
                "every school takes part in one or more programmes",
                "",
            ),
            (
                "all_maintained_schools_reviewed",
                "all maintained schools but one had an external review or an inspection",
                "but = 1\n",
            ),
        )
        if len(judged) == 1
    ]
    summer = 2000 + int(judged[-1][-2:])
    entries += [
        f'[[not_yet_published]]\nmeasure = "{measure}"\nacademic_year = "{judged[-1]}"\n'
        f'reason = "{label} for {summer} is first published in mid-October {summer}"\n'
        for measure, label in (
            ("ks4_attainment8", "Attainment 8"),
            ("ks4_progress8", "Progress 8"),
        )
    ]
    return entries
