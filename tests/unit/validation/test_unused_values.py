"""Errors in unused columns are set aside and never stop a study; in used columns they are faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import marts
from pipelines.catalogue import KS2_PUPILS, KS4_PUPILS, RAW_TABLES
from pipelines.study.measures import MEASURES
from pipelines.study.measures_in_use import is_column_in_use, measures_in_use
from pipelines.study.settings import PUPIL_GROUPS, Study
from pipelines.validation import suites
from pipelines.validation.folder import Findings, check_sources
from tests.faults.trial import Verdicts
from tests.needed_tables import tiny_store
from tests.tiny_study import TinyStudy, published_ks2, published_study

ASKED = 'name = "ks2_rwm_expected"\n  primary = true\n  smallest_effect = 0.05'
PLACEBO = """
[[programme]]
id = "never"
title = "Never was"
fund = "None"
target_group = "disadvantaged"

  [programme.placebo]
  measure = "{measure}"
  academic_year = "2016-17"
  n_schools = 2

  [[programme.measure]]
  name = "ks2_rwm_expected"
"""


@pytest.fixture(scope="module", autouse=True)
def _remembered_verdicts() -> Iterator[None]:
    """Great Expectations judges each column of values once; most of a study is always the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suites, "_validate_frame", Verdicts())
        yield


def look(tiny: TinyStudy, measure: str | None = None) -> tuple[Findings, list[tuple[object, ...]]]:
    """The findings if a programme also uses another measure, and the stored figures."""
    if measure:
        asked = f'{ASKED}\n\n  [[programme.measure]]\n  name = "{measure}"'
        assert ASKED in tiny.protocol
        tiny.protocol = tiny.protocol.replace(ASKED, asked)
    with tiny_store() as con:
        found = check_sources(con, tiny.write())
        kept = con.execute(
            "SELECT measure, value_status, value, n_pupils FROM raw.published_outcome "
            "WHERE pupil_group = 'all' ORDER BY ALL"
        ).fetchall()
    return found, kept


# A heading, an impossible value, the measure it feeds, and the fault if it is in use.
PUPIL_CELLS = (
    ("ks2_2018.csv", "READSCORE", "1l9", "ks2_reading_score", "cannot be read"),
    ("ks2_2018.csv", "READSCORE", "121", "ks2_reading_score", "out of range"),
    ("ks2_2018.csv", "MATOUTCOME", "ZZ", "ks2_maths_expected", "not known"),
    ("ks2_2018.csv", "MATPROGSCORE_EM_ADJUSTED", "0,5", "ks2_maths_progress", "cannot be read"),
    ("ks2_2018.csv", "MATPROGSCORE_EM_ADJUSTED", "0,5", "ks2_progress_index", "cannot be read"),
    ("ks4_2018.csv", "L2BASICS_95", "?", "ks4_basics_95", "cannot be read"),
    ("ks4_2018.csv", "P8SCORE", "99", "ks4_progress8", "out of range"),
)


@pytest.mark.parametrize("cell", PUPIL_CELLS, ids=lambda cell: " ".join(cell[1:4]))
def test_a_pupils_value_is_a_fault_only_where_its_measure_is_in_use(
    tmp_path: Path, cell: tuple[str, ...]
):
    file, heading, text, measure, said = cell
    tiny = TinyStudy(tmp_path)
    tiny.tables[file][1][heading] = text
    found, _ = look(tiny)
    assert found.faults == ()
    (warning,) = found.warnings
    assert (warning.file, warning.row, warning.column) == (file, 3, heading)
    assert "no programme of study.toml asks about the column" in warning.problem
    # Values of pupil rows are not needed, so they are not kept.
    assert text not in warning.for_analyst().split(heading)[1]
    found, _ = look(tiny, measure)
    (fault,) = found.faults
    assert (fault.file, fault.row, fault.column) == (file, 3, heading)
    assert said in fault.problem
    assert found.warnings == ()


PUBLISHED_CELLS = (
    ("MAT_AVERAGE", "104%", "cannot be read"),
    ("MAT_AVERAGE", "R?", "not known"),
    ("MAT_AVERAGE", "10400", "out of range"),
    ("MAT_AVERAGE", "900", "no school can have such a figure"),
)


@pytest.mark.parametrize(("heading", "text", "said"), PUBLISHED_CELLS)
def test_a_published_figure_is_a_fault_only_where_its_measure_is_in_use(
    tmp_path, heading: str, text: str, said: str
):
    good = {heading: "104", f"{heading}_FSM6CLA1A": "103"}
    rows = [published_ks2(900001 + n, 2001 + n, "S") | good for n in range(4)]
    rows[1][heading] = text
    tiny = published_study(tmp_path, {"2017-18": rows})
    found, kept = look(tiny)
    assert found.faults == ()
    if text != "900":
        assert [(w.row, w.column, w.found) for w in found.warnings] == [
            (3, heading, "1 cell of the column")
        ]
        assert ("ks2_maths_score", "unknown_elsewhere", None, 30) in kept
    found, _ = look(tiny, "ks2_maths_score")
    assert any((f.row, f.column) == (3, heading) and said in f.problem for f in found.faults)


