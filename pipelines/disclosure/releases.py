"""What a person has published of a study: recorded in its folder, and read back as what readers know.

A record holds the released tables but for what schools said and, for officers, which schools each of
their counts adds up, without a figure: who joins two releases knows that, and a school may have left a
programme since. How earlier releases bear on what may be shown is `structure`'s and `suppression`'s to say.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from filelock import FileLock

from pipelines.catalogue import RELEASED_COUNT
from pipelines.catalogue.released_voices import RELEASED_VOICES
from pipelines.disclosure.structure import Cell, Count
from pipelines.errors import Fault, StudyError
from pipelines.ingest.registration import sources_sha256
from pipelines.paths import StudyPaths
from pipelines.private import make_work, private_files
from pipelines.store import row_count, sql_text
from pipelines.study import PROTOCOL, Study

FOLDER = "releases"
_COUNTED = "counted.parquet"


@dataclass(frozen=True)
class Recorded:
    """A release as recorded: where, of which run, how many tables, counts of pupils shown and withheld."""

    folder: Path
    run: str
    n_tables: int
    n_shown: int
    n_withheld: int

    def in_words(self) -> str:
        """What was recorded, for the terminal of the person who did it."""
        day = date.fromisoformat(self.folder.name)
        return (
            f"Recorded as published on {day.day} {day:%B %Y}: run {self.run}.\n"
            f"{self.n_tables} tables; {self.n_shown:,} counts of pupils shown, "
            f"{self.n_withheld:,} withheld.\n"
            "Later runs withhold what would give these away, taken together with this release."
        )


def record(study: Study, paths: StudyPaths, released_on: date) -> Recorded:
    """Copy the current run's released tables into the study's folder, as published on a day.

    Raises StudyError if there is no current run, if it was not made from the study as it stands, or if a
    release of that day is recorded already; then nothing is written.
    """
    folder = study.folder / FOLDER / released_on.isoformat()
    make_work(paths)
    # A run under way may switch `current` at any moment.
    with FileLock(paths.lock), private_files():
        return _record(study, paths, folder)


def _record(study: Study, paths: StudyPaths, folder: Path) -> Recorded:
    run = _run_of(study, paths, folder)
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    try:
        # Words are not recorded: no figure can be worked out from them, and a school may take them back.
        words = shutil.ignore_patterns(*(f"{table.name}.*" for table in RELEASED_VOICES))
        shutil.copytree(paths.current / "released", building / "released", ignore=words)
        shutil.copy(paths.current / "run.json", building)
        with duckdb.connect(
            str(paths.restricted / run / "restricted.duckdb"), read_only=True
        ) as con:
            name = RELEASED_COUNT.full_name
            con.execute(f"COPY {name} TO {sql_text(building / _COUNTED)} (FORMAT parquet)")
            distinct = (
                f"(SELECT DISTINCT released_table, count_column, row_number, is_shown FROM {name})"
            )
            n_shown = row_count(con, f"{distinct} WHERE is_shown")
            n_withheld = row_count(con, f"{distinct} WHERE NOT is_shown")
        (building / _COUNTED).chmod(0o600)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    n_tables = len(list((folder / "released").glob("*.csv")))
    return Recorded(folder, run, n_tables, n_shown, n_withheld)


def read(study_folder: Path) -> tuple[Count, ...]:
    """The counts of every release recorded in a study's folder, oldest first.

    Raises StudyError naming each record that cannot be read: without it nobody can say what is safe.
    """
    counts: list[Count] = []
    faults: list[Fault] = []
    for file in _records(study_folder):
        try:
            counts += _counts(file)
        except (duckdb.Error, OSError):
            faults.append(
                Fault(
                    file=file.relative_to(study_folder).as_posix(),
                    problem="this record of a release is missing or cannot be read",
                    expected="the folder as `ssif release` wrote it",
                    remedy="bring the folder back from a copy; if nothing was published that day, delete it",
                )
            )
    if faults:
        raise StudyError(faults)
    return tuple(counts)


def releases_sha256(study_folder: Path) -> str:
    """One fingerprint of all recorded releases: what is shown now depends on them."""
    digest = hashlib.sha256()
    for file in _records(study_folder):
        digest.update(f"{file.parent.name}\n".encode())
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _records(study_folder: Path) -> Iterator[Path]:
    for folder in sorted((study_folder / FOLDER).glob("[0-9]*")):
        if folder.is_dir():
            yield folder / _COUNTED


def _counts(file: Path) -> Iterator[Count]:
    cells = ", ".join(Cell._fields)
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT released_table, count_column, row_number, is_shown, has_meeting, "
            f"list(({cells}) ORDER BY {cells}) FROM read_parquet($file) GROUP BY ALL ORDER BY ALL",
            {"file": str(file)},
        ).fetchall()
    for table, column, row, is_shown, has_meeting, members in rows:
        yield Count(
            table,
            column,
            row,
            is_shown,
            cells=tuple(Cell(*member) for member in members),
            has_meeting=has_meeting,
        )


def _run_of(study: Study, paths: StudyPaths, folder: Path) -> str:
    """The current run's name, if it may be recorded. Raises StudyError if not."""
    faults = []
    if folder.exists():
        faults.append(
            Fault(
                file=f"{FOLDER}/{folder.name}",
                problem="a release of this day is recorded already",
                expected="a record is written once and never changed",
                remedy="give another date, if something else was published",
            )
        )
    try:
        run = json.loads((paths.current / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        run = {}
        faults.append(
            Fault(
                file=str(paths.current),
                problem="this study has no finished run that could have been published",
                remedy="evaluate the study first (`make evaluate`)",
            )
        )
    made_from = {
        "protocol_sha256": (PROTOCOL, study.protocol_sha256),
        "sources_sha256": ("data_root", sources_sha256(study)),
    }
    faults += [
        Fault(
            file=file,
            problem="the current run was not made from this study as it stands now",
            expected="study.toml and files as they were when the run was made",
            remedy="evaluate the study again (`make evaluate`), look at it, and record that run",
        )
        for key, (file, now) in made_from.items()
        if run and run[key] != now
    ]
    if faults:
        raise StudyError(faults)
    return str(run["run"])
