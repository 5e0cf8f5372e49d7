"""Marts of a study small enough to compute by hand: cells, schools, arms, placebos."""

from __future__ import annotations

import re
from contextlib import closing

import duckdb
import numpy as np
import pytest

from pipelines import marts
from pipelines.catalogue import KS2_PUPILS, MART_TABLES, SCHOOL_IDENTITY
from pipelines.errors.fault import StudyError
from pipelines.store import store
from pipelines.validation import suites
from pipelines.validation.rules import rules_of
from tests.needed_tables import build_marts
from tests.tiny_study import (
    ALDER,
    BIRCH,
    DOGWOOD,
    ELM,
    FIR,
    TinyStudy,
    ks2_pupil,
    ks4_pupil,
    published_ks2,
    published_study,
    school,
)


@pytest.fixture(scope="module")
def tiny_marts(tmp_path_factory):
    """The unchanged study's marts, for tests that only read."""
    with TinyStudy(tmp_path_factory.mktemp("tiny")).marts() as con:
        yield con


def cell(con, school_id, measure, group="all", year="2017-18"):
    """Pupils, mean and variance of one cell; None if there is none."""
    return con.execute(
        "SELECT n_pupils, mean, variance FROM mart.cell "
        "WHERE (school_id, measure, pupil_group, academic_year) = (?, ?, ?, ?)",
        [school_id, measure, group, year],
    ).fetchone()


# --------------------------------------------------------------------------------------------- cells


def test_the_tables_keep_the_rules_of_the_catalogue(tiny_marts):
    for table in MART_TABLES:
        has_rows = table.name not in {
            "text_review",
            "case_study",
            "school_eligibility",
        }  # the tiny study has no statements and no evidence on eligibility
        rules = tuple(rules_of(table, is_expected=has_rows))
        assert suites.validate(tiny_marts, rules).is_success


def test_a_mean_and_variance_over_pupils(tiny_marts):
    # Alder 2018: 0.5, -2.5, 0.5, 0.5; mean -0.25, variance (0.75² · 3 + 2.25²) / 3 = 2.25.
    assert cell(tiny_marts, ALDER, "ks2_reading_progress") == pytest.approx((4, -0.25, 2.25))
    # Met, not met, met, met: 3 of 4; variance 4/3 · 3/4 · 1/4.
    assert cell(tiny_marts, ALDER, "ks2_rwm_expected") == pytest.approx((4, 0.75, 0.25))
    # 104, 95, 104, 104.
    assert cell(tiny_marts, ALDER, "ks2_reading_score") == pytest.approx((4, 101.75, 20.25))
    assert cell(tiny_marts, ALDER, "ks2_maths_score") == pytest.approx((4, 103, 0))


def test_one_pupil_has_a_mean_and_no_variance(tiny_marts):
    assert cell(tiny_marts, BIRCH, "ks2_reading_progress") == (1, 0.5, None)


def test_a_pupil_counts_in_every_group_it_belongs_to(tiny_marts):
    groups = dict(
        tiny_marts.execute(
            "SELECT pupil_group, (n_pupils, mean) FROM mart.cell WHERE school_id = ? "
            "AND measure = 'ks2_rwm_expected' AND academic_year = '2017-18'",
            [ALDER],
        ).fetchall()
    )
    assert groups == {
        "all": (4, 0.75),
        "sen_support": (2, 0.5),
        "ehc_plan": (1, 1.0),
        "disadvantaged": (2, 1.0),
        "not_disadvantaged": (1, 0.0),
        "high_prior": (1, 1.0),
        # No pupil is known to have no SEN: the fourth has no code and counts in `all` only.
    }


def test_a_pupil_set_aside_is_in_no_cell(tiny_marts):
    assert cell(tiny_marts, DOGWOOD, "ks2_rwm_expected") == (1, 1.0, None)


def test_a_measure_without_values_has_no_cell(tiny_marts):
    assert cell(tiny_marts, FIR, "ks4_attainment8") is None
    assert cell(tiny_marts, ELM, "ks2_reading_score") is None
    assert store.row_count(tiny_marts, "mart.cell WHERE mean IS NULL") == 0


def test_ks4_cells(tiny_marts):
    assert cell(tiny_marts, FIR, "ks4_basics_94") == (2, 0.5, 0.5)
    assert cell(tiny_marts, FIR, "ks4_basics_94", "disadvantaged") == (1, 1.0, None)
    assert cell(tiny_marts, FIR, "ks4_basics_95") == (2, 0.0, 0.0)


