"""The SELECTs over pupil rows for an existing Spark: the same files, in its dialect.

They are the only steps that grow with pupils; all after them works on what they return. Needs the packages of
`spark` in pyproject.toml, and no other module needs this one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.catalogue import Table
from pipelines.marts import select_of

if TYPE_CHECKING:
    from sqlglot import exp


def strata(spark: Any, table: Table, parquet: Path) -> Any:  # noqa: ANN401 - an optional package
    """A Spark DataFrame of a mart's rows; the folder `parquet` holds each input as `<schema>.<table>`."""
    for name in inputs_of(table):
        spark.read.parquet(str(parquet / name)).createOrReplaceTempView(_view(name))
    return spark.sql(spark_select(table))


def inputs_of(table: Table) -> list[str]:
    """The tables that a mart's SELECT reads, as `schema.table`, sorted."""
    read = {f"{each.db}.{each.name}" for each in _tables(_parsed(table))}
    return sorted(read)


def spark_select(table: Table) -> str:
    """The SELECT that fills a mart, in Spark's dialect; its inputs are views named `<schema>_<table>`."""
    from sqlglot import exp  # noqa: PLC0415

    select = _parsed(table)
    while named := select.find(exp.Columns):
        _write_out(select, named)
    for each in _tables(select):
        view = _view(f"{each.db}.{each.name}")
        each.replace(exp.to_table(view, alias=each.alias_or_name))
    return select.sql("spark", pretty=True, comments=False)


def _parsed(table: Table) -> exp.Expr:
    import sqlglot  # noqa: PLC0415

    return sqlglot.parse_one(select_of(table), read="duckdb")


def _tables(select: exp.Expr) -> list[exp.Table]:
    from sqlglot import exp  # noqa: PLC0415

    return [each for each in select.find_all(exp.Table) if each.db]


def _view(name: str) -> str:
    return name.replace(".", "_")


def _write_out(select: exp.Expr, named: exp.Expr) -> None:
    """Repeat the entry of a list that holds COLUMNS, once for each column of `pupil` that it stands for."""
    from sqlglot import exp  # noqa: PLC0415

    entry = named
    while entry.parent and not isinstance(entry.parent, exp.Select | exp.In):
        entry = entry.parent

    def of(column: str) -> exp.Expr:
        def written(node: exp.Expr) -> exp.Expr:
            return exp.column(column) if isinstance(node, exp.Columns) else node

        copy = entry.copy().transform(written)
        return copy if entry is named else exp.alias_(copy, column)

    (pupil,) = [each for each in select.find_all(exp.CTE) if each.alias == "pupil"]
    entry.replace([of(name) for name in pupil.this.named_selects if re.match(named.name, name)])
