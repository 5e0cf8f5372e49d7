"""A whole run on large pupil files, by default of 1 and 5 million rows.

The example's pupil files are repeated with new pupil numbers, so the same schools have many more pupils. Each
size is a process of its own, beside DuckDB's bare read of the same files. They are CSV: Parquet is no form of
source (`pipelines/ingest/tabular.py`), because nobody sends pupil files in it. Runs write it, for readers.

`python -m tests.bench.scale 20` measures another number of millions. 20 million (3.1 GB) took 154 processor
seconds and 2.2 GB, 9.8 times the bare read: a run grows no faster than its files.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from pipelines.study.paths import EXAMPLE
from pipelines.study.settings import PROTOCOL
from tests.bench.figures import Figure, as_table, figures_of
from tests.bench.processes import Measured, measure, say

GROUP = "Runs of the example with more pupils, CSV"
MILLIONS = (1.0, 5.0)
PUPIL_FILES = "ks*_pupils_*.csv"
READ = (
    "SELECT count(*), {counted} FROM read_csv('{files}', all_varchar = true, union_by_name = true)"
)


def take_figures(sizes: tuple[float, ...] = MILLIONS) -> list[Figure]:
    """Each size once: they take minutes."""
    taken: dict[str, list[Measured]] = {}
    against = {}
    with tempfile.TemporaryDirectory() as name:
        for millions in sizes:
            study = Path(name) / "large"
            n_rows, n_bytes = write_study(study, round(millions * 1_000_000))
            size = f"{n_rows:,} rows"
            bare = f"DuckDB's bare read, {size} ({n_bytes / 1e6:,.0f} MB)"
            taken[bare] = [measure((sys.executable, "-c", _reading(study)))]
            run = f"`ssif evaluate`, {size}"
            taken[run] = [evaluated(study, Path(name))]
            against[run] = bare
            say(f"scale, {size}")
            shutil.rmtree(study)
    return figures_of(GROUP, taken, against)


def write_study(folder: Path, n_rows: int) -> tuple[int, int]:
    """Write the example with about `n_rows` pupils; returns its rows and bytes of pupil files."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("releases"))
    protocol = folder / PROTOCOL
    text = re.sub(r"^sha256 = .*\n", "", protocol.read_text(encoding="utf-8"), flags=re.MULTILINE)
    protocol.write_text(
        text.replace(f'name = "{EXAMPLE.name}"', f'name = "{folder.name}"', 1), encoding="utf-8"
    )
    files = sorted(folder.glob(PUPIL_FILES))
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = true")
        rows = [len(file.read_bytes().splitlines()) - 1 for file in files]
        times = max(1, round(n_rows / sum(rows)))
        for file in files:
            written = file.with_suffix(".written")
            con.execute(
                f"COPY (SELECT * REPLACE (UPN || '_' || copy AS UPN) FROM "
                f"read_csv('{file}', all_varchar = true) CROSS JOIN range({times}) AS t(copy)) "
                f"TO '{written}' (FORMAT csv, HEADER)"
            )
            written.replace(file)
    return sum(rows) * times, sum(file.stat().st_size for file in files)


def evaluated(study: Path, folder: Path) -> Measured:
    """Evaluate a study from nothing."""
    data_marts = folder / "data_marts"
    shutil.rmtree(data_marts, ignore_errors=True)
    command = ("-m", "assets.cli", "evaluate", str(study), "--data-marts", str(data_marts))
    return measure((sys.executable, *command))


def _reading(study: Path) -> str:
    """A program that has DuckDB read every cell of the pupil files."""
    with duckdb.connect() as con:
        files = str(study / PUPIL_FILES)
        names = [
            name
            for (name, *_) in con.execute(
                f"DESCRIBE FROM read_csv('{files}', all_varchar = true, union_by_name = true)"
            ).fetchall()
        ]
    counted = ", ".join(f'max("{name}")' for name in names)
    statement = READ.format(counted=counted, files=files)
    return f"import duckdb; duckdb.connect().execute({statement!r}).fetchall()"


if __name__ == "__main__":
    print(as_table(take_figures(tuple(map(float, sys.argv[1:])) or MILLIONS)))