def test_identification_is_a_share_of_the_whole_cohort(tiny_marts):
    # Of Alder's four pupils two are on SEN support, one has a plan, and one has no code.
    assert cell(tiny_marts, ALDER, "ks2_sen_support_share") == pytest.approx((3, 2 / 3, 1 / 3))
    assert cell(tiny_marts, FIR, "ks4_sen_support_share") == (2, 0.0, 0.0)
    assert cell(tiny_marts, ALDER, "ks2_sen_support_share", "sen_support") is None


# ------------------------------------------------------------------------------------------- moments


def moments(con, school_id, measure, group="all", year="2017-18"):
    """n, sums of y, y², x, x² and xy; then n and the sums of pupils without x."""
    return con.execute(
        "SELECT n_pupils, sum_y, sum_yy, sum_x, sum_xx, sum_xy, n_without_prior, sum_y_without_prior, "
        "sum_yy_without_prior FROM mart.pupil_moment "
        "WHERE (school_id, measure, pupil_group, academic_year) = (?, ?, ?, ?)",
        [school_id, measure, group, year],
    ).fetchone()


def test_sums_are_over_pupils_with_both_result_and_prior_attainment(tmp_path):
    tiny = TinyStudy(tmp_path)
    # (prior attainment, maths progress, reading progress): the last two pupils lack one of them.
    pupils = [("10", "2", "1"), ("20", "3", "1"), ("16", "", "4"), ("", "5", "1")]
    tiny.tables["ks2_2018.csv"] = [
        ks2_pupil(
            900002,
            2002,
            f"B{n}",
            KS1AVERAGEPS=prior,
            MATPROGSCORE_EM_ADJUSTED=maths,
            READPROGSCORE_EM_ADJUSTED=reading,
            SEN="K" if n in (1, 3) else "N",
        )
        for n, (prior, maths, reading) in enumerate(pupils)
    ]
    with tiny.marts() as con:
        assert moments(con, BIRCH, "ks2_maths_progress") == (2, 5, 13, 30, 500, 80, 1, 5, 25)
        assert moments(con, BIRCH, "ks2_reading_progress") == (3, 6, 18, 46, 756, 94, 1, 1, 1)
        assert moments(con, BIRCH, "ks2_maths_progress", "sen_support") == (
            *(1, 3, 9, 20, 400, 60),
            *(1, 5, 25),
        )
        assert moments(con, BIRCH, "ks2_maths_progress", "no_sen") == (
            1,
            2,
            4,
            10,
            100,
            20,
            0,
            0,
            0,
        )


def test_key_stage_4_has_moments_with_key_stage_2_points(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks4_2018.csv"] = [
        ks4_pupil(900006, 4006, f"F{n}", KS2APS=prior, ATT8SCR=points, L2BASICS_94=1)
        for n, (prior, points) in enumerate([("30", "40"), ("28", ""), ("", "50")])
    ]
    with tiny.marts() as con:
        assert moments(con, FIR, "ks4_attainment8") == (1, 40, 1600, 30, 900, 1200, 1, 50, 2500)
        assert moments(con, FIR, "ks4_basics_94") == (2, 2, 2, 58, 1684, 58, 1, 1, 1)


# ----------------------------------------------------------------------------------- summary index


SCORES = ("READPROGSCORE_EM_ADJUSTED", "WRITPROGSCORE_EM_ADJUSTED", "MATPROGSCORE_EM_ADJUSTED")


def progress_study(tmp_path) -> tuple[TinyStudy, dict[str, np.ndarray]]:
    """Forty pupils a year with three correlated scores (two decimals); some have only two."""
    rng = np.random.default_rng(8)
    tiny = TinyStudy(tmp_path)
    scores = {}
    for year, n_common in (("2017", 1.0), ("2018", 0.2)):
        drawn = 4 * (n_common * rng.normal(size=(40, 1)) + rng.normal(size=(40, 3)) * [1, 0.5, 2])
        drawn = np.round(drawn, 2)
        drawn[:5, 1] = np.nan
        scores[year] = drawn
        tiny.tables[f"ks2_{year}.csv"] = [
            ks2_pupil(
                *((900002, 2002) if n % 2 else (900004, 2004)),
                f"P{year}{n}",
                **{
                    name: "" if np.isnan(value) else f"{value:.2f}"
                    for name, value in zip(SCORES, row, strict=True)
                },
            )
            for n, row in enumerate(drawn)
        ]
    return tiny, scores


def anderson_index(scores: dict[str, np.ndarray], year: str) -> np.ndarray:
    """The index from pupil rows by definition: weights of the baseline year, scaled to SD 1 in each year."""

    def standardised(name: str) -> np.ndarray:
        complete = np.where(np.isnan(scores[name]).any(axis=1)[:, None], np.nan, scores[name])
        return (complete - np.nanmean(complete, axis=0)) / np.nanstd(complete, axis=0, ddof=1)

    before = standardised("2017")
    covariance = np.cov(before[np.isfinite(before).all(axis=1)].T)
    weights = np.linalg.inv(covariance).sum(axis=0)
    weighted = standardised(year) @ weights
    return weighted / np.nanstd(weighted, ddof=1)


