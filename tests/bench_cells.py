"""Time of an estimate from sums per school, compared with a regression of the pupils.

`python -m tests.bench_cells [pupils]` prints a table. Every method runs in its own process, to measure its
peak memory, and loads only the libraries it uses; imports are not timed. `bench` measures the whole run.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.impact.clustered import (
    ClusteredRegression,
    ClusterMoments,
    clustered_regression,
)
from pipelines.study.paths import PROJECT
from tests.bench import spread

N_PUPILS, N_SCHOOLS, N_YEARS = 5_000_000, 20_000, 8
N_TIMES_SMALLER = 5
N_TURNS = 3
CELLS, CELLS_CSV, BARE_CSV = "cells", "cells from CSV", "bare read of the CSV"
GROUP_BY = "DuckDB's GROUP BY alone"
SUMS = (
    "SELECT school_id, year, any_value(is_exposed) AS exposed, count(*) AS n, sum(y) AS y, "
    "sum(y * y) AS yy, sum(x) AS x, sum(x * x) AS xx, sum(x * y) AS xy FROM {rows} "
    "WHERE x IS NOT NULL AND y IS NOT NULL GROUP BY school_id, year"
)
WRITE = "write"
ROWS = ("pyfixest", "diff-diff")
SAME = 1e-6


@dataclass(frozen=True)
class Timing:
    """One process: seconds, those of all its processors, peak memory, and the estimated effect."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    coefficient: float
    standard_error: float


def write_pupils(folder: Path, n_pupils: int) -> None:
    """Write pupils as Parquet and CSV: school, year, programme, prior points, scaled score."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        con.execute("SELECT setseed(0.5)")
        con.execute(
            f"""
            CREATE TABLE pupil AS
            WITH drawn AS (
                SELECT
                    7000000 + (hash(i) % {N_SCHOOLS}) AS school_id,
                    CAST(hash(i + 1) % {N_YEARS} AS INTEGER) AS year,
                    round(4 * (12 + 2 * (random() + random() + random()))) / 4 AS x,
                    24 * (random() + random() + random() - 1.5) AS noise
                FROM range({n_pupils}) AS counted (i)
            )
            SELECT
                school_id,
                year,
                CAST(school_id % 10 = 0 AND year >= {N_YEARS - 2} AS INTEGER) AS is_exposed,
                CASE WHEN random() > 0.03 THEN x END AS x,
                CASE WHEN random() > 0.03 THEN round(
                    75 + 1.8 * x + 0.3 * year + hash(school_id) % 7
                    + CAST(school_id % 10 = 0 AND year >= {N_YEARS - 2} AS INTEGER) + noise
                ) END AS y,
                -- What else is in a pupil's row, so that the file is as wide as a file of results.
                md5(CAST(noise AS VARCHAR)) AS pupil_key,
                repeat('0,1,', 6) || 'N' AS other_codes,
                CAST(x * 3 + noise AS VARCHAR) AS other_points,
                DATE '2007-09-01' AS born_on
            FROM drawn
            """
        )
        con.execute(f"COPY pupil TO '{folder / 'pupils.parquet'}'")
        con.execute(f"COPY pupil TO '{folder / 'pupils.csv'}'")


def from_cells(rows: str) -> ClusteredRegression:
    """Regress score on programme and prior points, with year effects; `rows` is what DuckDB reads."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        # Preserving row order would cost memory.
        con.execute("SET preserve_insertion_order = false")
        sums = con.execute(SUMS.format(rows=rows)).fetchnumpy()
    n, y, x, exposed = (np.asarray(sums[name], float) for name in ("n", "y", "x", "exposed"))

    def year_mean(total: np.ndarray) -> np.ndarray:
        """The year's mean over pupils for each row; subtracting it equals a coefficient per year."""
        return (np.bincount(sums["year"], total) / np.bincount(sums["year"], n))[sums["year"]]

    mean_y, mean_x, d = year_mean(y), year_mean(x), exposed - year_mean(exposed * n)
    about_x, about_y = x - mean_x * n, y - mean_y * n
    xx = sums["xx"] - mean_x * (x + about_x)
    xy = sums["xy"] - mean_x * y - mean_y * about_x
    yy = sums["yy"] - mean_y * (y + about_y)
    # Add up a school's moments over its years.
    school = np.unique(sums["school_id"], return_inverse=True)[1]
    each = (n, yy, d * d * n, d * about_x, xx, d * about_y, xy)
    total = [np.bincount(school, value) for value in each]
    fit = clustered_regression(
        ClusterMoments(
            n=total[0],
            xx=np.stack([total[2], total[3], total[3], total[4]], axis=1).reshape(-1, 2, 2),
            xy=np.stack([total[5], total[6]], axis=1),
            yy=total[1],
        )
    )
    # Year coefficients use degrees of freedom too.
    n_left = fit.n_rows - len(fit.coefficient)
    factor = np.sqrt(n_left / (n_left - N_YEARS))
    return replace(fit, standard_error=fit.standard_error * factor)


