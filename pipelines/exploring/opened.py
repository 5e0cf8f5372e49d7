"""`open_study`: a study's finished run as frames, charts and SQL, read-only.

Nothing is computed here: tables are those that `publishing` wrote, described by the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import duckdb
import pandas as pd

from pipelines.catalogue import RELEASED_TABLES, Table
from pipelines.charts import gallery
from pipelines.charts.chart import Chart
from pipelines.errors.fault import Fault, StudyError
from pipelines.publishing.runs import RESTRICTED, RESTRICTED_TABLES
from pipelines.store.store import row_count, sql_text
from pipelines.study.paths import DATA_MARTS, DATA_RAW, StudyPaths
from pipelines.study.settings import PROTOCOL

RELEASED = "released.duckdb"
Thing = TypeVar("Thing")


class NotThereError(StudyError, KeyError):
    """A study, table or chart that is not there. It prints whole: what is there, and what to do."""

    def __str__(self) -> str:
        """The message for the analyst: no file's contents are quoted."""
        return self.for_analyst()

    def _render_traceback_(self) -> list[str]:
        """The message without a traceback, in a notebook of Jupyter."""
        return str(self).split("\n")


def open_study(
    study: str | Path, *, restricted: bool = False, data_marts: Path = DATA_MARTS
) -> OpenStudy:
    """Open the current run of a study, by its name or folder: `surrey` or `data_raw/surrey`.

    `restricted` adds the tables before disclosure control, for officers only: named schools, however few
    their pupils. Raises NotThereError if there is no such study or no run of it, or its files cannot be read.
    """
    name = Path(study).name
    paths = StudyPaths(data_marts.resolve(), name)
    files = {"released": paths.current.resolve() / RELEASED}
    if not name or not files["released"].is_file():
        raise NotThereError([_no_run(study, name, paths)])
    if restricted:
        files["restricted"] = paths.restricted_current.resolve() / RESTRICTED
    con = duckdb.connect()
    try:
        for alias, file in files.items():
            _attach(con, alias, file)
        if restricted:
            _show_restricted(con)
    except BaseException:
        con.close()
        raise
    return OpenStudy(name, files["released"].parent, con, is_restricted=restricted)


