"""Reads long files about authorities, regions and the nation into one row per figure (`raw.la_context`).

There are two layouts: the authority interactive tool (`lait`) and explore education statistics (`ees`).
`context_years` reads the years; `context_mapping` maps figures and pupil groups.
"""

from __future__ import annotations

import duckdb

from pipelines.catalogue import LA_CONTEXT
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.context_mapping import ContextMeasure, context_measures, group_of_row
from pipelines.ingest.context_years import spelled_year, status_of
from pipelines.ingest.headings import Place, Wanted, headings_in, locate, looked_for
from pipelines.ingest.misread_figures import (
    judge_figures,
    kept,
    misread_places,
    set_aside_unused,
)
from pipelines.ingest.numbers import whole
from pipelines.ingest.published_values import (
    UNKNOWN_CODE,
    UNKNOWN_ELSEWHERE,
    is_neither,
    meaning_of_figure,
    number,
    status,
)
from pipelines.ingest.registration import (
    BLANK_ROW,
    ReadResult,
    RegisteredFile,
    record,
    record_unknown_codes,
)
from pipelines.ingest.tabular import TabularFile, create_from_scan, open_source
from pipelines.store.store import row_count, sql_text
from pipelines.study.measures import MEASURES
from pipelines.study.measures_in_use import measures_in_use
from pipelines.study.settings import Source, Study

_LAIT = (
    Wanted("name", ("Short Desc",), can_be_without=False),
    Wanted("year_text", ("Years",), can_be_without=False),
    Wanted("area_name", ("LA and Regions",), can_be_without=False),
    Wanted("raw_text", ("Values",), can_be_without=False),
    Wanted("area_code", ("LA Number",), can_be_without=False),
)
_EES = (
    Wanted("year_text", ("time_period",), can_be_without=False),
    Wanted("geographic_level", ("geographic_level",), can_be_without=False),
    Wanted("country_name", ("country_name",), can_be_without=False),
    Wanted("region_name", ("region_name",), is_required=False),
    Wanted("area_code", ("old_la_code",), is_required=False),
    Wanted("la_name", ("la_name",), is_required=False),
    Wanted("status_text", ("version",), is_required=False),
    Wanted("subject", ("subject",), is_required=False),
    # Never in published files: a study states it for a file cut to one group.
    Wanted("stated_group", ("pupil_group",), is_required=False),
)
# Headings that identify the heading row in either layout.
_EITHER = (
    Wanted("what", ("Short Desc", "geographic_level")),
    Wanted("year_text", ("Years", "time_period")),
    Wanted("area", ("LA and Regions", "country_name")),
)
# Columns of explore education statistics that name places, not pupils.
_EES_PLACES = (
    *("time_identifier", "country_code", "region_code", "new_la_code"),
    *("pcon_code", "pcon_name", "lad_code", "lad_name", "lsip_code", "lsip_name"),
    *("opportunity_area_code", "opportunity_area_name", "english_devolved_area_code"),
    "english_devolved_area_name",
)
# The interactive tool numbers the nation 970 and its regions from 980 on.
_LEVEL_OF_NUMBER = (
    f"CASE WHEN {whole('area_code')} = 970 THEN 'nation' "
    f"WHEN {whole('area_code')} BETWEEN 980 AND 990 THEN 'region' "
    f"WHEN {whole('area_code')} BETWEEN 200 AND 999 THEN 'authority' END"
)
_LEVEL_OF_WORD = (
    "CASE lower(geographic_level) WHEN 'national' THEN 'nation' WHEN 'regional' THEN 'region' "
    "WHEN 'local authority' THEN 'authority' END"
)
# More than any file publishes; further digits are floating-point noise.
_DECIMALS_KEPT = 6

NOT_AN_OUTCOME = "a figure that is none of this project's outcomes"
NOT_ONE_YEAR = "a span of years, not one academic year"
OTHER_AREA = "neither an authority, a region nor the nation"


def read_context(con: duckdb.DuckDBPyConnection, study: Study, registered: RegisteredFile) -> None:
    """Add a file's figures to `raw.la_context`. Raises StudyError with all its faults."""
    source = registered.source
    try:
        file = open_source(source, registered.path, looked_for(source, _EITHER, knows_all=False))
        read = _read_lait if _is_of_interactive_tool(file, registered) else _read_ees
        not_records = read(con, study, registered, file)
        _store(con, study, registered, ReadResult(file.reading, not_records))
    finally:
        for table in ("numbered", "figure", "spelled"):
            con.execute(f"DROP TABLE IF EXISTS {table}")


