"""Which parts of a store are current: made from the inputs that there are now, by the code that there is now.

Decided from what is stored, not from what was run: a part is kept after a run that failed or was killed, and
made again if its own rows or files have been changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from pipelines.catalogue import FILE_TABLES, MADE, PROTOCOL_TABLES, Table, checked_tables
from pipelines.disclosure.releases import releases_sha256
from pipelines.errors.fault import Fault, StudyError
from pipelines.freshness.parts import PARTS, WORDS, Part, name_of
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import registered_files, sources_sha256
from pipelines.store.store import pupil_tables
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import Study

# Of interest only to a part that stores them: settings and files count by what they say.
_STUDY = "protocol.study"
_HASHES = ("protocol_sha256", "sources_sha256")


def _never_made(asset: str) -> Fault:
    return Fault(
        file=asset,
        problem="this is made from it, and it has not been made yet",
        remedy="make it first, or the whole study (`make evaluate`)",
    )


class MadeParts:
    """The parts of one study's store during one run. A table is hashed once, until its part is made again."""

    def __init__(self, con: duckdb.DuckDBPyConnection, paths: StudyPaths) -> None:
        self._con, self._paths = con, paths
        self._hashes: dict[str, dict[tuple[str, ...], str]] = {}
        self._before: dict[str, str] = {}
        con.execute(MADE.ddl_if_absent())

    def is_current(self, study: Study, part: Part) -> bool:
        """Whether a part was made from what there is now, and is still as it was made.

        False if a file is missing, so that making the part reports it.
        """
        noted = self._con.execute(
            "SELECT inputs_sha256, outputs_sha256 FROM protocol.made WHERE part = $part",
            {"part": part.name},
        ).fetchone()
        self._before.pop(part.name, None)
        try:
            self._before[part.name] = inputs = self._inputs(study, part)
            return noted is not None and noted == (inputs, self._outputs(part))
        except (StudyError, duckdb.CatalogException):
            return False

    def forget(self, part: Part) -> None:
        """Note that a part is not sound until it has been made and has passed its checks."""
        self._con.execute("DELETE FROM protocol.made WHERE part = $part", {"part": part.name})
        for table in part.writes:
            self._hashes.pop(table.full_name, None)

    def begin(self, study: Study, part: Part) -> None:
        """Forget a part that is about to be made or checked, and fetch what it needs.

        Pupil rows that it reads, and that were deleted after an earlier run, are read again, but only from
        files and code that have not changed: they have passed their checks. Otherwise making the part says
        which raw table to make first. Raises StudyError naming what else must be made first.
        """
        self.forget(part)
        deleted = (
            table
            for table in part.reads
            if table.sensitivity == "pupil" and table.name not in pupil_tables(self._con)
        )
        for table in deleted:
            if self.is_current(study, PARTS[name_of(table)]):
                ingest_table(self._con, study, table)
        self._require_made(part)

    def _require_made(self, part: Part) -> None:
        """Raise StudyError if another part makes what this one reads, and never has."""
        there = self._con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()")
        tables = {name for (name,) in there.fetchall()}
        noted = {name for (name,) in self._con.execute("SELECT part FROM protocol.made").fetchall()}
        missing = [
            other.name
            for other in PARTS.values()
            # Of pupil rows, which may have been deleted, the store knows more to say.
            if any(
                table in part.reads
                and table.sensitivity != "pupil"
                and table.full_name not in tables
                for table in other.writes
            )
            or (set(other.writes_files) & set(part.reads_files) and other.name not in noted)
        ]
        if missing:
            raise StudyError(_never_made(name.replace(".", "/")) for name in missing)

    def forget_all(self) -> None:
        """Have every part made again."""
        self._con.execute("DELETE FROM protocol.made")
        self._hashes.clear()

    def note(self, study: Study, part: Part) -> None:
        """Note what a sound part, or a passed check, was made from.

        Nothing is noted if that changed since `is_current` was asked: a file may have been replaced while it
        was read, and nobody knows which of the two was.
        """
        inputs = self._inputs(study, part)
        if self._before.pop(part.name, inputs) != inputs:
            return
        self._con.execute(
            "INSERT OR REPLACE INTO protocol.made VALUES ($part, $inputs, $outputs)",
            {"part": part.name, "inputs": inputs, "outputs": self._outputs(part)},
        )

    def not_current(self, study: Study, parts: Iterable[Part]) -> list[str]:
        """Which of the parts are missing, did not pass, or were made from something else; sorted."""
        return sorted(part.name for part in parts if not self.is_current(study, part))

    def check_noted(self, name: str) -> tuple[int, int] | None:
        """Rules checked, and rules or places broken, when a table or relation was last checked."""
        try:
            found = self._con.execute(
                "SELECT n_rules, n_broken FROM raw.check_result WHERE check_name = $name",
                {"name": name},
            ).fetchone()
        except duckdb.CatalogException:
            return None
        return (int(found[0]), int(found[1])) if found else None

    def hash_of(self, table: Table, *, without: tuple[str, ...] = ()) -> str:
        """Hash of a table's rows, `without` some columns.

        Of pupil rows, which may be gone: hash of what they were made from.
        """
        if table in FILE_TABLES:
            # Filled by many parts, in whatever order they are made.
            return self._rows_hash(table, is_ordered=False)
        if table.sensitivity == "pupil":
            return self._made_from(name_of(table))
        hashes = self._hashes.setdefault(table.full_name, {})
        if without not in hashes:
            hashes[without] = self._rows_hash(table, without=without)
        return hashes[without]

    def version_of(self, study: Study, table: Table) -> str:
        """As `hash_of`, also while the part that makes the table is at work."""
        if table.sensitivity == "pupil":
            return self._inputs(study, PARTS[name_of(table)])
        return self.hash_of(table)

    def _rows_hash(
        self, table: Table, *, without: tuple[str, ...] = (), is_ordered: bool = True
    ) -> str:
        left_out = (*without, *(_HASHES if table.full_name == _STUDY else ()))
        columns = f"* EXCLUDE ({', '.join(left_out)})" if left_out else "*"
        position = ", row_number() OVER ()" if is_ordered else ""
        ((n_rows, total),) = self._con.execute(
            "SELECT count(*), coalesce(sum(hash(each)), 0) "
            f"FROM (SELECT {columns}{position} FROM {table.full_name}) AS each"
        ).fetchall()
        return f"{n_rows}-{int(total):x}"

    def _sources_noted(self, part: Part) -> list[str]:
        """What was noted of the files that a part read; a file may have been another part's since."""
        noted = self._con.execute(
            "SELECT source_id, sha256 FROM raw.source WHERE list_contains($kinds, kind) ORDER BY ALL",
            {"kinds": list(part.source_kinds)},
        )
        return [f"{source_id} {sha256}" for source_id, sha256 in noted.fetchall()]

    def _made_from(self, part: str) -> str:
        noted = self._con.execute(
            "SELECT inputs_sha256 FROM protocol.made WHERE part = $part", {"part": part}
        ).fetchone()
        return str(noted[0]) if noted else "not made"

    def _inputs(self, study: Study, part: Part) -> str:
        return _sha256([part.name, part.code_version, _settings(study), *self._found(study, part)])

    def _found(self, study: Study, part: Part) -> Iterator[str]:
        if part.source_kinds:
            for file in registered_files(study, part.source_kinds):
                yield f"{file.source.kind} {file.source_id} {file.sha256}"
        if part.stores_hashes:
            yield f"{study.protocol_sha256} {sources_sha256(study)}"
        if part.reads_releases:
            yield releases_sha256(study.folder)
        if not part.source_kinds and PROTOCOL_TABLES[0] not in part.writes:
            for table in dict.fromkeys([*PROTOCOL_TABLES, *part.reads]):
                without = part.ignores.get(table.full_name, ())
                yield f"{table.full_name} {self.hash_of(table, without=without)}"
        for table in part.raw_tables:
            yield f"{table.full_name} {self._made_from(name_of(table))}"
        yield from _files(self._paths.work, part.reads_files)

    def _outputs(self, part: Part) -> str:
        kept = [table for table in part.writes if table.sensitivity != "pupil"]
        checked = [part.name, *(table.full_name for table in part.writes)]
        return _sha256(
            [
                f"{(self._paths.warnings / f'{part.name}.json').is_file()}",
                *(f"{name} {self.check_noted(name)}" for name in checked),
                *(f"{table.full_name} {self.hash_of(table)}" for table in kept),
                *(self._sources_noted(part) if part.source_kinds else ()),
                *_files(self._paths.work, part.writes_files),
            ]
        )