@pytest.mark.parametrize("year", ["2017", "2018"])
def test_the_progress_index_weighs_by_the_baseline_years_inverse_covariance(tmp_path, year):
    tiny, scores = progress_study(tmp_path)
    index = anderson_index(scores, year)
    name = {"2017": "2016-17", "2018": "2017-18"}[year]
    with tiny.marts() as con:
        for school_id, rows in ((DOGWOOD, index[::2]), (BIRCH, index[1::2])):
            known = rows[np.isfinite(rows)]
            expected = (len(known), known.mean(), known.var(ddof=1))
            found = cell(con, school_id, "ks2_progress_index", year=name)
            assert found == pytest.approx(expected, rel=1e-9)


def test_other_authorities_do_not_affect_the_index(tmp_path):
    tiny, _ = progress_study(tmp_path)
    with tiny.marts() as con:
        before = cell(con, BIRCH, "ks2_progress_index")
    tiny.tables["register.csv"].append(school(900050, 2050, "Abroad", **{"LA (code)": 850}))
    tiny.tables["ks2_2017.csv"].append(ks2_pupil(900050, 2050, "Z1", **dict.fromkeys(SCORES, "59")))
    with tiny.marts() as con:
        assert cell(con, BIRCH, "ks2_progress_index") == pytest.approx(before, rel=1e-12)
        assert cell(con, 8502050, "ks2_progress_index", year="2016-17")[1] > 1


def test_the_index_takes_each_baseline_year_once_in_its_most_final_release(tmp_path):
    tiny, _ = progress_study(tmp_path)
    with tiny.marts() as con:
        before = cell(con, BIRCH, "ks2_progress_index")
    rows = [
        row | {SCORES[0]: row[SCORES[2]], SCORES[2]: row[SCORES[0]]}
        for row in tiny.tables["ks2_2017.csv"]
    ]
    about = 'kind = "ks2_pupils"\nacademic_year = "2016-17"\nstatus = "provisional"'
    tiny.add("ks2_2017_early.csv", about, rows)
    with tiny.marts() as con:
        assert cell(con, BIRCH, "ks2_progress_index") == pytest.approx(before, rel=1e-12)


def test_without_baseline_scores_or_with_one_score_twice_there_is_no_index(tmp_path):
    tiny, _ = progress_study(tmp_path)
    for row in tiny.tables["ks2_2017.csv"]:
        row[SCORES[2]] = row[SCORES[0]]
    with tiny.marts() as con:
        assert store.row_count(con, "mart.cell WHERE measure = 'ks2_progress_index'") == 0
        assert cell(con, BIRCH, "ks2_reading_progress") is not None
    tiny.drop("ks2_2017.csv")
    with tiny.marts() as con:
        assert store.row_count(con, "mart.cell WHERE measure = 'ks2_progress_index'") == 0
        assert cell(con, BIRCH, "ks2_reading_progress") is not None


# ------------------------------------------------------------------------------------------ who counts


def denominators(tmp_path, heading: str, codes: str, measure: str, **more) -> dict[str, object]:
    """The mean of a school with one pupil, for each code; None if the pupil does not count."""
    tiny = TinyStudy(tmp_path)
    names = codes.split()
    tiny.tables["register.csv"] += [
        school(900100 + n, 2100 + n, f"School {code}") for n, code in enumerate(names)
    ]
    tiny.tables["ks2_2018.csv"] = [
        ks2_pupil(900100 + n, 2100 + n, f"X{n}", **{heading: code, **more})
        for n, code in enumerate(names)
    ]
    with tiny.marts() as con:
        cells = [cell(con, 7992100 + n, measure) for n in range(len(names))]
    return {name: found[1] if found else None for name, found in zip(names, cells, strict=True)}


def test_who_counts_in_the_reading_standard(tmp_path):
    """Absent pupils or below the test count as not met; pupils who left or were annulled do not count."""
    found = denominators(
        tmp_path, "READOUTCOME", "AS NS A B M H J U F L P Q S X Z", "ks2_reading_expected"
    )
    assert found == {
        "AS": 1,
        **dict.fromkeys(["NS", "A", "B", "M", "H", "J", "U"], 0),
        **dict.fromkeys(["F", "L", "P", "Q", "S", "X", "Z"]),
    }


