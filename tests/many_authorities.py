"""The settings of `dagster.yaml` that assets/README.md shows, as whoever follows it would put them in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from assets.dagster_home import CONFIG, dagster_home
from pipelines.study.paths import PROJECT

PAPER = PROJECT / "assets" / "README.md"
# The variable that holds the database's address, so that no password stands in a file.
HISTORY_URL = "HISTORY_URL"


def shown_under(heading: str) -> str:
    """The YAML that stands under a heading of the paper."""
    text = PAPER.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    return str(block)


def set_in(data_marts: Path, shown: str) -> None:
    """Put settings into the outputs' own `dagster.yaml`, in place of those of the same names."""
    file = dagster_home(data_marts) / CONFIG
    settings: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(settings | yaml.safe_load(shown)), encoding="utf-8")


def keep_in_postgres(data_marts: Path, url: str) -> None:
    """Keep Dagster's history of these outputs in the database that HISTORY_URL names."""
    assert url.startswith("postgresql+psycopg2://")
    set_in(data_marts, shown_under("Dagster's history in PostgreSQL"))