def key_heading(source: Source, column_name: str, figure: str) -> str | None:
    """The file's heading for the column that names a figure's area; None for columns of the figure itself.

    `figure` is a figure's heading, which identifies the layout.
    """
    lait = headings_in(source, _LAIT)
    if figure == lait["raw_text"]:
        names = {"area_level": "area_code", "la_code": "area_code", "area_name": "area_name"}
        return lait[names[column_name]] if column_name in names else None
    names = {"la_code": "area_code", "area_name": "la_name"}
    return headings_in(source, _EES)[names[column_name]] if column_name in names else None


def meaning_of_heading(source: Source, heading: str) -> str:
    """The values allowed under a heading, in words for a message."""
    lait, ees = headings_in(source, _LAIT), headings_in(source, _EES)
    meanings = {
        lait["year_text"]: "a year (as 2018, 2017-18, 2017/18 or 201718)",
        ees["year_text"]: "a year (as 2018, 2017-18, 2017/18 or 201718)",
        ees["status_text"]: "a release status (Provisional, Revised or Final)",
        lait["area_code"]: "an authority's number of 3 digits",
        ees["area_code"]: "an authority's number of 3 digits",
    }
    folded = {name.casefold(): meaning for name, meaning in meanings.items()}
    units = {MEASURES[m.measure].unit for m in context_measures("ees") if m.name == heading}
    return folded.get(heading.casefold(), meaning_of_figure(is_share=units != {"points"}))


def _is_of_interactive_tool(file: TabularFile, registered: RegisteredFile) -> bool:
    """Decided by the headings, or by the study's names for them; the default is explore education
    statistics."""
    targets = (name for names in registered.source.columns.values() for name in names)
    known = {name.casefold() for name in (*file.headers, *targets)}
    return "short desc" in known or ("years" in known and "time_period" not in known)


def _read_lait(
    con: duckdb.DuckDBPyConnection, study: Study, registered: RegisteredFile, file: TabularFile
) -> dict[str, int]:
    """Read one figure a row, named by its short description; returns rows set aside, by reason."""
    places = locate(file, _LAIT, study, registered.source)
    not_records = _scan(con, file, {wanted.key: places[wanted.key] for wanted in _LAIT})
    names = ", ".join(
        f"({sql_text(m.name)}, '{m.measure}', '{m.pupil_group}')" for m in context_measures("lait")
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE figure AS
        SELECT numbered.row_number, {sql_text(places["raw_text"].heading)} AS column_name,
            {sql_text(places["year_text"].heading)} AS year_heading, NULL::VARCHAR AS status_heading,
            {sql_text(places["area_code"].heading)} AS area_heading,
            year_text, NULL::VARCHAR AS status_text, {_LEVEL_OF_NUMBER} AS area_level, area_name, area_code,
            measure, pupil_group, raw_text,
            CASE WHEN measure IS NULL THEN {sql_text(NOT_AN_OUTCOME)} END AS aside
        FROM numbered LEFT JOIN (VALUES {names}) AS mapped (name, measure, pupil_group) USING (name)
        WHERE NOT is_blank_row
        """
    )
    return not_records


def _read_ees(
    con: duckdb.DuckDBPyConnection, study: Study, registered: RegisteredFile, file: TabularFile
) -> dict[str, int]:
    """Read rows with several figures, each under its heading; other columns name the pupils.

    Returns rows set aside, by reason.
    """
    measures = context_measures("ees")
    headings = tuple(dict.fromkeys(measure.name for measure in measures))
    wanted = (*_EES, *(Wanted(name, (name,), is_required=False) for name in headings))
    places = locate(file, wanted, study, registered.source)
    figures = [m for m in measures if m.name in places and (not m.subject or "subject" in places)]
    if not figures:
        raise StudyError([_no_figure(file, headings)])
    taken = {place.index for place in places.values()}
    others = {
        f"f{nth}": Place(heading, nth)
        for nth, heading in enumerate(file.headers)
        if heading and nth not in taken and heading.casefold() not in _EES_PLACES
    }
    keys = {wanted.key: places.get(wanted.key) for wanted in _EES}
    cells = {f"v{nth}": places[name] for nth, name in enumerate(headings) if name in places}
    cell_of = {place.heading: cell for cell, place in cells.items()}
    not_records = _scan(con, file, {**keys, **cells, **others})
    group, other_pupils = group_of_row(con, others, is_stated="stated_group" in places)
    each = " UNION ALL ".join(_figure_of(m, places[m.name], cell_of) for m in figures)
    status_heading = places["status_text"].heading if "status_text" in places else ""
    area_heading = places["area_code"].heading if "area_code" in places else ""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE figure AS
        WITH grouped AS (
            SELECT *, {group} AS pupil_group, {_LEVEL_OF_WORD} AS area_level FROM numbered
            WHERE NOT is_blank_row
        ),
        judged AS (
            SELECT *,
                CASE WHEN area_level IS NULL THEN {sql_text(OTHER_AREA)}
                    WHEN pupil_group IS NULL THEN {sql_text(other_pupils)} END AS aside
            FROM grouped
        ),
        each_figure AS ({each})
        SELECT judged.row_number, coalesce(column_name, '') AS column_name,
            {sql_text(places["year_text"].heading)} AS year_heading,
            {sql_text(status_heading)} AS status_heading, {sql_text(area_heading)} AS area_heading,
            year_text, status_text, area_level,
            CASE area_level WHEN 'nation' THEN country_name WHEN 'region' THEN region_name ELSE la_name END
                AS area_name,
            area_code, measure, pupil_group, each_figure.raw_text,
            CASE WHEN aside IS NULL AND measure IS NULL THEN {sql_text(NOT_AN_OUTCOME)} ELSE aside END
                AS aside
        FROM judged LEFT JOIN each_figure USING (row_number)
        """
    )
    return not_records


