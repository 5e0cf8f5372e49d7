"""Where a study's outputs are kept under `data_marts/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA_RAW = PROJECT / "data_raw"
DATA_MARTS = PROJECT / "data_marts"
EXAMPLE = DATA_RAW / "example"
# Environment variables by which `ssif serve` tells Dagster's processes of other folders.
DATA_RAW_VARIABLE = "SSIF_DATA_RAW"
DATA_MARTS_VARIABLE = "SSIF_DATA_MARTS"
FOLDER_NOTE = "study_folder.txt"


@dataclass(frozen=True)
class StudyPaths:
    """The folders of one study: a working store, finished runs, and `current`, the published run.

    `current` is handed out, so files for officers are kept in `restricted` instead.
    """

    marts: Path
    study: str

    @property
    def home(self) -> Path:
        """`data_marts/<study>`."""
        return self.marts / self.study

    @property
    def work(self) -> Path:
        """The working store; not for readers."""
        return self.home / ".work"

    @property
    def store(self) -> Path:
        """DuckDB file with everything except pupil rows."""
        return self.work / "store.duckdb"

    @property
    def pupils(self) -> Path:
        """DuckDB file with pupil rows, deleted once a run has succeeded."""
        return self.work / "pupils.duckdb"

    @property
    def pupils_kept(self) -> Path:
        """Empty file that marks pupil rows to be kept after the run."""
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
        """Faults that stopped the last run, for the analyst's own terminal."""
        return self.work / "faults"

    @property
    def warnings(self) -> Path:
        """Warnings of the last run, which did not stop it."""
        return self.work / "warnings"

    @property
    def faults_csv(self) -> Path:
        """Faults found by the last `ssif validate`; absent if there were none."""
        return self.home / "faults.csv"

    @property
    def folder_note(self) -> Path:
        """Text file that names the study folder these outputs come from."""
        return self.work / FOLDER_NOTE

    @property
    def lock(self) -> Path:
        """Held by the run that is writing."""
        return self.work / "run.lock"

    @property
    def power(self) -> Path:
        """Power of the study, computed before its outcomes were read; for officers."""
        return self.home / "power.csv"

    @property
    def power_page(self) -> Path:
        """The same for a board: a page, beside a PDF and a table of other endings."""
        return self.home / "power.html"

    @property
    def runs(self) -> Path:
        """The newest finished runs."""
        return self.home / "runs"

    @property
    def current(self) -> Path:
        """The run that readers see."""
        return self.home / "current"

    @property
    def restricted(self) -> Path:
        """For officers: one folder per run, and `current`. Only the owner can open it."""
        return self.home / "restricted"

    @property
    def restricted_current(self) -> Path:
        """Officers' files that belong to the published run."""
        return self.restricted / "current"
