"""The sums over pupils on Spark, from the same SQL, equal DuckDB's on the example's rows."""

from __future__ import annotations

import importlib.util
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot

from pipelines import marts
from pipelines.catalogue import KS2_STRATUM, KS4_STRATUM, MART_TABLES, RAW_TABLES, Table
from pipelines.ingest.readers import ingest_table
from pipelines.marts.on_spark import inputs_of, spark_select, strata
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from pipelines.study.paths import EXAMPLE

EXACT = 1e-9
STRATA = [KS2_STRATUM, KS4_STRATUM]
SUMS = ["n", "sum_y", "sum_yy", "sum_x", "sum_xx", "sum_xy"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The example up to its strata."""
    study = load_study(EXAMPLE)
    with store.connect_in_memory() as con:
        con.execute("SET threads = 1")
        write_protocol(con, study, sources_sha256="not registered")
        for table in RAW_TABLES:
            ingest_table(con, study, table)
        for table in MART_TABLES[: 1 + max(map(MART_TABLES.index, STRATA))]:
            marts.build(con, table)
        yield con


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark in this process, on one core."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed (the group spark of pyproject.toml)")
    if shutil.which("java") is None:
        pytest.skip("no Java is installed (Debian's package default-jre-headless)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession  # noqa: PLC0415

        settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1"}
        session = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    yield session
    session.stop()


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Whether two tables hold the same strata, and the same sums."""
    keys = [name for name in expected if name not in SUMS]
    assert sorted(found) == sorted(expected)
    frames = [each.sort_values(keys, ignore_index=True) for each in (found, expected)]
    assert len(expected) > 1000
    pd.testing.assert_frame_equal(frames[0][keys], frames[1][keys], check_dtype=False)
    for name in SUMS:
        values = [frame[name].to_numpy(dtype=float, na_value=np.nan) for frame in frames]
        np.testing.assert_allclose(*values, rtol=EXACT, atol=EXACT, err_msg=name)


@pytest.mark.parametrize("table", STRATA, ids=lambda table: table.name)
def test_spark_finds_the_same_sums(
    con: duckdb.DuckDBPyConnection, spark: Any, table: Table, tmp_path: Path
):
    for name in inputs_of(table):
        con.execute(f"COPY (FROM {name}) TO '{tmp_path / name}' (FORMAT parquet)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = strata(spark, table, tmp_path).toArrow().to_pandas()
    same(found, con.execute(f"FROM {table.full_name}").df())


@pytest.mark.parametrize("table", STRATA, ids=lambda table: table.name)
def test_what_spark_is_given_means_the_same_to_duckdb(con: duckdb.DuckDBPyConnection, table: Table):
    """Without Spark too: no column is left out when COLUMNS is written out."""
    written = spark_select(table)
    assert "COLUMNS" not in written
    for name in inputs_of(table):
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name.replace('.', '_')} AS FROM {name}")
    back = sqlglot.transpile(written, read="spark", write="duckdb")[0]
    same(con.execute(back).df(), con.execute(f"FROM {table.full_name}").df())


def test_a_difference_would_be_seen(con: duckdb.DuckDBPyConnection):
    table = con.execute(f"FROM {KS2_STRATUM.full_name}").df()
    wrong = table.assign(sum_xy=table["sum_xy"] * (1 + 1e-8))
    with pytest.raises(AssertionError, match="sum_xy"):
        same(wrong, table)
