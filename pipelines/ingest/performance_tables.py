"""Reads DfE performance tables (one wide row per school) into one row per figure, with its text and status.

`published_columns.csv` maps headings to figures. The study declares renamed or missing columns (see
`headings`).
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from pipelines.catalogue import PUBLISHED_OUTCOME
from pipelines.ingest.headings import (
    Place,
    Wanted,
    declared_absent,
    headings_in,
    locate,
    looked_for,
)
from pipelines.ingest.misread_figures import (
    judge_figures,
    kept,
    misread_places,
    set_aside_unused,
)
from pipelines.ingest.numbers import code, whole
from pipelines.ingest.published_columns import (
    PublishedColumn,
    columns_of,
    published_columns,
    wanted_figures,
)
from pipelines.ingest.published_values import (
    UNKNOWN_CODE,
    UNKNOWN_ELSEWHERE,
    is_neither,
    is_no_count,
    is_number,
    meaning_of_figure,
    number,
    status,
)
from pipelines.ingest.registration import (
    BLANK_ROW,
    ReadResult,
    RegisteredFile,
    record,
    record_set_aside_values,
    record_unknown_codes,
)
from pipelines.ingest.tabular import create_from_scan, open_source
from pipelines.store.store import row_count, sql_text
from pipelines.study.measures import Unit
from pipelines.study.measures_in_use import measures_in_use
from pipelines.study.settings import Source, Study, key_stage_of

# The key stages number record types differently: 4 is a nation in one, an authority in the other. Some tables
# write them in words.
_TOTALS_IN_WORDS = {"LA": "authority", "NAT": "nation"}
LEVEL_OF_RECORD_TYPE: dict[str, dict[str, str]] = {
    "ks2": {
        "1": "mainstream_school",
        "2": "special_school",
        "3": "authority",
        "4": "nation",
        "5": "nation",
        **_TOTALS_IN_WORDS,
    },
    "ks4": {
        "1": "mainstream_school",
        "2": "special_school",
        "4": "authority",
        "5": "nation",
        "7": "nation",
        **_TOTALS_IN_WORDS,
    },
}
# Other stages' tables may lack record types: a row with a URN is then a school.
_BY_URN = (
    "CASE WHEN urn IS NOT NULL THEN 'mainstream_school' "
    "WHEN {la} IS NULL THEN 'nation' ELSE 'authority' END"
)
# Schools are found by URN; if LEA and ESTAB are missing, a register must give the authority.
_KEYS = (
    Wanted(
        "record_type",
        ("RECTYPE", "record_type"),
        can_be_without=False,
        assumed='"RECTYPE" = "1"',
        assumed_if="every row is a mainstream school",
    ),
    Wanted("la", ("LEA", "la")),
    Wanted("estab", ("ESTAB", "estab")),
    Wanted("urn", ("URN", "urn"), can_be_without=False),
    Wanted("name", ("SCHNAME", "school_name")),
    Wanted("school_type", ("NFTYPE", "school_type", "SCHTYPE"), is_required=False),
)
_KEY_OF_COLUMN = {"level": "record_type", "la_code": "la", "laestab": "estab", "urn": "urn"}


def _keys(source: Source) -> tuple[Wanted, ...]:
    """Key columns: all are required in the Department's tables, only the URN in others."""
    if key_stage_of(source.kind) in LEVEL_OF_RECORD_TYPE:
        return _KEYS
    return tuple(
        key if key.key == "urn" else replace(key, is_required=False, can_be_without=True)
        for key in _KEYS
    )


def key_heading(study: Study, source: Source, column_name: str, figure: str) -> str | None:
    """The file's heading for a column that belongs to a figure; None if the figure itself fills it.

    `figure` is the figure's heading, which identifies its pupil count and interval.
    """
    if key := _KEY_OF_COLUMN.get(column_name):
        return headings_in(source, _KEYS)[key]
    columns = _of_any_year(study, source)
    own = headings_in(source, wanted_figures(columns, set()))
    for column in columns:
        if own[column.value].casefold() == figure.casefold():
            beside = {
                "n_pupils": column.n_pupils, "ci_low": column.ci_low, "ci_high": column.ci_high
            }  # fmt: skip
            return own.get(beside.get(column_name, ""))
    return None


