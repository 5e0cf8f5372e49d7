"""Writes the protocol as small tables, so that SQL can join the settings of `study.toml`.

`catalogue.protocol` declares them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from pipelines.catalogue import PROTOCOL_TABLES, Table
from pipelines.catalogue.comparison_reason import LEFT_OUT_LABELS
from pipelines.study.key_stages import TESTS, tests_of
from pipelines.study.measures_in_use import measures_in_use
from pipelines.study.release_in_use import result_releases
from pipelines.study.school_types import school_types, spelling_key
from pipelines.study.series import breaks_within, comparable_years
from pipelines.study.settings import Programme, ProgrammeMeasure, Study
from pipelines.study.toml_lines import dotted, line_of

ProtocolRow = Mapping[str, Any]


def write_protocol(con: duckdb.DuckDBPyConnection, study: Study, sources_sha256: str) -> int:
    """Rewrite the tables of schema `protocol`; returns the number of programmes."""
    rows = _rows(study, sources_sha256)
    for table in PROTOCOL_TABLES:
        _write(con, table, rows[table.name])
    return len(rows["programme"])


def _rows(study: Study, sources_sha256: str) -> Mapping[str, list[ProtocolRow]]:
    """The rows of each table."""
    measures, in_use, context = study.measures, measures_in_use(study), study.authority_context
    first_outcome, last_outcome = min(study.study.outcome_years), study.study.outcome_year
    judged = dict.fromkeys(m.name for p in study.evaluated_programmes for m in p.measure)
    return {
        "study": [_study(study, sources_sha256)],
        "study_year": [
            {
                "academic_year": year,
                "is_outcome": year in study.study.outcome_years,
                "is_last": year == last_outcome,
            }
            for year in study.years
        ],
        "programme": [
            {"protocol_order": order, **_programme(programme)}
            for order, programme in enumerate(study.programme)
        ],
        "measure": [
            {
                "measure": measure.name,
                "key_stage": measure.key_stage,
                "unit": measure.unit,
                "decimals": measure.decimals,
                "stored_decimals": measure.stored_decimals,
                "low": measure.low,
                "high": measure.high,
                "higher_is_better": measure.higher_is_better,
                "counts_pupils": measure.counts_pupils,
                "is_in_use": measure.name in in_use,
            }
            for measure in measures.values()
        ],
        "programme_measure": [
            {"programme": programme.id, "protocol_order": order, **_asked(study, measure)}
            for programme in study.evaluated_programmes
            for order, measure in enumerate(programme.measure)
        ],
        "key_stage_tests": [
            {"key_stage": stage, "label": label, "tests_from": days[0], "tests_until": days[1]}
            for stage, (label, *_) in TESTS.items()
            if (days := tests_of(stage, first_outcome))
        ],
        "not_yet_published": [
            {"key_stage": measures[entry.measure].key_stage, **entry.model_dump()}
            for entry in study.not_yet_published
        ],
        "stated_total": [
            {"protocol_order": order, **total.model_dump()}
            for order, total in enumerate(study.stated_total)
        ],
        "statistical_neighbour": [
            {"la_code": code, "model": context.model} for code in context.statistical_neighbours
        ]
        if context
        else [],
        "listed_authority": list(_listed_authorities(study)),
        "context_year": [{"academic_year": year} for year in study.context_years],
        "claim": [claim.model_dump() for claim in study.claim],
        "result_release": [dataclasses.asdict(release) for release in result_releases(study)],
        "series_break": [
            {
                "measure": note.measure,
                "key_stage": measures[note.measure].key_stage,
                "academic_year": note.academic_year,
                "what": note.what,
                "source": note.source,
            }
            for measure in judged
            for note in breaks_within(measure, (*study.years, *study.context_years))
        ],
        # Baseline years whose raw values can be averaged. Estimates standardise by year and use all years.
        "comparable_baseline": [
            {"measure": measure, "academic_year": year}
            for measure in judged
            for year in comparable_years(measure, study.study.baseline_years)
        ],
        "school_type": list(_school_types(study)),
        "comparison_reason": [
            {"reason": reason, "words": words} for reason, words in LEFT_OUT_LABELS.items()
        ],
    }


def _study(study: Study, sources_sha256: str) -> ProtocolRow:
    section = study.study
    return {
        "study": section.name,
        "title": section.title,
        "local_authority": section.local_authority,
        "local_authority_name": section.local_authority_name,
        "is_fictional": section.is_fictional,
        "reference_date": section.reference_date,
        "as_at": section.as_at,
        "prepared_for": section.prepared_for or None,
        "contact": section.contact or None,
        "outcome_year": section.outcome_year,
        "minimum_cell": section.minimum_cell,
        "seed": section.seed,
        "protocol_sha256": study.protocol_sha256,
        "sources_sha256": sources_sha256,
    }


def _programme(programme: Programme) -> ProtocolRow:
    placebo = programme.placebo
    return {
        "programme": programme.id,
        "title": programme.title,
        "fund": programme.fund,
        "priority": programme.priority,
        "funding_gbp": programme.funding_gbp,
        "target_group": programme.target_group,
        "starts": programme.starts,
        "expected_schools": programme.expected_schools,
        "eligible_share": programme.eligible_share,
        "is_evaluated": programme.is_evaluated,
        "is_placebo": placebo is not None,
        "placebo_measure": placebo.measure if placebo else None,
        "placebo_academic_year": placebo.academic_year if placebo else None,
        "placebo_n_schools": placebo.n_schools if placebo else None,
        "comparison_pool": programme.comparison_pool,
        "matches_per_school": programme.matches_per_school,
        "selection_years": sorted(programme.selection_years),
    }


def _asked(study: Study, asked: ProgrammeMeasure) -> ProtocolRow:
    measure = study.measures[asked.name]
    return {
        "measure": measure.name,
        "key_stage": measure.key_stage,
        "label": measure.label,
        "unit": measure.unit,
        "decimals": measure.stored_decimals,
        "is_primary": asked.primary,
        "smallest_effect": asked.smallest_effect,
        "is_prior_adjusted": asked.adjust_for_prior_attainment,
    }


def _listed_authorities(study: Study) -> Iterator[ProtocolRow]:
    """Authorities whose published results are shown, with the setting that names each and its line."""
    if not any(source.kind == "la_context" for source in study.source):
        return
    text = study.protocol_path.read_text(encoding="utf-8-sig")
    own, listed = ("study", "local_authority"), ("authority_context", "statistical_neighbours")
    context = study.authority_context
    named = [(study.study.local_authority, own)]
    named += [(code, listed) for code in (context.statistical_neighbours if context else ())]
    for code, setting in named:
        yield {"la_code": code, "setting": dotted(setting), "file_row": line_of(text, setting)}


def _school_types(study: Study) -> Iterator[ProtocolRow]:
    """Every known type of school; the study's own explanations override."""
    types = {key: (known.school_kind, known.is_maintained) for key, known in school_types().items()}
    for spelling, meant in study.study.school_types.items():
        types[spelling_key(spelling)] = types[spelling_key(meant)]
    for key, (kind, is_maintained) in types.items():
        yield {"spelling_key": key, "school_kind": kind, "is_maintained": is_maintained}


def _write(con: duckdb.DuckDBPyConnection, table: Table, rows: list[ProtocolRow]) -> None:
    """Fill a table. Raises ValueError if a row has not just the declared columns."""
    names = [column.name for column in table.columns]
    if any(row.keys() != set(names) for row in rows):
        raise ValueError(f"{table.full_name}: a row has other columns than the catalogue declares")
    con.execute(table.ddl())
    if rows:
        marks = ", ".join(f"({', '.join('?' for _ in names)})" for _ in rows)
        con.execute(
            f"INSERT INTO {table.full_name} VALUES {marks}",
            [row[name] for row in rows for name in names],
        )