def test_who_counts_in_the_maths_standard(tmp_path):
    found = denominators(tmp_path, "MATOUTCOME", "AS NS A B L Q", "ks2_maths_expected")
    assert found == {"AS": 1, "NS": 0, "A": 0, "B": 0, "L": None, "Q": None}


def test_who_counts_in_the_writing_standard(tmp_path):
    found = denominators(
        tmp_path, "WRITTAOUTCOME", "EXS GDS WTS PK6 EM A D M L F P Q Z", "ks2_writing_expected"
    )
    assert found == {
        "EXS": 1,
        "GDS": 1,
        **dict.fromkeys(["WTS", "PK6", "EM", "A", "D", "M"], 0),
        **dict.fromkeys(["L", "F", "P", "Q", "Z"]),
    }


def test_who_counts_in_all_three(tmp_path):
    assert denominators(tmp_path, "RWMEXP", "1 0", "ks2_rwm_expected", ELIGRWM=0) == {
        "1": None,
        "0": None,
    }


def test_an_eligible_pupil_without_a_result_has_not_met_it(tmp_path):
    assert denominators(tmp_path, "ELIGRWM", "1 0", "ks2_rwm_expected", RWMEXP="") == {
        "1": 0,
        "0": None,
    }


def test_eligibility_that_is_not_known_is_taken_from_the_result(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks2_2018.csv"] = [
        ks2_pupil(900002, 2002, f"B{n}", ELIGRWM="", RWMEXP=met) for n, met in enumerate([1, 0, ""])
    ]
    with tiny.marts() as con:
        assert cell(con, BIRCH, "ks2_rwm_expected") == (2, 0.5, 0.5)


# ------------------------------------------------------------------------------------------- schools


def test_a_converter_and_a_merger_are_one_school_over_time(tiny_marts):
    assert tiny_marts.execute(
        "SELECT urn, school_id, standing_urn, decision FROM mart.school_identity ORDER BY urn"
    ).fetchall() == [
        (900001, ALDER, 900011, "converted"),
        (900002, BIRCH, 900002, "as_registered"),
        (900003, DOGWOOD, 900004, "merged"),
        (900004, DOGWOOD, 900004, "as_registered"),
        (900005, ELM, 900005, "as_registered"),
        (900006, FIR, 900006, "as_registered"),
        (900011, ALDER, 900011, "as_registered"),
    ]


def test_pupils_of_the_schools_that_merged_are_pooled_before_as_after(tiny_marts):
    # Cedar's one pupil met it, Dogwood's two did not.
    assert cell(tiny_marts, DOGWOOD, "ks2_rwm_expected", year="2016-17") == pytest.approx(
        (3, 1 / 3, 1 / 3)
    )
    assert cell(tiny_marts, ALDER, "ks2_rwm_expected", year="2016-17") == (2, 0.5, 0.5)


def test_the_school_is_the_one_of_the_reference_date(tiny_marts):
    assert tiny_marts.execute(
        "SELECT school_id, urn, school_kind, is_maintained, is_open FROM mart.school ORDER BY school_id"
    ).fetchall() == [
        (ALDER, 900011, "mainstream", False, True),
        (BIRCH, 900002, "mainstream", True, True),
        (DOGWOOD, 900004, "mainstream", True, True),
        (FIR, 900006, "mainstream", True, True),
        (ELM, 900005, "special", True, True),
    ]


def test_a_school_has_the_key_stages_whose_results_it_has(tiny_marts):
    assert tiny_marts.execute("FROM mart.school_key_stage ORDER BY school_id").fetchall() == [
        (ALDER, "ks2"),
        (BIRCH, "ks2"),
        (DOGWOOD, "ks2"),
        (FIR, "ks4"),
        (ELM, "ks2"),
    ]


@pytest.mark.parametrize(
    ("written", "kind", "is_maintained"),
    [
        # An older register; the register's number for the type; a type without a group.
        (("Community school", "LA maintained schools"), "mainstream", True),
        (("", "LA maintained schools"), "mainstream", True),
        (("01", ""), "mainstream", True),
        (("Pupil referral unit", "LA maintained schools"), "alternative", True),
        (("Academy special converter", "Academies"), "special", False),
        (("Foundation special school", "Special schools"), "special", True),
        (("Other independent special school", "Independent schools"), "special", False),
        # The group does not show who maintains a special school.
        (("", "Special schools"), "special", False),
        (("Other independent school", "Independent schools"), "independent", False),
        (("Children’s Centre", "Children's Centres"), "other", False),
        (("Free school – 16-19", "Free Schools"), "other", False),
        (("", ""), "mainstream", False),
    ],
)
def test_a_school_type_is_recognised_in_every_spelling(tmp_path, written, kind, is_maintained):
    tiny = TinyStudy(tmp_path)
    birch = next(row for row in tiny.tables["register.csv"] if row["URN"] == 900002)
    birch["TypeOfEstablishment (name)"], birch["EstablishmentTypeGroup (name)"] = written
    with tiny.marts() as con:
        assert con.execute(
            "SELECT school_kind, is_state_funded, is_compared_kind, is_maintained FROM mart.school "
            "WHERE school_id = ?",
            [BIRCH],
        ).fetchall() == [
            (kind, kind not in {"independent", "other"}, kind == "mainstream", is_maintained)
        ]