def test_impossible_shares_and_columns_from_0_to_1_are_set_aside(tmp_path):
    rows = [
        published_ks2(900001 + n, 2001 + n, "S")
        | {"PTREAD_EXP": f"0.{n + 3}", "PTREAD_EXP_FSM6CLA1A": "40%"}
        for n in range(4)
    ]
    tiny = published_study(tmp_path, {"2017-18": rows})
    found, kept = look(tiny)
    assert found.faults == ()
    assert [(w.row, w.column, w.found) for w in found.warnings] == [
        (2, "PTREAD_EXP", "4 cells of the column")
    ]
    assert kept.count(("ks2_reading_expected", "unknown_elsewhere", None, 30)) == 4
    found, _ = look(tiny, "ks2_reading_expected")
    assert [(f.row, f.column) for f in found.faults] == [(2, "PTREAD_EXP")]


def test_a_placebo_s_selection_measure_counts_as_in_use(tmp_path):
    rows = [
        published_ks2(900001 + n, 2001 + n, "S") | {"PTREAD_EXP_FSM6CLA1A": "200%"}
        for n in range(4)
    ]
    tiny = published_study(tmp_path, {"2016-17": rows})
    assert look(tiny)[0].faults == ()
    tiny.protocol += PLACEBO.format(measure="ks2_reading_expected")
    faults = look(tiny)[0].faults
    assert {fault.column for fault in faults} == {"PTREAD_EXP_FSM6CLA1A"}


def test_a_missing_column_matters_only_where_it_is_in_use(tmp_path):
    tiny = TinyStudy(tmp_path)
    for row in tiny.tables["ks2_2018.csv"]:
        del row["MATSCORE"]
    found, _ = look(tiny)
    assert (found.faults, found.warnings) == ((), ())
    (fault,) = look(tiny, "ks2_maths_score")[0].faults
    assert (fault.column, fault.problem) == ("MATSCORE", "the column is missing")


def test_a_count_of_the_census_is_used_where_a_programme_is_for_those_pupils(tmp_path):
    tiny = TinyStudy(tmp_path)
    counts = {"NOR": 200, "TSENELK": "x", "TSENELSE": "x", "NUMFSMEVER": "x"}
    tiny.add(
        "census.csv",
        'kind = "school_census"\nacademic_year = "2017-18"',
        [{"URN": 900002, "LA": "", **counts}],
    )
    found, _ = look(tiny)
    assert {fault.column for fault in found.faults} == {"TSENELK", "NUMFSMEVER"}


def _one_that_asks(study: Study, asked: str) -> Study:
    programme = study.programme[1]
    is_group = asked in PUPIL_GROUPS
    changed = programme.model_copy(
        update={"target_group": asked}
        if is_group
        else {"measure": (programme.measure[0].model_copy(update={"name": asked}),)}
    )
    return study.model_copy(update={"programme": (changed,)})


def test_every_use_of_a_column_is_a_measure_or_group_that_makes_it_required(tmp_path):
    study = TinyStudy(tmp_path).write()
    for table in RAW_TABLES:
        for column in table.columns:
            for name in column.used_for or ():
                assert name in MEASURES or name in PUPIL_GROUPS
                assert is_column_in_use(_one_that_asks(study, name), column.used_for)
    assert measures_in_use(_one_that_asks(study, "ks2_progress_index")) >= {
        f"ks2_{subject}_progress" for subject in ("reading", "writing", "maths")
    }


@pytest.mark.parametrize("table", [KS2_PUPILS, KS4_PUPILS], ids=lambda table: table.name)
def test_the_catalogue_names_the_measure_that_the_mart_computes_from_a_column(table):
    """`used_for` must match the SQL that makes cells, or values would be set aside wrongly."""
    sql = (marts.FOLDER / f"{table.name.removesuffix('_pupils')}_stratum.sql").read_text(
        encoding="utf-8"
    )
    pupil = sql[sql.index("pupil AS (") :]
    made = re.findall(r"((?:(?!,\n        ).)*?) AS (ks\d_\w+)", pupil, flags=re.DOTALL)
    for column in table.columns:
        feeds = {name for text, name in made if f"pupil.{column.name}" in text} - {
            "ks2_progress_index"
        }
        feeds = {name for name in feeds if not name.endswith("_sen_support_share")}
        assert feeds <= set(column.used_for or feeds), column.name
        if column.used_for and column.name != "prior_band":
            assert feeds == set(column.used_for), column.name
