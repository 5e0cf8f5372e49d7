"""Runs planted faults: both valid studies are read once; one file is changed and its table rechecked.

`check_sources` is the function behind `ssif validate`; only unaffected tables are not read again.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pipelines.catalogue import Table
from pipelines.errors.fault import StudyError
from pipelines.ingest.readers import ingest_table
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.study.release_in_use import result_releases
from pipelines.study.settings import Study
from pipelines.validation import folder, suites
from pipelines.validation.folder import Findings, check_sources
from tests.faults.formats import WRITERS, rows_above
from tests.faults.good import STUDIES, GoodStudy, Name, file_of, fresh, study_of, table_of
from tests.faults.planted import Case


class Verdicts:
    """Caches Great Expectations' verdicts by rule and values, because most of a table does not change.

    Every rule is checked on every value that differs; a whole suite per case would take minutes.
    """

    def __init__(self) -> None:
        self.judge = suites._validate_frame
        self.known: dict[str, Any] = {}

    def __call__(self, frame: pd.DataFrame, name: str, expectations: list[Any]) -> list[Any]:
        keys = {self._key(frame, name, each): each for each in expectations}
        new = [key for key in keys if key not in self.known]
        if new:
            found = self.judge(frame, name, [keys[key] for key in new])
            column_of = {result.expectation_config.kwargs["column"]: result for result in found}
            self.known |= {key: column_of[keys[key].column] for key in new}
        return [self.known[key] for key in keys]

    @staticmethod
    def _key(frame: pd.DataFrame, name: str, expectation: Any) -> str:
        values = sorted(map(repr, frame[expectation.column].dropna().tolist()))
        return f"{name} {expectation.column} {len(frame) > 0} {values}"


class Protocols:
    """Writes the protocol's tables only when they change; a file's entry does not change them."""

    def __init__(self) -> None:
        self.write = folder.write_protocol
        self.written: dict[duckdb.DuckDBPyConnection, object] = {}

    def __call__(self, con: duckdb.DuckDBPyConnection, study: Study, sources_sha256: str) -> int:
        said = (study.study, study.programme, study.not_yet_published, result_releases(study))
        if self.written.get(con) != said:
            self.write(con, study, sources_sha256)
            self.written[con] = said
        return len(study.programme)


class Trial:
    """Both studies with their stores; between cases only the table changed last may be unsound."""

    def __init__(self, parent: Path, stack: ExitStack) -> None:
        self.parent = parent
        self.con: dict[str, duckdb.DuckDBPyConnection] = {}
        self.study: dict[str, Study] = {}
        self.loaded: dict[str, Study] = {}
        self.spoilt: dict[str, Table] = {}
        self.touched: dict[str, Name] = {}
        self.first: dict[str, Findings] = {}
        for good in STUDIES:
            place = parent / good.name
            place.mkdir()
            for kind in good.kinds:
                (place / file_of(kind, "csv")).write_bytes(WRITERS["csv"](fresh(kind)))
            (place / "study.toml").write_text(good.protocol(), encoding="utf-8")
            self.study[good.name] = load_study(place)
            self.con[good.name] = stack.enter_context(store.connect_in_memory())
            # A handful of rows gains nothing from a second core.
            self.con[good.name].execute("SET threads = 1; PRAGMA disable_optimizer")
            self.first[good.name] = check_sources(self.con[good.name], self.study[good.name])
        self.sound = {kind: self.rows(kind, "csv") for good in STUDIES for kind in good.kinds}

    def findings(self, case: Case) -> Findings:
        """Findings of a check with the case's file."""
        good, table = study_of(case.kind), table_of(case.kind)
        self._forget_last(good)
        self._mend(good, but=table)
        self.spoilt[good.name] = table
        try:
            study = self._load(good, case)
        except StudyError as error:
            return Findings(error.faults)
        return check_sources(self.con[good.name], study, [table])

    def read(self, case: Case) -> None:
        """Fill the case's table. Raises StudyError if its file cannot be read."""
        good, table = study_of(case.kind), table_of(case.kind)
        self._forget_last(good)
        self._mend(good, but=table)
        self.spoilt[good.name] = table
        ingest_table(self.con[good.name], self._load(good, case), table)

    def unreadable(self, kind: Name) -> int:
        """Number of unreadable cells in the current table."""
        con = self.con[study_of(kind).name]
        return store.row_count(con, f"raw.unreadable WHERE table_name = '{table_of(kind).name}'")

    def rows(self, kind: Name, file_format: str) -> list[tuple[object, ...]]:
        """The current table without file names, with rows counted from the heading."""
        table = table_of(kind)
        above = rows_above(file_format)
        same = [f"row_number - {above} AS row_number"]
        if any(column.name == "pupil_key" for column in table.columns):
            same.append(f"'row ' || (substr(pupil_key, 5)::BIGINT - {above}) AS pupil_key")
        if table.is_wide:
            # Headings may have any case.
            same.append("lower(column_name) AS column_name")
        return self.con[study_of(kind).name].execute(
            f"SELECT * EXCLUDE (source_id) REPLACE ({', '.join(same)}) FROM {table.full_name} "
            "WHERE source_id = ? ORDER BY ALL",
            [file_of(kind, file_format)],
        ).fetchall()  # fmt: skip

    def _mend(self, good: GoodStudy, *, but: Table) -> None:
        table = self.spoilt.pop(good.name, but)
        if table is not but:
            found = check_sources(self.con[good.name], self.study[good.name], [table])
            if found.faults or found.warnings:
                raise RuntimeError(f"{table.full_name} could not be mended: {found}")

    def _load(self, good: GoodStudy, case: Case) -> Study:
        """The study with the changed file; all other files are restored."""
        place = self.parent / good.name
        self.touched[good.name] = case.kind
        file = place / file_of(case.kind, case.file_format)
        content = case.content() if case.content else None
        if case.is_symlink:
            elsewhere = self.parent / "elsewhere.csv"
            elsewhere.write_bytes(content or b"")
            file.unlink()
            file.symlink_to(elsewhere)
        elif content is None:
            file.unlink()
        else:
            file.write_bytes(content)
            (place / f"second_{file.name}").write_bytes(content)
        protocol = case.change(good.protocol(case.kind, case.file_format, case.entry))
        (place / "study.toml").write_text(protocol, encoding="utf-8")
        if case.is_symlink or protocol not in self.loaded:
            self.loaded[protocol] = load_study(place)
        return self.loaded[protocol]

    def _forget_last(self, good: GoodStudy) -> None:
        """Restore the file that was changed last."""
        kind = self.touched.pop(good.name, None)
        if kind is not None:
            file = self.parent / good.name / file_of(kind, "csv")
            file.unlink(missing_ok=True)
            file.write_bytes(WRITERS["csv"](fresh(kind)))
