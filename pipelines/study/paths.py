"""Where a study's outputs lie under `data_marts/`. What is written there is said by who writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA_RAW = PROJECT / "data_raw"
DATA_MARTS = PROJECT / "data_marts"
EXAMPLE = DATA_RAW / "example"


@dataclass(frozen=True)
class StudyPaths:
    """The folders of one study: a working store, finished runs, and `current`, the run that counts.

    `current` is what is handed out, so that nothing for officers lies in it: that is in `restricted`.
    """

    marts: Path
    study: str

    @property
    def home(self) -> Path:
        """`data_marts/<study>`."""
        return self.marts / self.study

    @property
    def work(self) -> Path:
        """The working store: nothing in it is meant for readers."""
        return self.home / ".work"

    @property
    def store(self) -> Path:
        """DuckDB file with everything but pupil rows."""
        return self.work / "store.duckdb"

    @property
    def pupils(self) -> Path:
        """DuckDB file with pupil rows, deleted once a run has succeeded."""
        return self.work / "pupils.duckdb"

    @property
    def pupils_kept(self) -> Path:
        """Empty file that says that somebody asked for the pupil rows to stay."""
        return self.work / "pupils.kept"

    @property
    def charts(self) -> Path:
        """Charts as drawn, before they are published."""
        return self.work / "charts"

    @property
    def board(self) -> Path:
        """The board's page, before it is published."""
        return self.work / "board"

    @property
    def faults(self) -> Path:
        """What stopped the last run, for the analyst's own terminal."""
        return self.work / "faults"

    @property
    def warnings(self) -> Path:
        """What the last run was told to look at, and went on."""
        return self.work / "warnings"

    @property
    def faults_csv(self) -> Path:
        """What `ssif validate` found last; not there when it found nothing."""
        return self.home / "faults.csv"

    @property
    def folder_note(self) -> Path:
        """Text file that says which study folder this study is made from."""
        return self.work / "study_folder.txt"

    @property
    def lock(self) -> Path:
        """Held by the run that is writing."""
        return self.work / "run.lock"

    @property
    def power(self) -> Path:
        """What the study could see, asked before its outcomes were read; for officers."""
        return self.home / "power.csv"

    @property
    def runs(self) -> Path:
        """Finished runs, newest few."""
        return self.home / "runs"

    @property
    def current(self) -> Path:
        """The run that readers see."""
        return self.home / "current"

    @property
    def restricted(self) -> Path:
        """For officers: a folder a run, of the run's name, and `current` among them. Yours alone to open."""
        return self.home / "restricted"

    @property
    def restricted_current(self) -> Path:
        """What officers may open beside the run that readers see."""
        return self.restricted / "current"
