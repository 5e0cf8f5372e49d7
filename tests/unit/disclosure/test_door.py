"""The one door: small counts are withheld with their figures, all tables or none are made."""

from __future__ import annotations

from contextlib import closing

import duckdb
import pytest

from pipelines import store
from pipelines.catalogue import RELEASED_TABLES, Table
from pipelines.disclosure import door
from tests.tiny_study import TinyStudy
from tests.unit.validation.planted import good_value

TABLES = {table.name: table for table in RELEASED_TABLES}
CAN_WITHHOLD = [table for table in RELEASED_TABLES if table.small_counts]
MINIMUM = 6


@pytest.fixture(scope="module")
def estimated(tmp_path_factory):
    """A study whose effects have been estimated."""
    with TinyStudy(tmp_path_factory.mktemp("tiny")).released() as con:
        yield con


@pytest.fixture
def con(estimated):
    """The same for every test: what a test plants is taken out again after it."""
    planted_in = ("impact.comparison", "impact.estimate", "impact.compared_school", "mart.outcome")
    for table in planted_in:
        estimated.execute(f"CREATE OR REPLACE TEMP TABLE {table.split('.')[1]} AS FROM {table}")
    yield estimated
    for table in planted_in:
        estimated.execute(f"CREATE OR REPLACE TABLE {table} AS FROM temp.{table.split('.')[1]}")


def row_of(table: Table, **values: object) -> dict[str, object]:
    """A row with a figure in every column that can be withheld."""
    row = {column.name: good_value(column) for column in table.columns}
    row |= dict.fromkeys(table.withheld, 0.25) | dict.fromkeys(table.small_counts, 100)
    return row | {"pupil_group": "disadvantaged"} | values


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    """Replace the rows of a table, setting the columns it has."""
    con.execute(f"DELETE FROM {table}")
    names = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
    for row in rows:
        given = {name: value for name, value in row.items() if name in names}
        con.execute(
            f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join('?' for _ in given)})",
            list(given.values()),
        )


