"""A whole run on large pupil files, by default of 1 and 5 million rows.

The example's pupil files are repeated with new pupil numbers, so the same schools have many more pupils. Each
size is a process of its own, beside DuckDB's bare read of the same files, as CSV and as Parquet.

`python -m tests.bench.scale 20` measures another number of millions. 20 million rows of CSV (3.1 GB) took 126
processor seconds and 2.2 GB, 7.8 times the bare read; of Parquet (0.2 GB) 74 and 2.5 GB: a run grows no
faster than its files.
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

GROUP = "Runs of the example with more pupils"
MILLIONS = (1.0, 5.0)
PUPIL_FILES = "ks*_pupils_*"
# How DuckDB reads all files of a form.
FORMS = {
    "csv": "read_csv('{files}.csv', all_varchar = true, union_by_name = true)",
    "parquet": "read_parquet('{files}.parquet', union_by_name = true)",
}


def take_figures(sizes: tuple[float, ...] = MILLIONS) -> list[Figure]:
    """Each size once: they take minutes."""
    taken: dict[str, list[Measured]] = {}
    against = {}
    with tempfile.TemporaryDirectory() as name:
        for millions, form in ((size, form) for size in sizes for form in FORMS):
            study = Path(name) / "large"
            n_rows, n_bytes = write_study(study, round(millions * 1_000_000), form)
            size = f"{n_rows:,} rows of {'CSV' if form == 'csv' else 'Parquet'}"
            bare = f"DuckDB's bare read, {size} ({n_bytes / 1e6:,.0f} MB)"
            taken[bare] = [measure((sys.executable, "-c", _reading(study, form)))]
            run = f"`ssif evaluate`, {size}"
            taken[run] = [evaluated(study, Path(name))]
            against[run] = bare
            say(f"scale, {size}")
            shutil.rmtree(study)
    return figures_of(GROUP, taken, against)


def write_study(folder: Path, n_rows: int, form: str) -> tuple[int, int]:
    """Write the example with about `n_rows` pupils; returns the rows and bytes of its pupil files."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("releases"))
    protocol = folder / PROTOCOL
    text = re.sub(r"^sha256 = .*\n", "", protocol.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = text.replace(f'name = "{EXAMPLE.name}"', f'name = "{folder.name}"', 1)
    text = re.sub(r'"(ks[24]_pupils_\w+)\.csv"', rf'"\1.{form}"', text)
    protocol.write_text(text, encoding="utf-8")
    files = sorted(folder.glob(f"{PUPIL_FILES}.csv"))
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = true")
        rows = [len(file.read_bytes().splitlines()) - 1 for file in files]
        times = max(1, round(n_rows / sum(rows)))
        for file in files:
            written = file.with_suffix(".written")
            con.execute(
                f"COPY (SELECT * REPLACE (UPN || '_' || copy AS UPN) FROM "
                f"read_csv('{file}', all_varchar = true) CROSS JOIN range({times}) AS t(copy)) "
                f"TO '{written}' (FORMAT {form})"
            )
            file.unlink()
            written.replace(file.with_suffix(f".{form}"))
    written_files = folder.glob(f"{PUPIL_FILES}.{form}")
    return sum(rows) * times, sum(file.stat().st_size for file in written_files)


def evaluated(study: Path, folder: Path) -> Measured:
    """Evaluate a study from nothing."""
    data_marts = folder / "data_marts"
    shutil.rmtree(data_marts, ignore_errors=True)
    command = ("-m", "assets.cli", "evaluate", str(study), "--data-marts", str(data_marts))
    return measure((sys.executable, *command))


def _reading(study: Path, form: str) -> str:
    """A program that has DuckDB read every cell of the pupil files."""
    files = FORMS[form].format(files=study / PUPIL_FILES)
    with duckdb.connect() as con:
        names = [name for (name, *_) in con.execute(f"DESCRIBE FROM {files}").fetchall()]
    counted = ", ".join(f'max("{name}")' for name in names)
    statement = f"SELECT count(*), {counted} FROM {files}"
    return f"import duckdb; duckdb.connect().execute({statement!r}).fetchall()"


if __name__ == "__main__":
    print(as_table(take_figures(tuple(map(float, sys.argv[1:])) or MILLIONS)))
