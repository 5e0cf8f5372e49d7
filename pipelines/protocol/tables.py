"""Writes the protocol as small tables, so that SQL can join the settings of `study.toml`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import duckdb

from pipelines.catalogue.comparison_reason import LEFT_OUT_LABELS
from pipelines.study.key_stages import TESTS, tests_of
from pipelines.study.measures_in_use import measures_in_use
from pipelines.study.release_in_use import result_releases
from pipelines.study.school_types import school_types, spelling_key
from pipelines.study.series import breaks_within, comparable_years
from pipelines.study.settings import Study
from pipelines.study.toml_lines import dotted, line_of


def write_protocol(con: duckdb.DuckDBPyConnection, study: Study, sources_sha256: str) -> int:
    """Rewrite the tables of schema `protocol`; returns the number of programmes."""
    section, measures, in_use = study.study, study.measures, measures_in_use(study)
    _write(
        con,
        "study",
        "study VARCHAR, title VARCHAR, local_authority INTEGER, local_authority_name VARCHAR, "
        "is_fictional BOOLEAN, reference_date DATE, as_at DATE, "
        "prepared_for VARCHAR, contact VARCHAR, outcome_year VARCHAR, minimum_cell INTEGER, "
        "seed BIGINT, "
        "protocol_sha256 VARCHAR, sources_sha256 VARCHAR",
        [
            (
                section.name,
                section.title,
                section.local_authority,
                section.local_authority_name,
                section.is_fictional,
                section.reference_date,
                section.as_at,
                section.prepared_for or None,
                section.contact or None,
                section.outcome_year,
                section.minimum_cell,
                section.seed,
                study.protocol_sha256,
                sources_sha256,
            )
        ],
    )
    _write(
        con,
        "study_year",
        "academic_year VARCHAR, is_outcome BOOLEAN",
        [(year, year == section.outcome_year) for year in study.years],
    )
    _write(
        con,
        "programme",
        "programme VARCHAR, protocol_order INTEGER, title VARCHAR, fund VARCHAR, priority VARCHAR, "
        "funding_gbp INTEGER, target_group VARCHAR, starts DATE, expected_schools INTEGER, "
        "eligible_share DOUBLE, is_evaluated BOOLEAN, is_placebo BOOLEAN, placebo_measure VARCHAR, "
        "placebo_academic_year VARCHAR, placebo_n_schools INTEGER, comparison_pool VARCHAR, "
        "matches_per_school INTEGER, selection_years VARCHAR[]",
        [
            (
                programme.id,
                order,
                programme.title,
                programme.fund,
                programme.priority,
                programme.funding_gbp,
                programme.target_group,
                programme.starts,
                programme.expected_schools,
                programme.eligible_share,
                programme.is_evaluated,
                programme.placebo is not None,
                programme.placebo.measure if programme.placebo else None,
                programme.placebo.academic_year if programme.placebo else None,
                programme.placebo.n_schools if programme.placebo else None,
                programme.comparison_pool,
                programme.matches_per_school,
                sorted(programme.selection_years),
            )
            for order, programme in enumerate(study.programme)
        ],
    )
    _write(
        con,
        "measure",
        "measure VARCHAR, key_stage VARCHAR, unit VARCHAR, decimals INTEGER, stored_decimals INTEGER, "
        "low DOUBLE, high DOUBLE, higher_is_better BOOLEAN, counts_pupils BOOLEAN, is_in_use BOOLEAN",
        [
            (
                measure.name,
                measure.key_stage,
                measure.unit,
                measure.decimals,
                measure.stored_decimals,
                measure.low,
                measure.high,
                measure.higher_is_better,
                measure.counts_pupils,
                measure.name in in_use,
            )
            for measure in measures.values()
        ],
    )
    _write(
        con,
        "programme_measure",
        "programme VARCHAR, protocol_order INTEGER, measure VARCHAR, key_stage VARCHAR, label VARCHAR, "
        "unit VARCHAR, decimals INTEGER, is_primary BOOLEAN, smallest_effect DOUBLE, "
        "is_prior_adjusted BOOLEAN",
        [
            (
                programme.id,
                order,
                measure.name,
                measures[measure.name].key_stage,
                measures[measure.name].label,
                measures[measure.name].unit,
                measures[measure.name].stored_decimals,
                measure.primary,
                measure.smallest_effect,
                measure.adjust_for_prior_attainment,
            )
            for programme in study.evaluated_programmes
            for order, measure in enumerate(programme.measure)
        ],
    )
    _write(
        con,
        "key_stage_tests",
        "key_stage VARCHAR, label VARCHAR, tests_from DATE, tests_until DATE",
        [
            (key_stage, label, *days)
            for key_stage, (label, *_) in TESTS.items()
            if (days := tests_of(key_stage, section.outcome_year))
        ],
    )
    _write(
        con,
        "not_yet_published",
        "measure VARCHAR, key_stage VARCHAR, academic_year VARCHAR, reason VARCHAR",
        [
            (entry.measure, measures[entry.measure].key_stage, entry.academic_year, entry.reason)
            for entry in study.not_yet_published
        ],
    )
    _write(
        con,
        "stated_total",
        "protocol_order INTEGER, fund VARCHAR, said VARCHAR, said_by VARCHAR, gbp BIGINT",
        [
            (order, total.fund, total.said, total.said_by, total.gbp)
            for order, total in enumerate(study.stated_total)
        ],
    )
    context = study.authority_context
    _write(
        con,
        "statistical_neighbour",
        "la_code INTEGER, model VARCHAR",
        [(code, context.model) for code in context.statistical_neighbours] if context else [],
    )
    _write(
        con,
        "listed_authority",
        "la_code INTEGER, setting VARCHAR, file_row BIGINT",
        list(_listed_authorities(study)),
    )
    _write(con, "context_year", "academic_year VARCHAR", [(year,) for year in study.context_years])
    _write(
        con,
        "claim",
        "kind VARCHAR, said VARCHAR, said_by VARCHAR, but INTEGER",
        [(claim.kind, claim.said, claim.said_by, claim.but) for claim in study.claim],
    )
    _write(
        con,
        "result_release",
        "key_stage VARCHAR, academic_year VARCHAR, release_status VARCHAR, finality INTEGER, "
        "is_used BOOLEAN, is_marked BOOLEAN, is_published BOOLEAN",
        [dataclasses.astuple(release) for release in result_releases(study)],
    )
    judged = dict.fromkeys(m.name for p in study.evaluated_programmes for m in p.measure)
    _write(
        con,
        "series_break",
        "measure VARCHAR, key_stage VARCHAR, academic_year VARCHAR, what VARCHAR, source VARCHAR",
        [
            (
                note.measure,
                measures[note.measure].key_stage,
                note.academic_year,
                note.what,
                note.source,
            )
            for measure in judged
            for note in breaks_within(measure, (*study.years, *study.context_years))
        ],
    )
    # Baseline years whose raw values can be averaged. Estimates standardise by year and use all years.
    _write(
        con,
        "comparable_baseline",
        "measure VARCHAR, academic_year VARCHAR",
        [
            (measure, year)
            for measure in judged
            for year in comparable_years(measure, section.baseline_years)
        ],
    )
    # The study's own explanations of school types override.
    types = {
        key: (key, known.school_kind, known.is_maintained) for key, known in school_types().items()
    }
    for spelling, meant in section.school_types.items():
        _, kind, is_maintained = types[spelling_key(meant)]
        types[spelling_key(spelling)] = (spelling_key(spelling), kind, is_maintained)
    _write(
        con,
        "school_type",
        "spelling_key VARCHAR, school_kind VARCHAR, is_maintained BOOLEAN",
        list(types.values()),
    )
    _write(
        con,
        "comparison_reason",
        "reason VARCHAR, words VARCHAR",
        list(LEFT_OUT_LABELS.items()),
    )
    return len(study.programme)


def _listed_authorities(study: Study) -> Iterator[tuple[int, str, int | None]]:
    """Authorities whose published results are shown, with the setting that names each and its line."""
    if not any(source.kind == "la_context" for source in study.source):
        return
    text = study.protocol_path.read_text(encoding="utf-8-sig")
    own, listed = ("study", "local_authority"), ("authority_context", "statistical_neighbours")
    context = study.authority_context
    yield study.study.local_authority, dotted(own), line_of(text, own)
    for code in context.statistical_neighbours if context else ():
        yield code, dotted(listed), line_of(text, listed)


def _write(
    con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple[object, ...]]
) -> None:
    con.execute(f"CREATE OR REPLACE TABLE protocol.{name} ({columns})")
    if rows:
        marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
        con.execute(f"INSERT INTO protocol.{name} VALUES {marks}", [v for row in rows for v in row])