class OpenStudy:
    """A finished run. It stays the run that was current when it was opened; to see a later one, open again.

    `tables["impact"]` is a frame, `charts["headline_effects"]` a chart, `sql(...)` the answer to a question.
    Frames are the reader's own: a change of one changes no file.
    """

    def __init__(
        self, name: str, run: Path, con: duckdb.DuckDBPyConnection, *, is_restricted: bool
    ) -> None:
        self.name = name
        self.run = run
        self.is_restricted = is_restricted
        self._con = con
        declared = {table.name: table for table in RELEASED_TABLES}
        if is_restricted:
            declared |= {table.full_name: table for table in RESTRICTED_TABLES}
        self._declared = declared
        self.tables: ByName[pd.DataFrame] = ByName(
            "table", tuple(declared), self._table, self._why_no_table
        )
        charts = sorted(file.stem for file in (run / "charts").glob("*.json"))
        self.charts: ByName[Chart] = ByName("chart", charts, self._chart)

    def contents(self) -> pd.DataFrame:
        """A row for each table: its name, how many rows it has, and what one is."""
        return pd.DataFrame(
            [
                (name, row_count(self._con, table.full_name), table.grain)
                for name, table in self._declared.items()
            ],
            columns=["table", "n_rows", "a_row_is"],
        )

    def columns(self, table: str) -> pd.DataFrame:
        """A row for each column of a table: name, type, unit, meaning, allowed codes, whether in the key.

        Raises NotThereError if there is no such table.
        """
        self.tables.require(table)
        declared = self._declared[table]
        return pd.DataFrame(
            [
                (
                    column.name,
                    column.sql_type.lower(),
                    column.unit or "",
                    column.about,
                    ", ".join(column.allowed),
                    column.name in declared.key,
                )
                for column in declared.columns
            ],
            columns=["column", "type", "unit", "meaning", "allowed", "is_key"],
        )

    def sql(self, question: str, **values: object) -> pd.DataFrame:
        """The answer to a question in SQL, `FROM released.impact WHERE programme = $programme`.

        Restricted tables are `mart.cell`, `impact.estimate`. Raises duckdb.Error for SQL that is wrong, or
        that would change a table.
        """
        return self._con.execute(question, values or None).df()

    def with_names(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame with a `school_id`, and each school's name and URN beside it.

        Raises NotThereError unless the study was opened with its restricted tables.
        """
        schools = self.tables["mart.school"][["school_id", "school_name", "urn"]]
        named = frame[["school_id"]].merge(schools, how="left", on="school_id")
        place = list(frame.columns).index("school_id") + 1
        wide = frame.reset_index(drop=True)
        for name in ("urn", "school_name"):
            if name not in wide.columns:
                wide.insert(place, name, named[name])
        return wide

    def close(self) -> None:
        """Let go of the files."""
        self._con.close()

    def __enter__(self) -> OpenStudy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        with_restricted = ", with its restricted tables" if self.is_restricted else ""
        return (
            f"{self.name}, run {self.run.name}{with_restricted}\n"
            f"  tables: {', '.join(self.tables)}\n  charts: {', '.join(self.charts)}"
        )

    def _table(self, name: str) -> pd.DataFrame:
        table = self._declared[name]
        frame = self._con.execute(f"FROM {table.full_name}").df()
        frame.attrs = _described(name, table)
        return frame

    def _why_no_table(self, name: str) -> str | None:
        if not self.is_restricted and name in {table.full_name for table in RESTRICTED_TABLES}:
            return f'it is for officers: open_study("{self.name}", restricted=True)'
        return None

    def _chart(self, name: str) -> Chart:
        return gallery.read_one(self.run / "charts" / f"{name}.json")


class ByName(Mapping[str, Thing], Generic[Thing]):
    """Things of a run by name, each read when it is asked for.

    Another name raises NotThereError, which lists those there are.
    """

    def __init__(
        self,
        kind: str,
        names: Sequence[str],
        read: Callable[[str], Thing],
        why_not: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._kind, self._names, self._read, self._why_not = kind, tuple(names), read, why_not

    def __getitem__(self, name: str) -> Thing:
        self.require(name)
        return self._read(name)

    def require(self, name: str) -> None:
        """Raise NotThereError if nothing has that name."""
        if name not in self._names:
            fault = Fault(
                file=f"{self._kind} {name!r}",
                problem=f"there is no such {self._kind} here",
                expected=f"one of {', '.join(self._names) or 'none: this run has no ' + self._kind}",
                remedy=self._why_not(name) or "ask for one of these",
            )
            raise NotThereError([fault])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"{len(self)} {self._kind}s: {', '.join(self._names)}"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._names)


def _described(name: str, table: Table) -> dict[Hashable | None, Any]:
    """What a frame carries in `attrs`: plain texts, so that it can be written to Parquet as it is."""
    return {
        "table": name,
        "a_row_is": table.grain,
        "key": list(table.key),
        "columns": {
            column.name: {
                "meaning": column.about,
                **({"unit": column.unit} if column.unit else {}),
                **({"allowed": list(column.allowed)} if column.allowed else {}),
            }
            for column in table.columns
        },
    }


def _attach(con: duckdb.DuckDBPyConnection, alias: str, file: Path) -> None:
    try:
        con.execute(f"ATTACH {sql_text(file)} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        officers = alias == "restricted"
        if officers and not file.is_file():
            found = "only who evaluated the study may open its folder `restricted`"
        else:
            found = str(error).split("\n")[0]
        fault = Fault(
            file=str(file),
            problem="the file cannot be opened",
            found=found,
            expected="a file of a finished run, readable by you",
            remedy="ask who evaluated the study, or evaluate it yourself"
            if officers
            else "make the study again (`make evaluate FRESH=1`)",
        )
        raise NotThereError([fault]) from error


def _show_restricted(con: duckdb.DuckDBPyConnection) -> None:
    """Let restricted tables be asked for by the names that the catalogue has for them."""
    for schema in sorted({table.schema for table in RESTRICTED_TABLES}):
        con.execute(f"CREATE SCHEMA {schema}")
    for table in RESTRICTED_TABLES:
        con.execute(f"CREATE VIEW {table.full_name} AS FROM restricted.{table.full_name}")


def _no_run(study: str | Path, name: str, paths: StudyPaths) -> Fault:
    folder = next(
        (
            place
            for place in (Path(study), DATA_RAW / name)
            if name and (place / PROTOCOL).is_file()
        ),
        None,
    )
    if folder is not None:
        return Fault(
            file=f"study {name!r}",
            problem="there is no run of it yet",
            expected="a finished run",
            remedy=f"`make evaluate STUDY={_as_typed(folder)}`",
        )
    return Fault(
        file=f"study {str(study)!r}",
        problem="there is no such study",
        expected=_studies_in_words(paths.marts),
        remedy="ask for one of these; `make new STUDY=data_raw/<name>` begins another",
    )


def _as_typed(folder: Path) -> str:
    resolved, root = folder.resolve(), DATA_RAW.parent
    return (resolved.relative_to(root) if resolved.is_relative_to(root) else resolved).as_posix()


def _studies_in_words(marts: Path) -> str:
    finished = sorted(file.parents[1].name for file in marts.glob(f"*/current/{RELEASED}"))
    waiting = sorted({file.parent.name for file in DATA_RAW.glob(f"*/{PROTOCOL}")} - {*finished})
    words = f"one of {', '.join(finished)}" if finished else "a study with a finished run"
    return f"{words}; not run yet: {', '.join(waiting)}" if waiting else words
