"""How everything is computed, in plain Python and SQL. Dagster is used in `assets` only.

`pipelines.open_study("surrey")` opens a finished run: see `exploring.opened`. It is imported when first asked
for, so that importing a room stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.exploring.opened import open_study as open_study

__all__ = ["open_study"]


def __getattr__(name: str) -> object:
    if name == "open_study":
        from pipelines.exploring.opened import open_study  # noqa: PLC0415 - see above

        return open_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