@pytest.mark.parametrize(
    ("record_type", "code", "kind", "is_maintained"),
    [
        (1, "FD", "mainstream", True),
        (1, "FUTC", "mainstream", False),
        (1, "IND", "independent", False),
        (1, "FESI", "other", False),
        (2, "INDSPEC", "special", False),
        (2, "FDS", "special", True),
        (2, "", "special", False),
        (2, "ACCAP", "alternative", False),
    ],
)
def test_the_tables_type_codes_say_what_a_school_is(
    tmp_path, record_type, code, kind, is_maintained
):
    rows = [published_ks2(900002, 2002, "Birch", RECTYPE=record_type, NFTYPE=code)]
    tiny = published_study(tmp_path, {"2017-18": rows})
    tiny.drop("register.csv")
    tiny.tables["enrolments.csv"][0]["urn"] = 900002
    with tiny.marts() as con:
        assert con.execute("SELECT school_kind, is_maintained FROM mart.school").fetchall() == [
            (kind, is_maintained)
        ]


def test_without_types_in_the_register_the_tables_give_them(tmp_path):
    rows = [
        published_ks2(900002, 2002, "Birch", NFTYPE="ACS", RECTYPE=2),
        published_ks2(900004, 2004, "Dogwood", NFTYPE="FD"),
        published_ks2(900005, 7005, "Elm", NFTYPE="CYS", RECTYPE=2),
        published_ks2(900011, 2001, "Alder", NFTYPE=""),
    ]
    tiny = published_study(tmp_path, {"2017-18": rows})
    groups = {900002: "Academies", 900004: "", 900005: "Special schools", 900011: "Academies"}
    for row in tiny.tables["register.csv"]:
        row["TypeOfEstablishment (name)"] = ""
        row["EstablishmentTypeGroup (name)"] = groups.get(row["URN"], "Academies")
    with tiny.marts() as con:
        found = con.execute(
            "SELECT urn, school_kind, is_maintained FROM mart.school WHERE urn <> 900006 ORDER BY urn"
        ).fetchall()
    assert found == [
        (900002, "special", False),
        (900004, "mainstream", True),
        (900005, "special", True),
        (900011, "mainstream", False),
    ]