def released(con: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, object]]:
    """The rows of a released table after the door."""
    door.release(con, MINIMUM)
    cursor = con.execute(f"FROM released.{name}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def comparison(n_pupils: int, arm: str, **values: object) -> dict[str, object]:
    return row_of(
        TABLES["comparison"], n_pupils=n_pupils, arm=arm, measure="ks2_rwm_expected", **values
    )


def test_a_figure_of_few_pupils_is_withheld_with_its_count_and_marked(con):
    rows = [comparison(5, "few"), comparison(6, "enough"), comparison(1, "one", n_schools=4)]
    fill(con, "impact.comparison", rows)
    found = {row["arm"]: row for row in released(con, "comparison")}
    for arm in ("few", "one"):
        assert [found[arm][name] for name in ("n_pupils", "mean", "ci_low", "ci_high")] == [
            None
        ] * 4
        assert found[arm]["suppressed"] is True
    assert found["one"]["n_schools"] == 4
    assert [found["enough"][name] for name in ("n_pupils", "mean", "ci_low", "suppressed")] == [
        6,
        0.25,
        0.25,
        False,
    ]


def test_the_threshold_is_the_studys(con):
    fill(con, "impact.comparison", [comparison(9, "few"), comparison(10, "enough")])
    door.release(con, 10)
    assert con.execute(
        "SELECT arm, n_pupils, suppressed FROM released.comparison ORDER BY arm"
    ).fetchall() == [("enough", 10, False), ("few", None, True)]
    assert door.count_withheld(con)["comparison"] == 1


def test_what_was_made_before_the_door_is_not_touched(con):
    fill(con, "impact.comparison", [comparison(2, "few")])
    door.release(con, MINIMUM)
    assert con.execute("SELECT n_pupils, mean FROM impact.comparison").fetchall() == [(2, 0.25)]


@pytest.mark.parametrize("small", ["n_programme_pupils", "n_comparison_pupils"])
def test_an_estimate_with_few_pupils_on_one_side_is_withheld_with_both_counts(con, small):
    rows = [
        row_of(
            TABLES["impact"],
            **{small: 3},
            estimator="bracket",
            verdict="worse",
            verdict_reason="every pupil has the same result",
        ),
        row_of(TABLES["impact"], estimator="ancova", verdict=None, verdict_reason=None),
    ]
    fill(con, "impact.estimate", rows)
    few, enough = released(con, "impact")
    for name in (*TABLES["impact"].withheld, "n_programme_pupils", "n_comparison_pupils"):
        assert few[name] is None
        assert enough[name] is not None
    # Neither the verdict nor its reason may tell what the few pupils got.
    assert few["verdict"] == "cannot_tell"
    assert few["verdict_reason"] == "fewer than 6 pupils on one side: withheld"
    assert (enough["verdict"], enough["verdict_reason"]) == (None, None)


def test_nobody_is_not_a_small_count(con):
    rows = [row_of(TABLES["impact"], n_programme_pupils=0, n_comparison_pupils=0)]
    fill(con, "impact.estimate", rows)
    (row,) = released(con, "impact")
    assert (row["n_programme_pupils"], row["n_comparison_pupils"]) == (0, 0)


@pytest.mark.parametrize("group", ["sen_support", "ehc_plan", "no_sen"])
def test_one_schools_pupils_by_special_need_are_never_shown_however_many(con, group):
    rows = [
        comparison(40, "one school", n_schools=1, pupil_group=group),
        comparison(40, "two schools", n_schools=2, pupil_group=group),
        comparison(40, "other pupils", n_schools=1, pupil_group="disadvantaged"),
    ]
    fill(con, "impact.comparison", rows)
    found = {row["arm"]: row["mean"] for row in released(con, "comparison")}
    assert found == {"one school": None, "two schools": 0.25, "other pupils": 0.25}


@pytest.mark.parametrize("group", ["sen_support", "ehc_plan", "no_sen"])
def test_no_point_of_a_school_is_about_special_need(con, group):
    """The protocol asks for the group, pupils are plenty, and still nothing is shown by school."""
    con.execute("UPDATE mart.outcome SET n_pupils = 50")
    con.execute("UPDATE impact.compared_school SET reason = 'compared'")
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point WHERE measure = 'ks2_rwm_expected'") > 0
    con.execute("UPDATE mart.outcome SET pupil_group = ?", [group])
    con.execute("UPDATE impact.compared_school SET pupil_group = ?", [group])
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") == 0
    withheld = con.execute(
        "SELECT n_schools_shown, n_schools_withheld > 0, reason FROM released.school_point_withheld"
    ).fetchall()
    assert withheld
    assert {row[:2] for row in withheld} == {(0, True)}
    assert all("never shown by school" in reason for _, _, reason in withheld)


@pytest.mark.parametrize("year", ["2016-17", "2017-18"])
def test_a_schools_point_needs_enough_pupils_before_and_after(con, year):
    con.execute("UPDATE mart.outcome SET n_pupils = 6")
    con.execute("UPDATE impact.compared_school SET reason = 'compared'")
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") > 0
    con.execute("UPDATE mart.outcome SET n_pupils = 5 WHERE academic_year = ?", [year])
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") == 0


@pytest.mark.parametrize("table", CAN_WITHHOLD, ids=lambda table: table.name)
def test_a_small_count_planted_behind_the_door_is_counted(con, table):
    for count in table.small_counts:
        fill(con, table.full_name, [row_of(table), row_of(table, **{count: 0})])
        assert door.count_small(con, table.name, MINIMUM) == 0
        fill(con, table.full_name, [row_of(table), row_of(table, **{count: 5})])
        assert door.count_small(con, table.name, MINIMUM) == 1


@pytest.mark.parametrize("table", CAN_WITHHOLD, ids=lambda table: table.name)
def test_nothing_small_is_left_behind_the_door(con, table):
    door.release(con, MINIMUM)
    assert door.count_small(con, table.name, MINIMUM) == 0


def test_rows_withheld_are_counted(con):
    door.release(con, MINIMUM)
    withheld = door.count_withheld(con)
    assert set(withheld) == {table.name for table in CAN_WITHHOLD}
    # Every side of a study of twenty pupils is small.
    assert withheld["comparison"] == store.row_count(con, "released.comparison") > 0


def test_all_tables_are_made_or_none(con):
    door.release(con, MINIMUM)
    names = [table.full_name for table in RELEASED_TABLES]
    before = {name: con.execute(f"FROM {name}").fetchall() for name in names}
    con.execute("UPDATE protocol.study SET title = 'Another title'")
    con.execute("ALTER TABLE raw.source RENAME TO away")
    with pytest.raises(duckdb.CatalogException):
        door.release(con, MINIMUM)
    assert {name: con.execute(f"FROM {name}").fetchall() for name in names} == before
    con.execute("ALTER TABLE raw.away RENAME TO source")
    door.release(con, MINIMUM)
    assert con.execute("SELECT title FROM released.study").fetchall() == [("Another title",)]


def test_every_released_table_has_its_select_and_every_select_its_table():
    assert {file.stem for file in door.FOLDER.glob("*.sql")} == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_released_table_is_one_select_of_its_own_columns(con, name):
    text = door.select_of(name)
    with closing(duckdb.connect()) as other:
        (statement,) = other.extract_statements(text)
    assert statement.type == duckdb.StatementType.SELECT
    described = {row[0] for row in con.execute(f"DESCRIBE {text}").fetchall()}
    assert described <= {column.name for column in TABLES[name].columns}


@pytest.mark.parametrize("table", RELEASED_TABLES, ids=lambda table: table.name)
def test_counts_of_pupils_are_declared_small_and_no_column_names_a_pupil(table):
    """Whoever adds a count of pupils to a released table has to say what is withheld with it."""
    counts = {c.name for c in table.columns if c.unit == "pupils"}
    assert counts == set(table.small_counts)
    assert bool(table.withheld) == bool(table.small_counts)
    names = {column.name for column in table.columns}
    assert not names & {"pupil_key", "upn", "urn", "school_id", "laestab"}
    assert {column.sensitivity for column in table.columns} <= {"public"}
