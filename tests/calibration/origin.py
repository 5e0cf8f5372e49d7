"""Where a table's numbers are from: its first line, and a hash of the engine that made them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pipelines.study.paths import PROJECT

ENGINE = (
    "panel",
    "pooled_years",
    "inference",
    "estimators",
    "imbens_manski",
    "headline",
    "evaluate",
)


@dataclass(frozen=True)
class Heading:
    """Origin of the numbers. `version` is a hash of the engine's files."""

    seed: int
    draws: int
    version: str
    date: str
    milliseconds_a_draw: float

    @property
    def line(self) -> str:
        """The first line of a table."""
        return (
            f"# seed {self.seed}; draws {self.draws} a scenario; engine {self.version}; "
            f"date {self.date}; {self.milliseconds_a_draw:.1f} ms a draw and processor"
        )


def engine_version() -> str:
    """First 12 digits of the SHA-256 of the modules that were calibrated."""
    folder = PROJECT / "pipelines" / "impact"
    text = b"".join((folder / f"{name}.py").read_bytes() for name in ENGINE)
    return hashlib.sha256(text).hexdigest()[:12]