def test_a_study_can_declare_an_unknown_spelling_of_a_type(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace(
        "[study]\n", '[study]\nschool_types = { "Council school" = "Community school" }\n'
    )
    birch = next(row for row in tiny.tables["register.csv"] if row["URN"] == 900002)
    birch["TypeOfEstablishment (name)"] = "Council School"
    with tiny.marts() as con:
        assert con.execute(
            "SELECT school_kind, is_maintained FROM mart.school WHERE school_id = ?", [BIRCH]
        ).fetchall() == [("mainstream", True)]


def test_before_it_converted_the_school_is_the_old_one(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace("2018-09-01", "2017-08-01")
    with tiny.marts() as con:
        assert con.execute(
            "SELECT urn, is_maintained, is_open FROM mart.school WHERE school_id = ?", [ALDER]
        ).fetchall() == [(900001, True, True)]


def test_enrolments_are_by_school_whatever_the_urn(tiny_marts):
    found = tiny_marts.execute(
        "SELECT programme, school_id, CAST(start_date AS VARCHAR), is_placebo "
        "FROM mart.programme_school ORDER BY ALL"
    ).fetchall()
    assert found == [
        ("gap", ALDER, None, False),
        ("gap", DOGWOOD, None, False),  # enrolled as Cedar, which merged into it
        ("network", BIRCH, None, False),
        ("send", ALDER, "2018-02-01", False),  # enrolled under the URN it had before it converted
        ("send", ELM, "2018-01-08", False),  # no date of its own: the programme's
    ]


def test_a_school_enrolled_under_both_urns_is_one_school_from_the_first_date(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"].append(
        {"programme": "send", "urn": 900011, "start_date": "2018-01-20"}
    )
    with tiny.marts() as con:
        assert con.execute(
            "SELECT CAST(start_date AS VARCHAR) FROM mart.programme_school "
            "WHERE programme = 'send' AND school_id = ?",
            [ALDER],
        ).fetchall() == [("2018-01-20",)]


@pytest.mark.parametrize(("urns", "told"), [((900003, 900004), 3), ((900004, 900003), 2)])
def test_a_merged_school_has_one_case_study_under_its_current_number(tmp_path, urns, told):
    tiny = TinyStudy(tmp_path)
    rows = [
        {"programme": "gap", "urn": urn, "consent": "yes", "context": "A school.",
         "support_received": "Coaching.", "statement": "We plan together."}
        for urn in urns
    ]  # fmt: skip
    tiny.add("case_studies.csv", 'kind = "case_studies"', rows)
    with tiny.marts() as con:
        assert con.execute(
            "SELECT school_id, row_number FROM mart.case_study WHERE programme = 'gap'"
        ).fetchall() == [(DOGWOOD, told)]


def test_arms(tiny_marts):
    assert tiny_marts.execute("SELECT * FROM mart.arm ORDER BY school_id").fetchall() == [
        (ALDER, "both", 2, 2),
        (BIRCH, "neither", 0, 1),
        (DOGWOOD, "gap_only", 1, 1),
        (FIR, "neither", 0, 0),
        (ELM, "send_only", 1, 1),
    ]


def test_with_three_evaluated_programmes_arms_name_them(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol += 'target_group = "all"\n  [[programme.measure]]\n  name = "ks2_rwm_expected"\n'
    tiny.tables["enrolments.csv"].append({"programme": "network", "urn": 900001, "start_date": ""})
    with tiny.marts() as con:
        arms = dict(con.execute("SELECT school_id, arm FROM mart.arm").fetchall())
    assert arms[ALDER] == "send_and_gap_and_network"
    assert arms[BIRCH] == "network_only"


def test_a_school_of_another_authority_has_no_arm_and_no_outcome(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"].append(school(900050, 2050, "Abroad", **{"LA (code)": 850}))
    tiny.tables["ks2_2018.csv"].append(ks2_pupil(900050, 2050, "Z1"))
    with tiny.marts() as con:
        assert store.row_count(con, "mart.cell WHERE school_id = 8502050") > 0
        assert store.row_count(con, "mart.arm WHERE school_id = 8502050") == 0
        assert store.row_count(con, "mart.outcome WHERE school_id = 8502050") == 0


def test_outcomes_are_of_the_most_final_release_of_a_year(tmp_path):
    tiny = TinyStudy(tmp_path)
    poor = ks2_pupil(900002, 2002, "B9", RWMEXP=0)
    for status in ("revised", "school_return"):
        tiny.add(
            f"{status}.csv",
            f'kind = "ks2_pupils"\nacademic_year = "2017-18"\nstatus = "{status}"',
            [poor],
        )
    with tiny.marts() as con:
        assert con.execute(
            "SELECT release_status, mean, is_outcome, is_compared_kind, arm FROM mart.outcome "
            "WHERE measure = 'ks2_rwm_expected' AND pupil_group = 'all' AND is_outcome"
        ).fetchall() == [("revised", 0.0, True, True, "neither")]
        assert store.row_count(con, "mart.outcome WHERE academic_year = '2016-17'") > 0


# ---------------------------------------------------------------------------------- published tables


def published_cell(con, school_id, group="disadvantaged", measure="ks2_rwm_expected"):
    return con.execute(
        "SELECT n_pupils, mean, variance, rounding_half_width, value_status FROM mart.cell "
        "WHERE (school_id, pupil_group, measure, academic_year) = (?, ?, ?, '2017-18')",
        [school_id, group, measure],
    ).fetchone()


def test_published_figures_of_schools_that_merged_are_averaged_by_pupils(tmp_path):
    rows = [
        published_ks2(900003, 2003, "Cedar", TFSM6CLA1A=10, PTRWM_EXP_FSM6CLA1A="40%"),
        published_ks2(900004, 2004, "Dogwood", TFSM6CLA1A=30, PTRWM_EXP_FSM6CLA1A="60%"),
        published_ks2(900002, 2002, "Birch", TFSM6CLA1A=5, PTRWM_EXP_FSM6CLA1A="SUPP"),
    ]
    with published_study(tmp_path, {"2017-18": rows}).marts() as con:
        n, mean, variance, half_width, status = published_cell(con, DOGWOOD)
        assert (n, variance, status) == (40, None, "value")
        assert (mean, half_width) == pytest.approx(((10 * 0.4 + 30 * 0.6) / 40, 0.005))
        # A suppressed figure stays suppressed: no value, and never 0.
        assert published_cell(con, BIRCH) == (5, None, None, 0.0, "suppressed")


def test_a_merged_school_of_which_one_part_is_withheld_is_withheld(tmp_path):
    rows = [
        published_ks2(900003, 2003, "Cedar", PTRWM_EXP_FSM6CLA1A="SUPP"),
        published_ks2(900004, 2004, "Dogwood", PTRWM_EXP_FSM6CLA1A="60%"),
    ]
    with published_study(tmp_path, {"2017-18": rows}).marts() as con:
        n, mean, _, _, status = published_cell(con, DOGWOOD)
    assert (n, mean, status) == (20, None, "suppressed")


@pytest.mark.parametrize("blank", ["", "NA"])
def test_a_school_listed_again_without_pupils_keeps_its_result(tmp_path, blank):
    # Tables list a school that became an academy under both its numbers.
    rows = [
        published_ks2(
            900003, 2003, "Cedar", TELIG=blank, TFSM6CLA1A=blank, PTRWM_EXP_FSM6CLA1A=blank
        ),
        published_ks2(900004, 2004, "Dogwood", TFSM6CLA1A=30, PTRWM_EXP_FSM6CLA1A="60%"),
    ]
    with published_study(tmp_path, {"2017-18": rows}).marts() as con:
        n, mean, _, _, status = published_cell(con, DOGWOOD)
    assert (n, mean, status) == (30, pytest.approx(0.6), "value")


@pytest.mark.parametrize(
    ("closed_on", "expected"),
    [("", [("comparison", "no_result", 1), ("programme", "no_earlier_result", 1)]),
     ("31-08-2017", [("programme", "no_earlier_result", 1)])],
)  # fmt: skip
def test_an_open_school_that_lost_its_results_is_listed_as_missing(tmp_path, closed_on, expected):
    blank = dict.fromkeys(("TELIG", "TFSM6CLA1A", "PTRWM_EXP", "PTRWM_EXP_FSM6CLA1A"), "NA")
    tables = {
        "2016-17": [published_ks2(900002, 2002, "Birch", TFSM6CLA1A=10)],
        "2017-18": [
            published_ks2(900002, 2002, "Birch", **blank),
            published_ks2(900003, 2003, "Cedar", TFSM6CLA1A=30),
        ],
    }
    tiny = published_study(tmp_path, tables)
    for row in tiny.tables["register.csv"]:
        if row["URN"] == 900002:
            row["CloseDate"] = closed_on
    with tiny.released() as con:
        listed = con.execute(
            "SELECT side, reason, n_schools FROM impact.attrition WHERE is_in_scope "
            "AND measure = 'ks2_rwm_expected' ORDER BY ALL"
        ).fetchall()
    assert listed == expected


def test_a_published_interval_gives_the_variance_over_pupils_back(tmp_path):
    # Half-width 1.96 · 2 with 30 pupils: standard error 2, variance 2² · 30.
    row = published_ks2(
        900002, 2002, "B", READPROG="-1.0", READPROG_LOWER="-4.92", READPROG_UPPER="2.92"
    )
    with published_study(tmp_path, {"2017-18": [row]}).marts() as con:
        n, mean, variance, half_width, _ = published_cell(con, BIRCH, "all", "ks2_reading_progress")
    assert (n, mean, variance, half_width) == pytest.approx((30, -1.0, 120.0, 0.05))


def test_figures_of_authorities_and_nations_are_in_no_cell(tmp_path):
    rows = [
        published_ks2(900002, 2002, "Birch"),
        published_ks2(900002, 2002, "Nowhere", RECTYPE=3),
        published_ks2(900002, 2002, "England", RECTYPE=5),
    ]
    with published_study(tmp_path, {"2017-18": rows}).marts() as con:
        assert published_cell(con, BIRCH)[:2] == (10, pytest.approx(0.4))


PLACEBO = """\
[[programme]]
id = "placebo"
title = "A programme that never was"
fund = "none"
target_group = "disadvantaged"

  [programme.placebo]
  measure = "ks2_rwm_expected"
  academic_year = "2016-17"
  n_schools = 2

  [[programme.measure]]
  name = "ks2_rwm_expected"
"""


def placebo_schools(
    tmp_path, before: dict[int, str], after: dict[int, str], special=(), provisional=()
) -> list:
    """The placebo's schools, for figures by establishment number, without a register.

    `provisional` are the previous year's figures in an earlier release.
    """

    def schools(figures: dict[int, str], name: str) -> list[dict[str, object]]:
        return [
            published_ks2(
                900000 + number,
                number,
                name,
                PTRWM_EXP_FSM6CLA1A=figure,
                RECTYPE=2 if number in special else 1,
            )
            for number, figure in figures.items()
        ]

    tiny = published_study(
        tmp_path, {"2016-17": schools(before, "Then"), "2017-18": schools(after, "Now")}
    )
    if provisional:
        about = 'kind = "ks2_schools"\nacademic_year = "2016-17"\nstatus = "provisional"'
        tiny.add("provisional.csv", about, schools(provisional, "Early"))
    for name in ("register.csv", "links.csv", "enrolments.csv"):
        tiny.drop(name)
    tiny.protocol = tiny.protocol[: tiny.protocol.index("[[programme]]")] + PLACEBO
    with tiny.marts() as con:
        picked = con.execute(
            "SELECT school_id - 7990000, is_placebo, start_date FROM mart.programme_school ORDER BY 1"
        ).fetchall()
    assert all(is_placebo and start is None for _, is_placebo, start in picked)
    return [number for number, _, _ in picked]


def test_a_placebo_is_the_lowest_schools_of_its_year(tmp_path):
    before = {2001: "50%", 2002: "30%", 2003: "40%", 2004: "60%"}
    after = {2001: "10%", 2002: "90%", 2003: "90%", 2004: "5%"}
    assert placebo_schools(tmp_path, before, after) == [2002, 2003]


def test_a_placebo_is_picked_on_the_release_that_is_used(tmp_path):
    before = {2001: "50%", 2002: "30%", 2003: "40%", 2004: "60%"}
    higher = dict(zip(before, ("1%", "99%", "99%", "1%"), strict=True))
    assert placebo_schools(tmp_path, before, before, provisional=higher) == [2002, 2003]


def test_ties_go_to_the_lower_laestab(tmp_path):
    figures = {2004: "30%", 2003: "30%", 2002: "30%", 2001: "50%"}
    assert placebo_schools(tmp_path, figures, figures) == [2002, 2003]


def test_a_placebo_school_is_mainstream_with_a_figure_in_every_year(tmp_path):
    before = {2001: "10%", 2002: "20%", 2003: "30%", 2004: "40%", 2005: "50%", 2006: "SUPP"}
    after = {2001: "10%", 2002: "SUPP", 2004: "40%", 2005: "50%", 2006: "1%"}
    assert placebo_schools(tmp_path, before, after, special={2001}) == [2004, 2005]


# ----------------------------------------------------------------------------------------- the files


def test_every_select_has_its_table_and_every_table_its_select():
    assert {file.stem for file in marts.FOLDER.glob("*.sql")} == {t.name for t in MART_TABLES}


@pytest.mark.parametrize("table", MART_TABLES, ids=lambda table: table.name)
def test_a_mart_is_one_select_that_yields_the_columns_of_the_catalogue(tiny_marts, table):
    text = marts.select_of(table)
    with closing(duckdb.connect()) as con:
        statements = con.extract_statements(text)
    assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]
    assert ";" not in re.sub(r"--.*", "", text)
    described = tiny_marts.execute(f"DESCRIBE {text}").fetchall()
    if table is not SCHOOL_IDENTITY:  # built in Python from its SELECT
        assert {row[0] for row in described} == {column.name for column in table.columns}


def test_the_old_table_stays_if_the_select_fails(tmp_path):
    tiny = TinyStudy(tmp_path)
    with tiny.marts() as con:
        before = con.execute("FROM mart.cell").fetchall()
        con.execute("ALTER TABLE mart.pupil_moment RENAME TO away")
        cell_table = next(table for table in MART_TABLES if table.name == "cell")
        with pytest.raises(duckdb.CatalogException):
            marts.build(con, cell_table)
        assert con.execute("FROM mart.cell").fetchall() == before


def test_a_mart_without_its_pupil_rows_names_what_to_rebuild(tmp_path):
    tiny = TinyStudy(tmp_path)
    with tiny.marts() as con:
        con.execute(f"DROP TABLE {KS2_PUPILS.full_name}")
        stratum = next(table for table in MART_TABLES if table.name == "ks2_stratum")
        with pytest.raises(StudyError, match="pupil rows are no longer there"):
            marts.build(con, stratum)


def test_building_again_gives_the_same(tmp_path):
    tiny = TinyStudy(tmp_path)
    with tiny.marts() as con:
        before = {t.name: con.execute(f"FROM {t.full_name}").fetchall() for t in MART_TABLES}
        build_marts(con)
        after = {t.name: con.execute(f"FROM {t.full_name}").fetchall() for t in MART_TABLES}
    assert before == after


def test_a_ks4_pupil_without_a_figure_is_not_counted(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks4_2018.csv"] = [
        ks4_pupil(900006, 4006, f"F{n}", ATT8SCR=points)
        for n, points in enumerate(["40.0", "50.0", ""])
    ]
    with tiny.marts() as con:
        assert cell(con, FIR, "ks4_attainment8") == (2, 45.0, 50.0)
