"""Time of an estimate from sums per school, compared with regressions of pupils and with other grouping.

Every method runs in its own process, to measure its peak memory, and loads only the libraries it uses;
imports are not timed. All must find the same effect and error, to 1e-9. duckreg has school-clustered errors
only by resampling schools, so its effect alone is computed and compared; its class for DuckDB does not run
with DuckDB 2, the one for any database does. pyfixest is given groups of the same school, year and prior
points, which loses nothing: half as many rows as pupils.

Narrower types were tried and leave DuckDB's GROUP BY as it is (0.41 processor seconds); Parquet sorted by
school and year takes 0.17, but nobody sends it sorted. `pipelines/marts/ks2_stratum.sql` already sums all
measures in one pass; keys of narrower types saved 6% of it, and were not kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.impact.clustered import (
    ClusteredRegression,
    ClusterMoments,
    clustered_regression,
)
from pipelines.study.paths import PROJECT
from tests.bench.figures import Figure, figures_of
from tests.bench.processes import Measured, own_peak_mb, say

N_PUPILS, N_SCHOOLS, N_YEARS = 5_000_000, 20_000, 8
N_TIMES_SMALLER = 5
N_TURNS = 3
GROUP = f"Estimate from {N_PUPILS:,} invented pupils, {N_SCHOOLS:,} schools, {N_YEARS} years"
CELLS, CELLS_CSV, BARE_CSV = "cells from Parquet", "cells from CSV", "DuckDB's bare read of the CSV"
GROUP_BY = "DuckDB's GROUP BY alone, Parquet"
POLARS = "the same algebra on polars' grouping, Parquet"
GROUPED = "pyfixest on DuckDB's groups with weights, Parquet"
DUCKREG = "duckreg, the effect without its error, Parquet"
PYFIXEST, DIFF_DIFF = "pyfixest on rows in memory", "diff-diff on rows in memory"
FEWER = f"{N_PUPILS // N_TIMES_SMALLER:,} pupils"
AGAINST = dict.fromkeys((GROUP_BY, POLARS, GROUPED, DUCKREG, PYFIXEST, DIFF_DIFF), CELLS) | {
    CELLS_CSV: BARE_CSV
}
SUMS = (
    "SELECT school_id, year, any_value(is_exposed) AS exposed, count(*) AS n, sum(y) AS y, "
    "sum(y * y) AS yy, sum(x) AS x, sum(x * x) AS xx, sum(x * y) AS xy FROM {rows} "
    "WHERE x IS NOT NULL AND y IS NOT NULL GROUP BY school_id, year"
)
ALIKE = (
    "SELECT school_id, year, x, any_value(is_exposed) AS is_exposed, count(*) AS n, avg(y) AS y "
    "FROM {rows} WHERE x IS NOT NULL AND y IS NOT NULL GROUP BY school_id, year, x"
)
WRITE = "write"
SAME = 1e-9


@dataclass(frozen=True)
class Timing:
    """One process: what it took, and the estimated effect and its error."""

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


def by_duckdb(rows: str) -> dict[str, np.ndarray]:
    """Sums by school and year, a column each; `rows` is what DuckDB reads."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        # Preserving row order would cost memory.
        con.execute("SET preserve_insertion_order = false")
        return con.execute(SUMS.format(rows=rows)).fetchnumpy()


def by_polars(parquet: str) -> dict[str, np.ndarray]:
    """The same sums."""
    import polars as pl  # noqa: PLC0415

    x, y = pl.col("x"), pl.col("y")
    products = {"yy": y * y, "xx": x * x, "xy": x * y}
    rows = pl.scan_parquet(parquet).filter(x.is_not_null() & y.is_not_null())
    sums = rows.group_by("school_id", "year").agg(
        pl.col("is_exposed").first().alias("exposed"),
        pl.len().alias("n"),
        y.sum(),
        x.sum(),
        **{name: product.sum() for name, product in products.items()},
    )
    return {column.name: column.to_numpy() for column in sums.collect()}


def from_sums(sums: Mapping[str, np.ndarray]) -> ClusteredRegression:
    """Regress score on programme and prior points, with year effects."""
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
        return _timed(lambda: _first_of(from_sums(by_duckdb(f"'{parquet}'"))))
    if method == CELLS_CSV:
        return _timed(lambda: _first_of(from_sums(by_duckdb(f"read_csv('{csv}')"))))
    if method == BARE_CSV:
        return _timed(lambda: _bare_read(csv))
    if method == GROUP_BY:
        return _timed(lambda: _nothing(by_duckdb(f"'{parquet}'")))
    if method == POLARS:
        import polars  # noqa: F401, PLC0415

        return _timed(lambda: _first_of(from_sums(by_polars(parquet))))
    if method == DUCKREG:
        import duckreg  # noqa: F401, PLC0415

        return _timed(lambda: by_duckreg(parquet))
    if method == GROUPED:
        import pyfixest  # noqa: F401, PLC0415

        by_feols(_alike(parquet).head(20_000), weights="n", weights_type="fweights")
        return _timed(lambda: by_feols(_alike(parquet), weights="n", weights_type="fweights"))
    rows = _rows(parquet)
    if method == PYFIXEST:
        by_feols(rows.head(20_000))  # what is compiled at the first call is not timed
        return _timed(lambda: by_feols(rows))
    return _timed(lambda: by_diff_diff(rows))