def files_written(paths: StudyPaths, part: Part) -> list[Path]:
    """The files that a part has written in the working folder, sorted."""
    return sorted({file for pattern in part.writes_files for file in paths.work.glob(pattern)})


def forget_undeclared(con: duckdb.DuckDBPyConnection) -> None:
    """Delete notes about parts and checks that an older version of the code had and this one has not."""
    con.execute("; ".join(table.ddl_if_absent() for table in (MADE, *FILE_TABLES)))
    checked = {"checked": [*PARTS, *(table.full_name for table in checked_tables())]}
    con.execute(
        "DELETE FROM protocol.made WHERE NOT list_contains($parts, part)", {"parts": list(PARTS)}
    )
    con.execute(
        "DELETE FROM raw.check_result WHERE NOT list_contains($checked, check_name)", checked
    )


def _settings(study: Study) -> str:
    """All settings but words that are only printed, however study.toml lays them out.

    A file counts by what it holds, not by its checksum.
    """
    return study.model_dump_json(
        exclude={
            "folder": True,
            "protocol_sha256": True,
            "source": {"__all__": {"sha256"}},
            "study": set(WORDS),
        }
    )


def _files(folder: Path, patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        for file in sorted(folder.glob(pattern)):
            yield f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"


def _sha256(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