def _figure_of(measure: ContextMeasure, place: Place, cell_of: dict[str, str]) -> str:
    subject = (
        f" AND lower(subject) = {sql_text(measure.subject.casefold())}" if measure.subject else ""
    )
    return (
        f"SELECT row_number, {sql_text(place.heading)} AS column_name, '{measure.measure}' AS measure, "
        f"{cell_of[place.heading]} AS raw_text FROM judged WHERE aside IS NULL{subject}"
    )


def _scan(
    con: duckdb.DuckDBPyConnection, file: TabularFile, cells: dict[str, Place | None]
) -> dict[str, int]:
    every = ", ".join(Place(h, nth).text() for nth, h in enumerate(file.headers) if h)
    texts = ", ".join(
        f"{'NULL::VARCHAR' if place is None else place.text()} AS {name}"
        for name, place in cells.items()
    )
    return create_from_scan(
        con,
        file,
        "CREATE OR REPLACE TEMP TABLE numbered AS "
        f"SELECT row_number, coalesce({every}) IS NULL AS is_blank_row, {texts} FROM {{scan}}",
    )


def _store(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    registered: RegisteredFile,
    read_result: ReadResult,
) -> None:
    source = registered.source
    _spell_out(con)
    _judge(con, study)
    per_unit = "CASE unit WHEN 'share' THEN 100 ELSE 1 END"
    unknown = f"CASE WHEN is_used THEN '{UNKNOWN_CODE}' ELSE '{UNKNOWN_ELSEWHERE}' END"
    placed = (
        "figure JOIN spelled USING (year_text, status_text) "
        "WHERE aside IS NULL AND academic_year IS NOT NULL"
    )
    con.execute(
        f"""
        INSERT INTO raw.la_context BY NAME
        SELECT $source_id AS source_id, row_number, column_name,
            coalesce(area_level, 'number ' || coalesce(area_code, 'blank')) AS area_level, area_name,
            CASE WHEN area_level = 'authority' AND (is_used OR {whole("area_code")} BETWEEN 200 AND 999)
                THEN {whole("area_code")} END AS la_code,
            academic_year, coalesce(release_status, $status) AS release_status, pupil_group, measure,
            raw_text,
            CASE WHEN NOT is_used AND misread IS NOT NULL THEN '{UNKNOWN_ELSEWHERE}'
                ELSE {status("raw_text", unknown)} END AS value_status,
            {kept(f"round({number('raw_text')}, {_DECIMALS_KEPT}) / {per_unit}")} AS value
        FROM {placed}
        ORDER BY row_number, column_name
        """,
        {"source_id": registered.source_id, "status": source.status},
    )
    con.execute(
        f"""
        INSERT INTO raw.unreadable
        SELECT DISTINCT $table_name, $source_id, row_number, heading FROM (
            SELECT row_number, year_heading AS heading FROM figure JOIN spelled USING (year_text, status_text)
            WHERE is_used AND NOT is_known
            UNION ALL
            SELECT row_number, status_heading FROM figure JOIN spelled USING (year_text, status_text)
            WHERE is_used AND NOT is_status_known
            UNION ALL
            SELECT row_number, area_heading FROM figure
            WHERE is_used AND area_level = 'authority' AND area_code IS NOT NULL
                AND {whole("area_code")} IS NULL
            UNION ALL {misread_places("figure")}
        )
        """,
        {"table_name": LA_CONTEXT.name, "source_id": registered.source_id},
    )
    set_aside_unused(con, LA_CONTEXT, registered, "(FROM figure WHERE aside IS NULL)")
    record_unknown_codes(
        con,
        registered,
        f"SELECT column_name, raw_text, count(*) FROM {placed} AND NOT is_used "
        f"AND {is_neither('raw_text')} GROUP BY ALL",
    )
    _record(con, registered, read_result)


