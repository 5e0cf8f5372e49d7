"""Writes the `study.toml` of a random study."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

from tests.fleet.drawing import Drawn, Programme
from tests.fleet.world import AUTHORITY


def protocol_text(drawn: Drawn, sources: list[tuple[str, dict[str, object]]]) -> str:
    lines = [
        "[study]", _line("name", drawn.name),
        _line("title", f"What support did for pupils: study {drawn.seed}"),
        _line("local_authority", AUTHORITY), _line("local_authority_name", "Nowhere"),
        _line("is_fictional", True), _line("reference_date", drawn.reference_date),
        _line("as_at", drawn.reference_date + dt.timedelta(days=31)),
        _line("outcome_years", list(drawn.outcome_years))
        if drawn.earlier_outcome_years
        else _line("outcome_year", drawn.outcome_year),
        _line("baseline_years", list(drawn.baseline_years)),
        _line("minimum_cell", drawn.minimum_cell), _line("draws", 99), _line("seed", drawn.seed),
    ]  # fmt: skip
    for programme in drawn.programmes:
        lines += _programme_lines(programme)
    for own in drawn.own_measures:
        lines += ["", "[[measure]]"]
        lines += [
            _line(key, value) for key, value in dataclasses.asdict(own).items() if value is not None
        ]
    if drawn.neighbours:
        lines += ["", "[authority_context]", _line("statistical_neighbours", list(drawn.neighbours)),
                  _line("model", "of 2018")]  # fmt: skip
        if drawn.context_years:
            lines.append(_line("years", list(drawn.context_years)))
    for measure, year in drawn.not_yet_published:
        lines += ["", "[[not_yet_published]]", _line("measure", measure), _line("academic_year", year),
                  _line("reason", "It is first published in mid-October")]  # fmt: skip
    if drawn.stated_total is not None:
        lines += ["", "[[stated_total]]", _line("fund", drawn.programmes[0].fund),
                  _line("said", "a round sum"), _line("gbp", drawn.stated_total)]  # fmt: skip
    for kind, but in drawn.claims:
        lines += ["", "[[claim]]", _line("kind", kind), _line("said", "all of them"),
                  _line("said_by", "the board"), *([_line("but", but)] if but else [])]  # fmt: skip
    for file, about in sources:
        lines += [
            "",
            "[[source]]",
            _line("file", file),
            *(_line(key, value) for key, value in about.items()),
        ]
    return "\n".join(lines) + "\n"


def _programme_lines(programme: Programme) -> list[str]:
    lines = ["", "[[programme]]", _line("id", programme.id), _line("title", programme.title),
             _line("fund", programme.fund)]  # fmt: skip
    for key in (
        "priority",
        "funding_gbp",
        "target_group",
        "starts",
        "expected_schools",
        "eligible_share",
    ):
        value = getattr(programme, key)
        if value is not None:
            lines.append(_line(key, value))
    if programme.selection_years:
        lines.append(_line("selection_years", list(programme.selection_years)))
    if programme.is_matched:
        lines += [_line("comparison_pool", "matched"), _line("matches_per_school", 3)]
    if programme.placebo:
        measure, year, n = programme.placebo
        lines.append(
            f'placebo = {{ measure = "{measure}", academic_year = "{year}", n_schools = {n} }}'
        )
    for asked in programme.measures:
        lines += ["", "  [[programme.measure]]", _line("name", asked.name)]
        if asked.is_primary:
            lines.append(_line("primary", True))
        if asked.smallest_effect is not None:
            lines.append(_line("smallest_effect", asked.smallest_effect))
        if asked.is_prior_adjusted:
            lines.append(_line("adjust_for_prior_attainment", True))
    return lines


def _line(key: str, value: object) -> str:
    if isinstance(value, dict):
        entries = (f'"{name}" = {json.dumps(entry)}' for name, entry in value.items())
        return f"{key} = {{ {', '.join(entries)} }}"
    if isinstance(value, dt.date):
        return f"{key} = {value.isoformat()}"
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
