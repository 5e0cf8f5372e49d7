"""DfE performance tables (one wide row a school) into one row a figure, text and status kept apart.

Which heading holds which figure is data, in `published_columns.csv`; a change of names is a change there.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from pipelines.catalogue import PUBLISHED_OUTCOME
from pipelines.errors import Fault, StudyError
from pipelines.ingest.delimited import DelimitedFile, create_from_scan, open_delimited
from pipelines.ingest.published_columns import PublishedColumn, published_columns
from pipelines.ingest.records import plain_number
from pipelines.ingest.registration import DDL, RegisteredFile, forget, record, registered_files
from pipelines.measures import MEASURES
from pipelines.store import row_count
from pipelines.study import PupilGroup, Study

# The two key stages number their record types differently: 4 is a nation in one, an authority in the other.
LEVEL_OF_RECORD_TYPE: dict[str, dict[str, str]] = {
    "ks2": {
        "1": "mainstream_school",
        "2": "special_school",
        "3": "authority",
        "4": "nation",
        "5": "nation",
    },
    "ks4": {
        "1": "mainstream_school",
        "2": "special_school",
        "4": "authority",
        "5": "nation",
        "7": "nation",
    },
}
STATUS_OF_CODE = {
    "SUPP": "suppressed",
    "+": "suppressed",
    "C": "suppressed",
    "LOWCOV": "low_coverage",
    "NE": "no_entries",
    "NP": "not_published",
    "NEW": "not_applicable",
    "Z": "not_applicable",
    "NA": "unavailable",
    "X": "unavailable",
    ":": "unavailable",
    "-": "unavailable",
}
# What a text that is neither a number nor a known code is stored as; the check on the table refuses it.
UNKNOWN_CODE = "unknown_code"

_KEYS = {"record_type": "RECTYPE", "la": "LEA", "estab": "ESTAB", "urn": "URN", "name": "SCHNAME"}
_OPTIONAL_KEYS = {"school_type": "NFTYPE"}
# The heading behind a column that is not a figure's own: where to look for what is wrong with it.
KEY_HEADINGS = {"level": "RECTYPE", "laestab": "ESTAB", "urn": "URN"}


def ingest_performance_tables(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `raw.published_outcome` from every performance table of the study; returns the figures kept.

    Raises StudyError with the faults of all files, as `records.ingest_records` does.
    """
    con.execute(DDL)
    con.execute(PUBLISHED_OUTCOME.ddl())
    forget(con, PUBLISHED_OUTCOME.source_kinds)
    faults: list[Fault] = []
    for registered in registered_files(study, PUBLISHED_OUTCOME.source_kinds):
        try:
            _ingest_file(con, study, registered)
        except StudyError as error:
            faults.extend(error.faults)
    if faults:
        con.execute(PUBLISHED_OUTCOME.ddl())
        raise StudyError(faults)
    return row_count(con, "raw.published_outcome")


def _ingest_file(con: duckdb.DuckDBPyConnection, study: Study, registered: RegisteredFile) -> None:
    source = registered.source
    key_stage = source.kind.removesuffix("_schools")
    file = open_delimited(registered.source_id, registered.path)
    index_of = {header.casefold(): index for index, header in enumerate(file.headers)}
    wanted = [c for c in published_columns() if c.key_stage == key_stage]
    _require_headers(file, index_of, wanted, _used_by(study))
    present = [
        c for c in wanted if c.value.casefold() in index_of and c.n_pupils.casefold() in index_of
    ]

    def cell(header: str) -> str:
        index = index_of.get(header.casefold()) if header else None
        return "NULL" if index is None else f"nullif(trim(replace(c{index}, chr(160), ' ')), '')"

    keys = ", ".join(
        f"{cell(header)} AS {name}" for name, header in (_KEYS | _OPTIONAL_KEYS).items()
    )
    figures = " UNION ALL ".join(
        f"SELECT row_number, record_type, la, estab, urn, name, school_type, "
        f"'{column.value}' AS column_name, '{column.pupil_group}' AS pupil_group, "
        f"'{column.measure}' AS measure, '{MEASURES[column.measure].unit}' AS unit, "
        f"{cell(column.value)} AS raw_text, {cell(column.n_pupils)} AS n_text, "
        f"{cell(column.ci_low)} AS low_text, {cell(column.ci_high)} AS high_text FROM numbered"
        for column in present
    )
    cells = ", ".join(cell(header) for header in file.headers if header)
    record_types = " ".join(
        f"WHEN '{code}' THEN '{level}'" for code, level in LEVEL_OF_RECORD_TYPE[key_stage].items()
    )
    create_from_scan(
        con,
        file,
        f"""
        CREATE OR REPLACE TEMP TABLE incoming AS
        WITH numbered AS (
            SELECT *, {keys} FROM {{scan}} WHERE coalesce({cells}) IS NOT NULL
        ),
        figure AS ({figures}),
        levelled AS (SELECT *, CASE record_type {record_types} END AS level FROM figure)
        SELECT * EXCLUDE (la, estab, urn),
            CASE WHEN level LIKE '%school' THEN TRY_CAST(la AS BIGINT) * 10000 + TRY_CAST(estab AS BIGINT) END
                AS laestab,
            CASE WHEN level LIKE '%school' THEN TRY_CAST(urn AS BIGINT) END AS urn
        FROM levelled
        """,
    )
    try:
        _store(con, registered)
    finally:
        con.execute("DROP TABLE incoming")