def _of_any_year(study: Study, source: Source) -> list[PublishedColumn]:
    """The file's columns, and those of its key stage in other years."""
    stage = key_stage_of(source.kind)
    usual = (column for column in published_columns() if column.key_stage == stage)
    return list(dict.fromkeys((*columns_of(study, source), *usual)))


# Allowed values of each key column, in words.
_MEANING_OF_KEY = {
    "urn": "a URN of 6 digits",
    "la": "an authority's number of 3 digits",
    "estab": "an establishment number of 4 digits",
}


def meaning_of_heading(study: Study, source: Source, heading: str) -> str:
    """The values allowed under a heading, in words for a message."""
    keys = headings_in(source, _KEYS)
    for key, meaning in _MEANING_OF_KEY.items():
        if keys[key].casefold() == heading.casefold():
            return meaning
    columns = _of_any_year(study, source)
    own = headings_in(source, wanted_figures(columns, set()))
    if any(own[c.n_pupils].casefold() == heading.casefold() for c in columns):
        return "a whole number of pupils (as 12 or 1,234: no percentage, no decimals)"
    units = {
        study.measures[c.measure].unit
        for c in columns
        if own[c.value].casefold() == heading.casefold()
    }
    return meaning_of_figure(is_share=units != {"points"})


def codes_of_record_types(source: Source) -> str:
    """The record types of a key stage's tables: codes and words."""
    levels = LEVEL_OF_RECORD_TYPE[source.kind.removesuffix("_schools")]
    words = ", ".join(f"{code} ({level.replace('_', ' ')})" for code, level in levels.items())
    return f"one of {words}"


def _needed(study: Study, source: Source, columns: list[PublishedColumn]) -> set[str]:
    """Headings that must be present: those of evaluated measures and groups, unless not yet published."""
    used = {
        (measure.name, programme.target_group)
        for programme in study.evaluated_programmes
        for measure in programme.measure
    }
    not_out = {
        entry.measure
        for entry in study.not_yet_published
        if entry.academic_year == source.academic_year
    }
    return {
        heading
        for column in columns
        if (column.measure, column.pupil_group) in used and column.measure not in not_out
        for heading in (column.value, *([] if _is_on_roll(study, column) else [column.n_pupils]))
    }


def _is_on_roll(study: Study, column: PublishedColumn) -> bool:
    """Whether pupils are counted by the school census, because the file does not count them."""
    kinds = {source.kind for source in study.source}
    return column.key_stage == "attendance" and "school_census" in kinds


