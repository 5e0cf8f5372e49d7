"""Dagster's event log for the command line: its SQLite files stay open for the whole run.

Dagster's own class reopens a file and recompiles every statement for each event and query, which
took more than a third of a run. This class stores the same events, so the page can follow the run.
`dagster_home` sets which class is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.engine import Connection, Engine

# The file shared by all runs; each run also has a file named by its id.
INDEX = "index"
# How long to wait for another process that is writing: Dagster's page, or another study's run.
LONGEST_WAIT_SECONDS = 60


class OpenEventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log with one engine per file, kept until the instance is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Dagster's own
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(*args, **kwargs)

    @classmethod
    def from_config_value(
        cls,
        inst_data: Any,  # noqa: ANN401 - Dagster's own
        config_value: Mapping[str, Any],
    ) -> OpenEventLog:
        """Create the storage from the instance's YAML; Dagster calls this."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether a table exists; a table that exists is not looked up again."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        """A transaction in a run's own file."""
        return self._transaction(str(run_id), super().run_connection(run_id))

    def index_connection(self) -> AbstractContextManager[Connection]:
        """A transaction in the file shared by all runs."""
        return self._transaction(INDEX, super().index_connection())

    @contextmanager
    def _transaction(
        self, shard: str, opened_by_dagster: AbstractContextManager[Connection]
    ) -> Iterator[Connection]:
        if shard not in self._engines:
            with opened_by_dagster:
                pass  # This creates the file's tables if they are missing.
            self._engines[shard] = self._engine(shard)
        with self._engines[shard].begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard), connect_args={"timeout": LONGEST_WAIT_SECONDS}
        )
        sqlalchemy.event.listen(engine, "connect", _do_not_wait_for_the_disk)
        return engine

    def close(self, run_id: str) -> None:
        """Close a run's own file."""
        if engine := self._engines.pop(run_id, None):
            engine.dispose()

    def dispose(self) -> None:
        """Close every file."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:  # noqa: ANN401
    """In WAL mode this cannot corrupt the file, but a power cut may lose a run's last events."""
    connection.execute("PRAGMA synchronous = NORMAL")
