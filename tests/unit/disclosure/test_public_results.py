"""Results from published tables alone are public; those with any pupil file are not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipelines.catalogue import RELEASED_TABLES
from pipelines.disclosure import gate
from pipelines.disclosure.thresholds import WITHHELD_REASONS
from pipelines.protocol.study_file import load_study
from tests.needed_tables import make_all, tiny_store
from tests.planted import Plant
from tests.tiny_study import TinyStudy
from tests.unit.disclosure.made import after_the_gate, made, rules

CASE = "12-one-new-school-hides-headline"
TABLES = "ks4_2019.csv"


@pytest.fixture
def one_new_school(real_data: Path, tmp_path: Path) -> Path:
    """Six programme schools, six others, and a new member with 67 pupils but no baseline result."""
    return shutil.copytree(real_data.parent / "cases" / CASE, tmp_path / CASE)


def as_published(_: Plant) -> None:
    pass


def as_returned_by_schools(plant: Plant) -> None:
    path = plant.folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    of_outcome_year = 'academic_year = "2018-19"\nstatus = "{}"'
    assert of_outcome_year.format("final") in text
    changed = text.replace(of_outcome_year.format("final"), of_outcome_year.format("school_return"))
    path.write_text(changed, encoding="utf-8")


def with_a_figure_of_three_pupils(plant: Plant) -> None:
    """The Department would have suppressed it, so this is not a published table."""
    plant.cells(TABLES, {(3, "TPUP"): "3"})


@pytest.mark.parametrize(
    ("change", "is_shown"),
    [
        (as_published, True),
        (as_returned_by_schools, False),
        (with_a_figure_of_three_pupils, False),
    ],
)
def test_one_new_school_suppresses_no_published_figure(
    one_new_school: Path, change: Callable[[Plant], None], is_shown: bool
) -> None:
    change(Plant(one_new_school))
    study = load_study(one_new_school)
    with tiny_store() as con:
        make_all(con, study)
        (headline,) = (
            con.execute("FROM released.impact WHERE role = 'headline'").df().to_dict("records")
        )
        withheld = dict(
            con.execute(
                "SELECT released_table, n_withheld FROM released.withheld WHERE n_withheld > 0"
            ).fetchall()
        )
        left_open = [
            count(con, table.name)
            for table in RELEASED_TABLES
            if table.pupil_counts
            for count in (gate.count_small, gate.count_unrounded, gate.count_misstated)
        ]
        said = con.execute("SELECT public_key_stages FROM released.study").fetchone()
    assert not any(left_open)
    assert pd.notna(headline["estimate_low"]) == is_shown
    assert said == (("ks4",) if is_shown else (None,))
    if is_shown:
        assert withheld == {}
        assert (headline["n_programme_schools"], headline["n_comparison_schools"]) == (6, 6)
        assert (headline["n_programme_pupils"], headline["n_comparison_pupils"]) == (615, 651)
        assert headline["figure_status"] == "shown"
        assert pd.isna(headline["withheld_reason"])
    else:
        assert withheld["impact"] > 0
        # Six schools per side are too few for an estimate from pupil rows.
        assert headline["withheld_reason"] == "few_schools"
        assert headline["verdict_reason"] == WITHHELD_REASONS["few_schools"]


def test_pupil_files_of_one_key_stage_stay_confidential_beside_tables_of_the_other(
    tmp_path: Path,
) -> None:
    ks4_table = {
        **{
            "RECTYPE": 1,
            "LEA": 799,
            "ESTAB": 4006,
            "URN": 900006,
            "SCHNAME": "Fir",
            "NFTYPE": "CY",
        },
        **{"TPUP": 90, "PTL2BASICS_94": "60%", "TFSM6CLA1A": 10, "PTFSM6CLA1ABASICS_94": "40%"},
    }
    found: list[list[tuple[object, ...]]] = []
    for name, has_table in (("pupils", False), ("table", True)):
        (tmp_path / name).mkdir()
        tiny = TinyStudy(tmp_path / name)
        if has_table:
            tiny.drop("ks4_2018.csv")
            about = 'kind = "ks4_schools"\nacademic_year = "2017-18"\nstatus = "final"'
            tiny.add("ks4_tables.csv", about, [ks4_table])
        with tiny.released() as con:
            found.append(
                con.execute(
                    "FROM released.comparison WHERE measure LIKE 'ks2_%' ORDER BY ALL"
                ).fetchall()
            )
            of_ks4 = con.execute(
                "SELECT DISTINCT figure_status, n_pupils FROM released.comparison "
                "WHERE measure = 'ks4_basics_94'"
            ).fetchall()
    assert of_ks4 == [("shown", 10)]
    assert len(found[0]) > 5
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("releases", "cells", "public"),
    [
        ([("ks2", True), ("ks4", True)], [], ["ks2", "ks4"]),
        # One year of pupil rows makes the whole key stage non-public, because sums combine years.
        ([("ks2", True), ("ks2", False), ("ks4", True)], [], ["ks4"]),
        ([("ks2", True)], [("all", "value", 6)], ["ks2"]),
        ([("ks2", True)], [("all", "value", 5)], []),
        ([("ks2", True)], [("all", "withheld", 5)], ["ks2"]),
        ([("ks2", True)], [("sen_support", "value", 60)], []),
    ],
)
def test_a_key_stage_is_public_where_all_its_releases_are_and_look_like_it(
    releases: list[tuple[str, bool]], cells: list[tuple[str, str, int]], public: list[str]
) -> None:
    with rules() as con:
        con.executemany(
            "INSERT INTO protocol.result_release (key_stage, is_published) VALUES (?, ?)", releases
        )
        for cell in cells:
            con.execute(
                "INSERT INTO mart.cell (key_stage, pupil_group, value_status, n_pupils) "
                "VALUES ('ks2', ?, ?, ?)",
                cell,
            )
        gate.create_rules(con)
        found = con.execute("FROM temp.public_key_stage ORDER BY ALL").fetchall()
        asked = con.execute("SELECT is_public('ks2_rwm_expected'), is_public('ks4_progress8')")
        assert [key_stage for (key_stage,) in found] == public
        assert asked.fetchone() == ("ks2" in public, "ks4" in public)


def test_comparison_schools_of_public_results_are_counted_directly() -> None:
    """58% of 30 pupils are 17.4 on each side and 34.8 in all, so the others are not 35 minus 17."""
    with made(dict.fromkeys(range(1, 7), 10), mean=0.58).store() as con:
        con.execute("UPDATE protocol.result_release SET is_published = true")
        others = "FROM released.comparison WHERE arm = 'rest' AND pupil_group = 'disadvantaged'"
        found = after_the_gate(con, f"SELECT DISTINCT n_pupils, n_meeting, mean {others}")
    assert found == [{"n_pupils": 30, "n_meeting": 17, "mean": 0.57}]