def _judge(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Add each figure's unit, whether the study uses it, and what is wrong with it."""
    used = ", ".join(sql_text(name) for name in sorted(measures_in_use(study)))
    shares = ", ".join(f"'{name}'" for name, m in MEASURES.items() if m.unit == "share")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE figure AS
        SELECT * REPLACE (
                CASE WHEN aside IS NULL AND NOT is_used AND (area_level IS NULL OR area_name IS NULL)
                    THEN {sql_text(OTHER_AREA)} ELSE aside END AS aside
            )
        FROM (
            SELECT *, CASE WHEN measure IN ({shares}) THEN 'share' ELSE 'points' END AS unit,
                coalesce(aside IS NULL AND measure IN ({used}), false) AS is_used
            FROM figure
        )
        """
    )
    judge_figures(con, "figure")


def _spell_out(con: duckdb.DuckDBPyConnection) -> None:
    """Read each distinct spelling of a year and status once."""
    con.execute(
        "UPDATE figure SET year_text = coalesce(year_text, ''), status_text = coalesce(status_text, '')"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE spelled (year_text VARCHAR, status_text VARCHAR, "
        "academic_year VARCHAR, release_status VARCHAR, is_known BOOLEAN, is_status_known BOOLEAN)"
    )
    found = con.execute("SELECT DISTINCT year_text, status_text FROM figure").fetchall()
    for year_text, status_text in found:
        year = spelled_year(year_text)
        stated = status_of(status_text)
        con.execute(
            "INSERT INTO spelled VALUES (?, ?, ?, ?, ?, ?)",
            [
                year_text,
                status_text,
                year.academic_year,
                stated or year.release_status,
                year.is_known,
                stated is not None or not status_text,
            ],
        )


def _record(
    con: duckdb.DuckDBPyConnection, registered: RegisteredFile, read_result: ReadResult
) -> None:
    """Record the file: a row is kept if one of its figures is; else it is set aside for its first reason."""
    reasons = con.execute(
        f"""
        WITH judged AS (
            SELECT row_number,
                coalesce(aside, CASE WHEN academic_year IS NULL THEN {sql_text(NOT_ONE_YEAR)} END) AS reason
            FROM figure JOIN spelled USING (year_text, status_text)
        ),
        of_row AS (
            SELECT row_number, CASE WHEN count(*) = count(reason) THEN min(reason) END AS reason
            FROM judged GROUP BY row_number
        )
        SELECT reason, count(*) FROM of_row WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason
        """
    ).fetchall()
    stored = con.execute(
        "SELECT count(DISTINCT row_number) FROM raw.la_context WHERE source_id = $source_id",
        {"source_id": registered.source_id},
    ).fetchall()
    record(
        con,
        registered,
        n_rows_in=row_count(con, "numbered"),
        n_rows_kept=int(stored[0][0]),
        set_asides={
            BLANK_ROW: row_count(con, "numbered WHERE is_blank_row"),
            **{str(reason): int(n_rows) for reason, n_rows in reasons},
        },
        read_result=read_result,
    )


def _no_figure(file: TabularFile, headings: tuple[str, ...]) -> Fault:
    return Fault(
        file=file.source_id,
        row=1,
        problem="no column holds a figure that this project knows",
        found="headings " + ", ".join(header for header in file.headers if header),
        expected="one of " + ", ".join(headings),
        remedy="fetch the data set with these figures, or say in its [[source]] which heading is which: "
        'columns = { "heading in the file" = "avg_att8" }',
    )