def read_performance_table(
    con: duckdb.DuckDBPyConnection, study: Study, registered: RegisteredFile
) -> None:
    """Add a file's figures to `raw.published_outcome`. Raises StudyError with all its faults."""
    source = registered.source
    key_stage = key_stage_of(source.kind)
    columns = list(columns_of(study, source))
    others = {
        name.casefold(): f"it is {column.years}"
        for column in published_columns()
        if column.key_stage == key_stage and column not in columns
        for name in (column.name, column.value)
    }
    needed = _needed(study, source, columns)
    keys_wanted = _keys(source)
    wanted = (*keys_wanted, *wanted_figures(columns, needed))
    file = open_source(source, registered.path, looked_for(source, wanted))
    places = locate(file, wanted, study, source, not_here=others)
    # A figure's pupils may be unknown only if the study declares their column absent.
    counted = places.keys() | declared_absent(source, wanted)
    present = [
        column
        for column in columns
        if column.value in places and (column.n_pupils in counted or _is_on_roll(study, column))
    ]
    keys = ", ".join(f"{_text(places.get(key.key))} AS {key.key}" for key in _KEYS)
    cells = {heading: nth for nth, heading in enumerate(h for h in places if h not in _KEY_NAMES)}
    texts = "".join(f", {_text(places[heading])} AS t{nth}" for heading, nth in cells.items())
    every = ", ".join(Place(h, i).text() for i, h in enumerate(file.headers) if h)
    types = LEVEL_OF_RECORD_TYPE.get(key_stage, LEVEL_OF_RECORD_TYPE["ks2"])
    record_types = " ".join(f"WHEN '{code}' THEN '{level}'" for code, level in types.items())
    level = (
        f"CASE {code('record_type')} {record_types} END"
        if "record_type" in places
        else _BY_URN.format(la=whole("la"))
    )
    not_records = create_from_scan(
        con,
        file,
        f"""
        CREATE OR REPLACE TEMP TABLE numbered AS
        WITH keyed AS (
            SELECT row_number, coalesce({every}) IS NULL AS is_blank_row, {keys}{texts} FROM {{scan}}
        )
        SELECT *, {level} AS level FROM keyed
        """,
    )
    used = measures_in_use(study)
    figures = " UNION ALL ".join(
        _figure(
            column,
            places,
            cells,
            unit=study.measures[column.measure].unit,
            is_used=column.measure in used,
        )
        for column in present
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS {figures or _figure_of_nothing()}")
    judge_figures(con, "incoming")
    try:
        _store(con, registered, places, ReadResult(file.reading, not_records))
    finally:
        con.execute("DROP TABLE numbered")
        con.execute("DROP TABLE incoming")


_MOST_PUPILS = PUBLISHED_OUTCOME.column("n_pupils").high
_KEY_NAMES = frozenset(key.key for key in _KEYS)


def _text(place: Place | None) -> str:
    return "NULL::VARCHAR" if place is None else place.text()


def _figure(
    column: PublishedColumn,
    places: dict[str, Place],
    cells: dict[str, int],
    *,
    unit: Unit,
    is_used: bool,
) -> str:
    """SELECT of one figure per row, with its text and the texts of its pupil count and interval."""

    def cell(heading: str) -> str:
        return f"t{cells[heading]}" if heading in cells else "NULL::VARCHAR"

    n_heading = places[column.n_pupils].heading if column.n_pupils in places else ""
    return (
        "SELECT row_number, level, record_type, la, estab, urn, name, school_type, "
        f"{sql_text(places[column.value].heading)} AS column_name, {sql_text(n_heading)} AS n_heading, "
        f"'{column.pupil_group}' AS pupil_group, '{column.measure}' AS measure, "
        f"'{unit}' AS unit, {is_used} AS is_used, "
        f"{cell(column.value)} AS raw_text, {cell(column.n_pupils)} AS n_text, "
        f"{cell(column.ci_low)} AS low_text, {cell(column.ci_high)} AS high_text "
        "FROM numbered WHERE NOT is_blank_row"
    )


def _figure_of_nothing() -> str:
    texts = ("column_name", "n_heading", "pupil_group", "measure", "unit")
    more = ", ".join(f"'' AS {name}" for name in texts)
    cells = ", ".join(
        f"''::VARCHAR AS {name}" for name in ("raw_text", "n_text", "low_text", "high_text")
    )
    return (
        "SELECT row_number, level, record_type, la, estab, urn, name, school_type, "
        f"{more}, false AS is_used, {cells} FROM numbered WHERE false"
    )


def _store(
    con: duckdb.DuckDBPyConnection,
    registered: RegisteredFile,
    places: dict[str, Place],
    read_result: ReadResult,
) -> None:
    source = registered.source
    decimals = "length(regexp_extract(raw_text, '\\.([0-9]+)', 1))"
    per_unit = "CASE unit WHEN 'share' THEN 100 ELSE 1 END"
    unknown = f"CASE WHEN is_used THEN '{UNKNOWN_CODE}' ELSE '{UNKNOWN_ELSEWHERE}' END"
    con.execute(
        f"""
        INSERT INTO raw.published_outcome BY NAME
        SELECT
            $source_id AS source_id, row_number, column_name,
            $academic_year AS academic_year, $status AS release_status,
            coalesce(level, 'record type ' || coalesce(record_type, 'blank')) AS level,
            CASE WHEN level <> 'nation' THEN {whole("la")} END AS la_code,
            CASE WHEN level LIKE '%school'
                THEN {whole("la")} * 10000 + {whole("estab")} END AS laestab,
            CASE WHEN level LIKE '%school' THEN {whole("urn")} END AS urn,
            name AS school_name, school_type, pupil_group, measure, raw_text,
            CASE WHEN NOT is_used AND misread IS NOT NULL THEN '{UNKNOWN_ELSEWHERE}'
                ELSE {status("raw_text", unknown)} END AS value_status,
            {kept(f"{number('raw_text')} / {per_unit}")} AS value,
            CASE WHEN {is_number("raw_text")} THEN 0.5 * pow(10, -{decimals}) / {per_unit} ELSE 0 END
                AS half_width,
            {_if_used_or(f"BETWEEN 0 AND {_MOST_PUPILS}", whole("n_text"))} AS n_pupils,
            {_if_used_or("BETWEEN -1000 AND 1000", number("low_text"))} AS ci_low,
            {_if_used_or("BETWEEN -1000 AND 1000", number("high_text"))} AS ci_high
        FROM incoming
        ORDER BY row_number, column_name
        """,
        {
            "source_id": registered.source_id,
            "academic_year": source.academic_year,
            "status": source.status,
        },
    )
    _note_unreadable(con, registered, places)
    record_unknown_codes(
        con,
        registered,
        "SELECT column_name, raw_text, count(*) FROM incoming "
        f"WHERE NOT is_used AND {is_neither('raw_text')} GROUP BY ALL",
    )
    n_without_figure = row_count(
        con,
        "numbered WHERE NOT is_blank_row AND row_number NOT IN (SELECT row_number FROM incoming)",
    )
    stored = con.execute(
        "SELECT count(DISTINCT row_number) FROM raw.published_outcome WHERE source_id = $source_id",
        {"source_id": registered.source_id},
    ).fetchall()
    record(
        con,
        registered,
        n_rows_in=row_count(con, "numbered"),
        n_rows_kept=int(stored[0][0]),
        set_asides={
            BLANK_ROW: row_count(con, "numbered WHERE is_blank_row"),
            "no column with a figure that this project knows": n_without_figure,
        },
        read_result=read_result,
    )


def _note_unreadable(
    con: duckdb.DuckDBPyConnection, registered: RegisteredFile, places: dict[str, Place]
) -> None:
    """Record the places of unreadable cells that would otherwise be lost.

    Without a URN a school cannot be identified; without a pupil count a figure has no weight.
    """
    urn = sql_text(places["urn"].heading)
    la_keys = " ".join(
        f"UNION ALL SELECT row_number, {sql_text(places[key].heading)} FROM numbered "
        f"WHERE level LIKE '%school' AND {key} IS NOT NULL AND {whole(key)} IS NULL"
        for key in ("la", "estab")
        if key in places
    )
    con.execute(
        f"""
        INSERT INTO raw.unreadable
        WITH place AS (
            SELECT row_number, {urn} AS heading FROM numbered
            WHERE level LIKE '%school' AND {whole("urn")} IS NULL
            {la_keys}
            UNION ALL
            SELECT row_number, n_heading FROM incoming WHERE is_used AND {is_no_count("n_text")}
            UNION ALL {misread_places("incoming")}
        )
        SELECT DISTINCT $table_name, $source_id, row_number, heading FROM place
        """,
        {"table_name": PUBLISHED_OUTCOME.name, "source_id": registered.source_id},
    )
    set_aside_unused(con, PUBLISHED_OUTCOME, registered, "incoming")
    record_set_aside_values(
        con,
        PUBLISHED_OUTCOME,
        registered,
        "SELECT DISTINCT row_number, n_heading FROM incoming WHERE NOT is_used AND "
        f"({is_no_count('n_text')} OR NOT {whole('n_text')} BETWEEN 0 AND {_MOST_PUPILS}) "
        "AND n_heading NOT IN (SELECT n_heading FROM incoming WHERE is_used)",
    )


def _if_used_or(condition: str, number: str) -> str:
    """SQL for a number; if the study does not use its measure, NULL unless it meets the condition."""
    return f"CASE WHEN is_used OR ({number}) {condition} THEN {number} END"