def by_feols(rows: Any, **options: str) -> tuple[float, float]:
    """pyfixest on a frame of rows."""
    import pyfixest as pf  # noqa: PLC0415

    fit = pf.feols("y ~ is_exposed + x | year", rows, vcov={"CRV1": "school_id"}, **options)
    return float(fit.coef()["is_exposed"]), float(fit.se()["is_exposed"])


def by_duckreg(parquet: str) -> tuple[float, float]:
    """duckreg on a view of the file, with a column for each year but the first."""
    import ibis  # noqa: PLC0415
    from duckreg import DBRegression  # noqa: PLC0415

    years = {f"year_{year}": f"CAST(year = {year} AS DOUBLE)" for year in range(1, N_YEARS)}
    columns = ", ".join(f"{is_year} AS {name}" for name, is_year in years.items())
    connection = ibis.duckdb.connect()
    connection.raw_sql(
        f"CREATE VIEW pupil AS SELECT y, is_exposed, x, {columns} FROM '{parquet}' "
        "WHERE x IS NOT NULL AND y IS NOT NULL"
    )
    formula = f"y ~ is_exposed + x + {' + '.join(years)}"
    fit = DBRegression(None, "pupil", formula, None, 0, n_bootstraps=0, connection=connection)
    fit.fit()
    return float(fit.point_estimate[1]), float("nan")


def by_diff_diff(rows: Any) -> tuple[float, float]:
    """diff-diff on a frame of rows."""
    from diff_diff import LinearRegression  # noqa: PLC0415

    dummies = [(rows["year"] == year).to_numpy(float) for year in range(1, N_YEARS)]
    fixed = [rows["is_exposed"].to_numpy(float), rows["x"].to_numpy(float)]
    fit = LinearRegression(cluster_ids=rows["school_id"].to_numpy())
    fit.fit(np.column_stack([*fixed, *dummies]), rows["y"].to_numpy(float))
    found = fit.get_coefficient(1), fit.get_se(1)
    return float(found[0]), float(found[1])


def _rows(parquet: str) -> Any:
    import pandas as pd  # noqa: PLC0415

    rows = pd.read_parquet(parquet, columns=["school_id", "year", "is_exposed", "x", "y"])
    rows = rows.dropna().reset_index(drop=True)
    rows["school_id"] = rows["school_id"].astype("int64")
    return rows


def _alike(parquet: str) -> Any:
    """Pupils of a school and year with the same prior points: how many, and their mean score."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = false")
        rows = con.execute(ALIKE.format(rows=f"'{parquet}'")).df()
    rows["school_id"] = rows["school_id"].astype("int64")
    return rows


def _timed(work: Callable[[], tuple[float, float]]) -> Timing:
    begun, processor_begun = time.perf_counter(), time.process_time()
    coefficient, error = work()
    seconds, of_processor = time.perf_counter() - begun, time.process_time() - processor_begun
    return Timing(seconds, of_processor, own_peak_mb(), coefficient, error)


def _first_of(fit: ClusteredRegression) -> tuple[float, float]:
    return float(fit.coefficient[0]), float(fit.standard_error[0])


def _nothing(_: object) -> tuple[float, float]:
    return float("nan"), float("nan")


def _bare_read(csv: str) -> tuple[float, float]:
    """DuckDB reads every field of the file and keeps nothing."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect() as con:
        return _nothing(con.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{csv}')").fetchall())


def take_figures(n_pupils: int = N_PUPILS) -> list[Figure]:
    """Write pupils, then run every method once a turn; cells also on fewer pupils.

    Raises ValueError if methods disagree.
    """
    taken: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, smaller = Path(name), Path(name) / "smaller"
        smaller.mkdir()
        for written, n in ((folder, n_pupils), (smaller, n_pupils // N_TIMES_SMALLER)):
            _run(WRITE, written, str(n))
        processes = {
            method: (method, folder)
            for method in (CELLS, GROUP_BY, POLARS, DUCKREG, GROUPED, PYFIXEST, DIFF_DIFF, BARE_CSV)
        }
        processes |= {
            CELLS_CSV: (CELLS_CSV, folder),
            f"{CELLS}, {FEWER}": (CELLS, smaller),
            f"{CELLS_CSV}, {FEWER}": (CELLS_CSV, smaller),
        }
        for turn in range(1, N_TURNS + 1):
            found = {
                process: Timing(**json.loads(_run(method, read).splitlines()[-1]))
                for process, (method, read) in processes.items()
            }
            for process, one in found.items():
                if processes[process][1] == folder:
                    _require_same(process, one, found[CELLS])
                timing = Measured(one.seconds, one.processor_seconds, one.peak_mb)
                taken.setdefault(process, []).append(timing)
            say(f"cells, turn {turn} of {N_TURNS}")
    return figures_of(GROUP, taken, AGAINST)


def _require_same(process: str, one: Timing, other: Timing) -> None:
    for name in ("coefficient", "standard_error"):
        found, expected = getattr(one, name), getattr(other, name)
        if not np.isnan(found) and not np.isclose(found, expected, rtol=SAME, atol=0):
            raise ValueError(f"{process} and the cells find different things: {one}, {other}")


def _run(method: str, folder: Path, *arguments: str) -> str:
    command = (sys.executable, "-m", "tests.bench.cells", method, str(folder), *arguments)
    process = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    return process.stdout


if __name__ == "__main__":
    # One process of `take_figures`.
    if sys.argv[1] == WRITE:
        write_pupils(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(json.dumps(asdict(run(sys.argv[1], Path(sys.argv[2])))))