def run(method: str, folder: Path) -> Timing:
    """Run one method in this process. Imports and loading rows into memory are not timed."""
    import duckdb  # noqa: F401, PLC0415 - so that its import is not timed

    parquet, csv = str(folder / "pupils.parquet"), str(folder / "pupils.csv")
    if method == CELLS:
        return _timed(lambda: _first_of(from_cells(f"'{parquet}'")))
    if method == CELLS_CSV:
        return _timed(lambda: _first_of(from_cells(f"read_csv('{csv}')")))
    if method == BARE_CSV:
        return _timed(lambda: _bare_read(csv))
    if method == GROUP_BY:
        return _timed(lambda: _group_by(parquet))
    import pandas as pd  # noqa: PLC0415

    rows = pd.read_parquet(parquet, columns=["school_id", "year", "is_exposed", "x", "y"])
    rows = rows.dropna().reset_index(drop=True)
    rows["school_id"] = rows["school_id"].astype("int64")
    if method == "pyfixest":
        import pyfixest as pf  # noqa: PLC0415

        def by_feols(used: pd.DataFrame) -> tuple[float, float]:
            fit = pf.feols("y ~ is_exposed + x | year", used, vcov={"CRV1": "school_id"})
            return float(fit.coef()["is_exposed"]), float(fit.se()["is_exposed"])

        by_feols(rows.head(20_000))  # what is compiled at the first call is not timed
        return _timed(lambda: by_feols(rows))
    from diff_diff import LinearRegression  # noqa: PLC0415

    def by_rows() -> tuple[float, float]:
        dummies = [(rows["year"] == year).to_numpy(float) for year in range(1, N_YEARS)]
        fixed = [rows["is_exposed"].to_numpy(float), rows["x"].to_numpy(float)]
        fit = LinearRegression(cluster_ids=rows["school_id"].to_numpy())
        fit.fit(np.column_stack([*fixed, *dummies]), rows["y"].to_numpy(float))
        found = fit.get_coefficient(1), fit.get_se(1)
        return float(found[0]), float(found[1])

    return _timed(by_rows)


def _timed(work: Callable[[], tuple[float, float]]) -> Timing:
    begun, processor_begun = time.perf_counter(), time.process_time()
    coefficient, error = work()
    seconds, of_processor = time.perf_counter() - begun, time.process_time() - processor_begun
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Timing(seconds, of_processor, peak, coefficient, error)


def _first_of(fit: ClusteredRegression) -> tuple[float, float]:
    return float(fit.coefficient[0]), float(fit.standard_error[0])


def _bare_read(csv: str) -> tuple[float, float]:
    """DuckDB reads every field of the file and keeps nothing."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        con.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{csv}')").fetchall()
    return float("nan"), float("nan")


def _group_by(parquet: str) -> tuple[float, float]:
    """DuckDB's part of the cells: the sums by school and year."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = false")
        con.execute(SUMS.format(rows=f"'{parquet}'")).fetchnumpy()
    return float("nan"), float("nan")