def _store(con: duckdb.DuckDBPyConnection, registered: RegisteredFile) -> None:
    source = registered.source
    codes = " ".join(f"WHEN '{code}' THEN '{status}'" for code, status in STATUS_OF_CODE.items())
    number = "TRY_CAST(" + plain_number("replace(raw_text, '%', '')") + " AS DOUBLE)"
    decimals = "length(regexp_extract(raw_text, '\\.([0-9]+)', 1))"
    is_number = (
        "regexp_full_match(raw_text, "
        "'[+−-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\.[0-9]+)?%?|[+−-]?\\.[0-9]+%?')"
    )
    con.execute(
        f"""
        INSERT INTO raw.published_outcome BY NAME
        SELECT
            $source_id AS source_id, row_number, column_name,
            $academic_year AS academic_year, $status AS release_status,
            coalesce(level, 'record type ' || coalesce(record_type, 'blank')) AS level,
            laestab, urn, name AS school_name, school_type, pupil_group, measure, raw_text,
            CASE
                WHEN raw_text IS NULL THEN 'unavailable'
                WHEN {is_number} THEN 'value'
                ELSE CASE upper(raw_text) {codes} ELSE '{UNKNOWN_CODE}' END
            END AS value_status,
            CASE WHEN {is_number} THEN {number} / CASE unit WHEN 'share' THEN 100 ELSE 1 END END AS value,
            CASE WHEN {is_number}
                THEN 0.5 * pow(10, -{decimals}) / CASE unit WHEN 'share' THEN 100 ELSE 1 END
                ELSE 0 END AS half_width,
            TRY_CAST({plain_number("n_text")} AS BIGINT) AS n_pupils,
            TRY_CAST(replace(low_text, '−', '-') AS DOUBLE) AS ci_low,
            TRY_CAST(replace(high_text, '−', '-') AS DOUBLE) AS ci_high
        FROM incoming
        ORDER BY row_number, column_name
        """,
        {
            "source_id": registered.source_id,
            "academic_year": source.academic_year,
            "status": source.status,
        },
    )
    n_rows = row_count(con, "(SELECT DISTINCT row_number FROM incoming)")
    record(con, registered, n_rows_in=n_rows, n_rows_kept=n_rows, set_asides={})


def _used_by(study: Study) -> set[tuple[str, PupilGroup]]:
    """Measures and groups some programme is evaluated on: their columns have to be there."""
    return {
        (measure.name, programme.target_group)
        for programme in study.evaluated_programmes
        for measure in programme.measure
        if programme.target_group is not None
    }


def _require_headers(
    file: DelimitedFile,
    index_of: dict[str, int],
    columns: list[PublishedColumn],
    used: set[tuple[str, PupilGroup]],
) -> None:
    required = [
        *_KEYS.values(),
        *(
            header
            for column in columns
            if (column.measure, column.pupil_group) in used
            for header in (column.value, column.n_pupils)
        ),
    ]
    missing = [header for header in dict.fromkeys(required) if header.casefold() not in index_of]
    if missing:
        raise StudyError(_missing(file, missing))


def _missing(file: DelimitedFile, headers: list[str]) -> Iterator[Fault]:
    for header in headers:
        yield Fault(
            file=file.source_id,
            row=1,
            column=header,
            problem="the column is missing",
            found=f"{len(file.headers)} headings, {header} not among them",
            expected=header,
            remedy="fetch the full table again; a new name belongs in published_columns.csv",
        )
