"""Time of checking a pupil file, compared with reading it.

One process reads the file plainly, reads it into its table, and checks every value and the rules between it
and the register. The table must be sound, so that no time is spent on faults.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.catalogue import KS2_PUPILS, RAW_TABLES, SCHOOL_REGISTER
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import DDL
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import Study
from pipelines.validation import suites
from pipelines.validation.checks import check_relation, check_table
from pipelines.validation.relations import RELATIONS
from tests.bench.figures import Figure, figures_of
from tests.bench.processes import Measured
from tests.tiny_study import TinyStudy, ks2_pupil, school

N_PUPILS, N_SCHOOLS = 2_000_000, 7_000
GROUP = f"Checks of {N_PUPILS:,} pupils of {N_SCHOOLS:,} schools, CSV"
BARE, INGESTED, JUDGED = (
    "DuckDB's bare read",
    "read into its table",
    "every value and relation checked",
)
# Cells that differ between pupils; the others are those of a valid row.
_DRAWN = {
    "LAESTAB": f"7992000 + i % {N_SCHOOLS}",
    "URN": f"900000 + i % {N_SCHOOLS}",
    "UPN": "printf('A%012d', i)",
    "SEN": "['N', 'K', 'E'][1 + CAST(hash(i) % 3 AS INTEGER)]",
    "READSCORE": "80 + hash(i + 1) % 41",
    "MATSCORE": "80 + hash(i + 2) % 41",
    "KS1AVERAGEPS": "CAST(hash(i + 3) % 120 AS INTEGER) / 4.0",
    "READPROGSCORE_EM_ADJUSTED": "(CAST(hash(i + 4) % 6000 AS INTEGER) - 3000) / 100.0",
    "RWMEXP": "hash(i + 5) % 2",
}


def write_files(parent: Path, n_pupils: int) -> Study:
    """A study with one pupil file and a register of its schools."""
    tiny = TinyStudy(parent)
    for file in ("ks2_2017.csv", "ks4_2018.csv", "links.csv"):
        tiny.drop(file)
    tiny.tables["register.csv"] = [
        school(900000 + n, 2000 + n, f"School {n}") for n in range(N_SCHOOLS)
    ]
    study = tiny.write()
    good = ks2_pupil(900000, 2000, "A")
    cells = ", ".join(
        f'{_DRAWN[name]} AS "{name}"' if name in _DRAWN else f"'{value}' AS \"{name}\""
        for name, value in good.items()
    )
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT {cells} FROM range({n_pupils}) AS counted (i)) TO '{study.folder}/ks2_2018.csv'"
        )
    return study


def timed(work: Callable[[], object]) -> Measured:
    """What a piece of work takes."""
    begun, processor_begun = time.perf_counter(), time.process_time()
    work()
    return Measured(time.perf_counter() - begun, time.process_time() - processor_begun)


def take_figures(n_pupils: int = N_PUPILS) -> list[Figure]:
    """Read and check once, in this process. Raises ValueError if there is a fault."""
    suites.load()  # importing it is not timed
    with tempfile.TemporaryDirectory() as name:
        study = write_files(Path(name), n_pupils)
        file = study.folder / "ks2_2018.csv"
        bare_read = f"SELECT count(COLUMNS(*)) FROM read_csv('{file}', all_varchar = true)"
        with store.connect(StudyPaths(Path(name) / "marts", study.name)) as con:
            con.execute(DDL)
            write_protocol(con, study, "")
            ingest_table(con, study, SCHOOL_REGISTER)
            # Relations also look at tables that this study has no file of.
            con.execute("; ".join(table.ddl_if_absent() for table in RAW_TABLES))
            relations = [relation for relation in RELATIONS if relation.table is KS2_PUPILS]

            def judge() -> None:
                faults = [*check_table(con, study, KS2_PUPILS).faults]
                for relation in relations:
                    faults += check_relation(con, relation).faults
                if faults:
                    raise ValueError(faults[0].for_analyst())

            taken = {
                BARE: [timed(lambda: con.execute(bare_read).fetchall())],
                INGESTED: [timed(lambda: ingest_table(con, study, KS2_PUPILS))],
                JUDGED: [timed(judge)],
            }
    return figures_of(GROUP, taken, {INGESTED: BARE, JUDGED: BARE})