def take_turns(folder: Path, smaller: Path) -> tuple[dict[str, list[Timing]], ...]:
    """Alternate the methods, so that a busy machine affects all alike; cells also with fewer pupils."""
    taken: tuple[dict[str, list[Timing]], ...] = ({}, {})
    turn = [(method, 0) for method in (CELLS, GROUP_BY, *ROWS, BARE_CSV, CELLS_CSV)]
    turn[1:1] = [(CELLS, 1)]
    turn += [(CELLS_CSV, 1)]
    for method, which in turn * N_TURNS:
        read = str((folder, smaller)[which])
        command = (sys.executable, "-m", "tests.bench_cells", method, read)
        process = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        found = Timing(**json.loads(process.stdout.splitlines()[-1]))
        taken[which].setdefault(method, []).append(found)
        print(f"{method}: {found.seconds:.2f} s", file=sys.stderr, flush=True)
    return taken


def growth(taken: list[Timing], fewer: list[Timing]) -> str:
    """Ratio of time and memory within one turn."""
    turns = list(zip(taken, fewer, strict=True))
    longer = spread([one.seconds / other.seconds for one, other in turns])
    larger = spread([one.peak_mb / other.peak_mb for one, other in turns])
    return f"{longer} times the time, {larger} times the memory"


def as_table(taken: dict[str, list[Timing]]) -> str:
    """A Markdown table; ratios are within one turn. Raises ValueError if methods disagree.

    Ratios are of processor seconds: seconds alone flatter a method that uses both cores.
    """
    for method in (*ROWS, CELLS_CSV):
        one, other = taken[CELLS][0], taken[method][0]
        found = (one.coefficient, one.standard_error)
        if not np.allclose(found, (other.coefficient, other.standard_error), rtol=SAME, atol=0):
            raise ValueError(f"{method} and the cells find different things: {one}, {other}")
    against = dict.fromkeys((CELLS, GROUP_BY, *ROWS), CELLS) | {
        BARE_CSV: BARE_CSV,
        CELLS_CSV: BARE_CSV,
    }
    lines = [
        "| Method | Seconds: median (range) | Of processor | Times the first of its kind | Peak memory "
        "| Times |",
        "|---|---|---|---|---|---|",
    ]
    for method, first in against.items():
        turns = list(zip(taken[method], taken[first], strict=True))
        seconds = spread([one.seconds for one, _ in turns])
        peak = statistics.median(one.peak_mb for one, _ in turns)
        of_processor = spread([one.processor_seconds for one, _ in turns])
        slower = spread([one.processor_seconds / other.processor_seconds for one, other in turns])
        larger = statistics.median(one.peak_mb / other.peak_mb for one, other in turns)
        lines.append(
            f"| {method} | {seconds} | {of_processor} | {slower} | {peak:.0f} MB | {larger:.1f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the table; given a method and a folder, run only that and print its timing."""
    if len(arguments) == 3:
        write_pupils(Path(arguments[1]), int(arguments[2]))
        return
    if len(arguments) == 2:
        print(json.dumps(asdict(run(arguments[0], Path(arguments[1])))))
        return
    n_pupils = int(arguments[0]) if arguments else N_PUPILS
    with tempfile.TemporaryDirectory() as name:
        folder, smaller = Path(name), Path(name) / "smaller"
        smaller.mkdir()
        for written, n in ((folder, n_pupils), (smaller, n_pupils // N_TIMES_SMALLER)):
            # Use a separate process, because child processes inherit this one's peak memory.
            command = (sys.executable, "-m", "tests.bench_cells", WRITE, str(written), str(n))
            subprocess.run(command, cwd=PROJECT, check=True)
        size_mb = (folder / "pupils.csv").stat().st_size / 1e6
        taken, fewer = take_turns(folder, smaller)
        table = as_table(taken)
    print(table)
    print(
        f"\n{n_pupils:,} pupils, {N_SCHOOLS:,} schools, {N_YEARS} years; CSV of {size_mb:.0f} MB. "
        f"Against {n_pupils // N_TIMES_SMALLER:,} pupils in as many schools and years:"
    )
    for method in (CELLS, CELLS_CSV):
        print(f"- {method}: {growth(taken[method], fewer[method])}")


if __name__ == "__main__":
    main(sys.argv[1:])
