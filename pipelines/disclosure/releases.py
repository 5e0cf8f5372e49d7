"""Records what a person has published, in the study's folder, so that later runs can report changes.

A record holds the released tables except schools' own words. It does not affect suppression: because figures
are rounded, two releases, of one study or of two, reveal little about the pupils they differ by.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from filelock import FileLock

from pipelines.catalogue.released_voices import RELEASED_VOICES
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.registration import sources_sha256
from pipelines.store.private import make_work, private_files, usual_files
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import PROTOCOL, Study

FOLDER = "releases"


@dataclass(frozen=True)
class Recorded:
    """A recorded release: folder, run, number of tables, and rows withheld."""

    folder: Path
    run: str
    n_tables: int
    n_withheld: int

    def in_words(self) -> str:
        """What was recorded, for the terminal."""
        day = date.fromisoformat(self.folder.name)
        return (
            f"Recorded as published on {day.day} {day:%B %Y}: run {self.run}.\n"
            f"{self.n_tables} tables; {self.n_withheld:,} rows withheld at least in part.\n"
            "Later runs say which verdicts have changed since."
        )


def record(study: Study, paths: StudyPaths, released_on: date) -> Recorded:
    """Copy the current run's released tables into the study's folder, as published on a day.

    Raises StudyError, and writes nothing, if there is no current run, if it was made from a different version
    of the study, or if that day already has a release.
    """
    folder = study.folder / FOLDER / released_on.isoformat()
    make_work(paths)
    # Another run could switch `current` at any moment.
    with FileLock(paths.lock), private_files():
        return _record(study, paths, folder)


def _record(study: Study, paths: StudyPaths, folder: Path) -> Recorded:
    run = _run_of(study, paths, folder)
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    try:
        # Schools' own words are not recorded: no figure depends on them, and consent may be withdrawn.
        words = shutil.ignore_patterns(*(f"{table.name}.*" for table in RELEASED_VOICES))
        building.mkdir(parents=True)
        with usual_files():
            # Contents alone: files of a run cannot be written, and whoever made a release may correct it.
            shutil.copytree(
                paths.current / "released",
                building / "released",
                ignore=words,
                copy_function=shutil.copyfile,
            )
            shutil.copyfile(paths.current / "run.json", building / "run.json")
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    n_tables = len(list((folder / "released").glob("*.parquet")))
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return Recorded(folder, run, n_tables, sum(manifest["rows_withheld"].values()))


def releases_sha256(study_folder: Path) -> str:
    """One hash of all recorded releases, because reported changes depend on them."""
    digest = hashlib.sha256()
    for file in recorded_impact(study_folder):
        digest.update(f"{file.parents[1].name}\n".encode())
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def recorded_impact(study_folder: Path) -> Iterator[Path]:
    """The path of `released.impact` in every recorded release, oldest first, even if the file is missing."""
    for folder in sorted((study_folder / FOLDER).glob("[0-9]*")):
        if folder.is_dir():
            yield folder / "released" / "impact.parquet"


def _run_of(study: Study, paths: StudyPaths, folder: Path) -> str:
    """The current run's name. Raises StudyError if it must not be recorded."""
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
