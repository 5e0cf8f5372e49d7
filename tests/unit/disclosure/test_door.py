"""The one door: small counts are withheld with their figures, all tables or none are made."""

from __future__ import annotations

import math
from contextlib import closing

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import store, wording
from pipelines.catalogue import RELEASED_TABLES, Column, Table
from pipelines.disclosure import door
from pipelines.measures import MEASURES
from tests.disclosure.invented import YEARS, Invented, cell
from tests.tiny_study import TinyStudy
from tests.unit.validation.planted import good_value

TABLES = {table.name: table for table in RELEASED_TABLES}
CAN_WITHHOLD = [table for table in RELEASED_TABLES if table.pupil_counts]
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


def made(
    n_pupils: dict[int, int],
    *,
    met: dict[int, int] | None = None,
    group: str = "disadvantaged",
    members: tuple[int, ...] = (1, 2, 3),
) -> Invented:
    """A study whose programme `gap` has some schools; pupils of every school, the same every year."""
    target = "send" if group == "sen_support" else "gap"
    cells = [
        cell(
            7990000 + school,
            year,
            group,
            "ks2_rwm_expected",
            n,
            mean=(met or {}).get(school, n // 2) / n,
        )
        for year in YEARS
        for school, n in n_pupils.items()
    ]
    schools = [{"school_id": 7990000 + school, "is_special": False} for school in n_pupils]
    joined = [{"programme": target, "school_id": 7990000 + school} for school in members]
    return Invented([target], pd.DataFrame(joined), pd.DataFrame(schools), pd.DataFrame(cells))


def comparison_of(study: Invented, minimum: int = MINIMUM) -> dict[str, dict[str, object]]:
    """Rows of the programme and the rest, in the outcome year, after the door."""
    with study.store() as con:
        door.release(con, minimum)
        frame = con.execute(
            "FROM released.comparison WHERE programme <> 'all' AND academic_year = '2017-18'"
        ).df()
    return {
        row["arm"]: {k: None if pd.isna(v) else v for k, v in row.items()}
        for row in frame.to_dict("records")
    }


RANGE = ("ci_low", "ci_high")
FIGURES = ("n_schools", "n_pupils", "n_meeting", "mean", *RANGE)


@pytest.mark.parametrize(("n_pupils", "is_withheld"), [(2, False), (1, True)])
def test_a_figure_of_few_pupils_is_withheld_with_its_count_and_marked(n_pupils, is_withheld):
    """Six pupils in three schools, or three."""
    found = comparison_of(made({1: 2, 2: n_pupils, 3: n_pupils, 4: 20, 5: 20, 6: 20}))
    for arm in ("programme", "rest"):
        # Others publish the authority's total: the rest would give the programme away. Of three schools no
        # range is shown.
        nulls = {name: found[arm][name] is None for name in FIGURES}
        assert nulls == dict.fromkeys(FIGURES, is_withheld) | dict.fromkeys(RANGE, True)
        assert found[arm]["suppressed"] is is_withheld


def test_the_threshold_is_the_studys():
    study = made({1: 3, 2: 3, 3: 3, 4: 20, 5: 20, 6: 20})
    assert comparison_of(study, 9)["programme"]["n_pupils"] == 9
    assert comparison_of(study, 10)["programme"]["n_pupils"] is None


@pytest.mark.parametrize(("met", "is_withheld"), [(0, True), (1, False), (8, False), (9, True)])
def test_none_or_all_of_a_small_group_is_withheld(met, is_withheld):
    by_school = {1: min(met, 3), 2: min(max(met - 3, 0), 3), 3: max(met - 6, 0)}
    found = comparison_of(
        made({1: 3, 2: 3, 3: 3, 4: 20, 5: 20, 6: 20}, met=by_school | {4: 9, 5: 8, 6: 7})
    )
    assert (found["programme"]["mean"] is None) is is_withheld


def test_none_of_a_large_group_is_no_secret():
    n_pupils = {1: 10, 2: 10, 3: 10, 4: 20, 5: 20, 6: 20}
    met = {1: 0, 2: 0, 3: 0, 4: 9, 5: 8, 6: 7}
    assert comparison_of(made(n_pupils, met=met))["programme"]["mean"] == 0
    assert comparison_of(made(n_pupils | {1: 9}, met=met))["programme"]["mean"] is None


def test_a_share_is_its_released_counts_as_it_is_read():
    row = comparison_of(made({1: 7, 2: 9, 3: 13, 4: 20, 5: 20, 6: 20}))["programme"]
    assert (row["n_meeting"], row["n_pupils"], row["mean"]) == (3 + 4 + 6, 29, 0.45)


@pytest.mark.parametrize("measure", ["ks2_rwm_expected", "ks4_attainment8", "ks4_progress8"])
@given(value=st.floats(-80, 80) | st.integers(-200, 200).map(lambda n: n / 8))
def test_numbers_leave_as_they_are_read(measure, value):
    unit, decimals = MEASURES[measure].unit, MEASURES[measure].decimals
    column = Column("value", "number", "A result", decimals="measure")
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA protocol")
        con.execute(
            "CREATE TABLE protocol.measure AS SELECT $name AS measure, 'ks2' AS key_stage, "
            "$stored AS stored_decimals",
            {"name": measure, "stored": MEASURES[measure].stored_decimals},
        )
        con.execute((door.FOLDER / "restricted" / "of_measure.sql").read_text(encoding="utf-8"))
        found = con.execute(
            f"SELECT {door.as_read(column)} FROM (SELECT ? AS measure, ? AS value)",
            [measure, value],
        ).fetchone()
    per_unit = 100 if unit == "share" else 1
    assert found == (pytest.approx(wording.rounded(value, unit, decimals) / per_unit, abs=1e-12),)
    assert not (found[0] == 0 and math.copysign(1, found[0]) < 0)


# What no pupil is in: levels of confidence, simulations, and what a protocol says.
NOT_OF_PUPILS = {"study", "measure", "calibration"}


def test_every_released_number_has_its_decimals_declared():
    bare = [
        f"{table.name}.{column.name}"
        for table in RELEASED_TABLES
        for column in table.columns
        if column.kind == "number" and column.decimals is None and table.name not in NOT_OF_PUPILS
    ]
    assert bare == []


def test_what_was_made_before_the_door_is_not_touched():
    with made({1: 1, 2: 1, 3: 1, 4: 20, 5: 20, 6: 20}).store() as con:
        before = con.execute("FROM impact.comparison ORDER BY ALL").fetchall()
        door.release(con, MINIMUM)
        assert con.execute("FROM impact.comparison ORDER BY ALL").fetchall() == before


@pytest.mark.parametrize("small", ["programme", "comparison"])
def test_an_estimate_with_few_pupils_on_one_side_is_withheld(small):
    few, many = {1: 1, 2: 1, 3: 1}, {4: 20, 5: 20, 6: 20}
    members = tuple(few) if small == "programme" else tuple(many)
    with made(few | many, members=members).store() as con:
        con.execute("UPDATE impact.estimate SET verdict = 'worse', verdict_reason = 'all alike'")
        door.release(con, MINIMUM)
        (row,) = (
            con.execute("FROM released.impact WHERE measure = 'ks2_rwm_expected'")
            .df()
            .to_dict("records")
        )
    for name in (*TABLES["impact"].withheld, f"n_{small}_pupils"):
        assert pd.isna(row[name])
    # Neither the verdict nor its reason may tell what the few pupils got.
    assert row["verdict"] == "cannot_tell"
    assert row["verdict_reason"] == (wording.WITHHELD_REASONS["small_group"])


def test_a_count_that_does_not_add_up_is_withheld_and_its_estimate_is_not():
    """A method that uses other pupils than the headline's: what it leaves out would be a subtraction."""
    with made(dict.fromkeys(range(1, 13), 20)).store() as con:
        con.execute(
            "INSERT INTO impact.estimate BY NAME SELECT * REPLACE ('pupil_adjusted' AS estimator, "
            "n_programme_pupils - 3 AS n_programme_pupils) FROM impact.estimate"
        )
        door.release(con, MINIMUM)
        found = con.execute(
            "SELECT estimator, n_programme_pupils, estimate_low FROM released.impact "
            "WHERE measure = 'ks2_rwm_expected' ORDER BY estimator"
        ).fetchall()
    assert found == [("bracket", 60, 1.0), ("pupil_adjusted", None, 1.0)]


def test_no_method_answers_where_the_headline_is_withheld():
    """Its own counts do not add up, so that nothing of its own would have it withheld."""
    with made({1: 1, 2: 1, 3: 1} | dict.fromkeys(range(4, 17), 20)).store() as con:
        con.execute(
            "INSERT INTO impact.estimate BY NAME SELECT * REPLACE ('pupil_adjusted' AS estimator, "
            "'robustness' AS role, n_programme_pupils + 7 AS n_programme_pupils, "
            "n_comparison_pupils + 7 AS n_comparison_pupils) FROM impact.estimate"
        )
        door.release(con, MINIMUM)
        found = con.execute(
            "SELECT estimate_low, verdict_reason FROM released.impact WHERE measure = 'ks2_rwm_expected'"
        ).fetchall()
    assert found == [(None, wording.WITHHELD_REASONS["small_group"])] * 2


def test_the_range_of_leaving_out_a_school_is_rounded_outwards():
    with made(dict.fromkeys(range(1, 13), 20)).store() as con:
        con.execute(
            "INSERT INTO impact.estimate BY NAME SELECT * REPLACE ('leave_one_school_out' AS estimator, "
            "-0.0312 AS estimate_low, 0.0571 AS estimate_high) FROM impact.estimate"
        )
        door.release(con, MINIMUM)
        found = con.execute(
            "SELECT estimate_low, estimate_high FROM released.impact "
            "WHERE measure = 'ks2_rwm_expected' AND estimator = 'leave_one_school_out'"
        ).fetchall()
    assert found == [(-0.04, 0.06)]


def test_nobody_is_not_a_small_count(con):
    rows = [row_of(TABLES["impact"], n_programme_pupils=0, n_comparison_pupils=0)]
    fill(con, "impact.estimate", rows)
    (row,) = released(con, "impact")
    assert (row["n_programme_pupils"], row["n_comparison_pupils"]) == (0, 0)


@pytest.mark.parametrize(
    ("members", "is_withheld"), [((1,), True), ((1, 2), True), ((1, 2, 3), False)]
)
def test_pupils_by_special_need_of_one_or_two_schools_are_never_shown(members, is_withheld):
    n_pupils = dict.fromkeys(range(1, 7), 40)
    found = comparison_of(made(n_pupils, group="sen_support", members=members))
    assert (found["programme"]["mean"] is None) is is_withheld
    assert comparison_of(made(n_pupils, members=members))["programme"]["mean"] == 0.5


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
    con.execute("UPDATE mart.outcome SET n_pupils = 6, mean = 0.5")
    con.execute("UPDATE impact.compared_school SET reason = 'compared'")
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") > 0
    con.execute("UPDATE mart.outcome SET n_pupils = 5 WHERE academic_year = ?", [year])
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") == 0


@pytest.mark.parametrize("share", [0, 1])
def test_a_school_of_which_none_or_all_met_the_standard_has_no_point(con, share):
    con.execute("UPDATE mart.outcome SET n_pupils = 29, mean = ?", [share])
    con.execute("UPDATE impact.compared_school SET reason = 'compared'")
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") == 0
    con.execute("UPDATE mart.outcome SET n_pupils = 30")
    door.release(con, MINIMUM)
    assert store.row_count(con, "released.school_point") > 0


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
def test_counts_of_pupils_are_declared_and_no_column_names_a_pupil(table):
    """Whoever adds a count of pupils to a released table has to say whom it adds up."""
    counts = {c.name for c in table.columns if c.unit == "pupils"} - set(table.withheld)
    assert counts == set(table.small_counts)
    assert bool(table.withheld) == bool(table.pupil_counts)
    names = {column.name for column in table.columns}
    for count in table.pupil_counts:
        assert {*count.goes_with, *table.withheld, count.mean or count.column} <= names
    numbers = {"pupil_key", "upn", "urn", "school_id", "laestab"}
    # A case study is of a school that has agreed to be named.
    assert names & numbers == ({"school_id"} if table.name.startswith("case_stud") else set())
    assert {column.sensitivity for column in table.columns} <= {"public"}


def test_how_much_is_withheld_is_said_of_every_table_that_withholds(con):
    door.release(con, MINIMUM)
    said = {
        name: (shown, withheld)
        for name, shown, withheld in con.execute("FROM released.withheld").fetchall()
    }
    not_counted = {"school_point", "comparison_interval"}
    assert set(said) == {table.name for table in CAN_WITHHOLD} | not_counted
    assert sum(said["comparison_interval"]) == sum(said["comparison"])
    for table in CAN_WITHHOLD:
        if table.name == "programme":
            continue  # most programmes have no count of pupils on roll to withhold
        n_rows = store.row_count(con, table.full_name)
        assert said[table.name][1] == door.count_withheld(con)[table.name]
        assert sum(said[table.name]) == n_rows


@pytest.mark.parametrize("table", CAN_WITHHOLD, ids=lambda table: table.name)
def test_every_count_of_the_example_of_this_file_is_explained(con, table):
    """Were a condition of the catalogue wrong, its counts would be withheld and nobody would know why."""
    assert door.release(con, MINIMUM).withheld[table.name]["unexplained"] == 0
