"""The bundled fictional study: committed files match the generator and have the promised contents."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.example import SEED, TRUE_EFFECTS, City, simulate, write_example
from pipelines.example.schools import LOCAL_AUTHORITY, SCHOOLS
from pipelines.protocol.study_file import load_study

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "data_raw" / "example"
SHARED = ROOT.parent / "shared" / "data" / "real"
PROGRESS = {
    "ks2_reading_progress": "READPROGSCORE_EM_ADJUSTED",
    "ks2_writing_progress": "WRITPROGSCORE_EM_ADJUSTED",
    "ks2_maths_progress": "MATPROGSCORE_EM_ADJUSTED",
}


@pytest.fixture(scope="module")
def city() -> City:
    return simulate(SEED)


def school_ids(urns: pd.Series) -> set[int]:
    """Map URNs of any year to the index of the school that now has its results."""
    known = {i.urn: n for n, school in enumerate(SCHOOLS) for i in (school.now, *school.before)}
    return {known[urn] for urn in urns}


def phases(members: set[int]) -> list[str]:
    return [SCHOOLS[place].phase for place in sorted(members)]


def members(city: City, programme: str) -> set[int]:
    rows = city.enrolments
    return school_ids(rows.loc[rows["programme"] == programme, "urn"])


def test_committed_files_are_written_again_byte_for_byte(tmp_path):
    write_example(tmp_path / "example")
    written = {path.name: path.read_bytes() for path in (tmp_path / "example").iterdir()}
    committed = {path.name: path.read_bytes() for path in EXAMPLE.iterdir() if path.is_file()}
    assert written.keys() == committed.keys()
    assert [name for name in written if written[name] != committed[name]] == []
    assert sum(map(len, committed.values())) < 6_000_000
    assert not any(b"\r" in content for content in committed.values())


def test_the_census_counts_every_open_school_as_the_register_has_it(city):
    census = city.school_census.set_index("URN")
    register = city.school_register.set_index("URN")
    is_open = register["EstablishmentStatus (name)"] == "Open"
    assert census.index.is_unique
    assert set(census.index) == set(register.index[is_open])
    assert (census["NOR"] == register.loc[census.index, "NumberOfPupils"]).all()
    counts = census[["TSENELK", "TSENELSE", "NUMFSMEVER"]]
    assert (counts.sub(census["NOR"], axis=0) <= 0).all().all()
    assert (census["TSENELK"] + census["TSENELSE"] <= census["NOR"]).all()
    is_special = census["SCHOOLTYPE"] == "State-funded special school"
    assert (census.loc[is_special, "TSENELSE"] == census.loc[is_special, "NOR"]).all()
    # Year 6 is a sample of its school, so the city's overall shares agree.
    year6 = city.ks2_pupils["2017-18"]
    has_year6 = census.index.isin(set(year6["URN"])) & ~is_special
    for column, is_one in (("TSENELK", year6["SEN"] == "K"), ("NUMFSMEVER", year6["FSM6_P"] == 1)):
        share = census.loc[has_year6, column].sum() / census.loc[has_year6, "NOR"].sum()
        assert share == pytest.approx(is_one.mean(), abs=0.03)


def test_another_seed_writes_other_pupils():
    other = simulate(1).ks2_pupils["2017-18"]
    assert not other.equals(simulate(SEED).ks2_pupils["2017-18"])


def test_protocol_is_valid_and_names_every_file():
    study = load_study(EXAMPLE)
    files = {source.file for source in study.source}
    assert files == {path.name for path in EXAMPLE.glob("*.csv")}
    assert all(source.sha256 for source in study.source)
    assert study.study.is_fictional
    assert [programme.id for programme in study.evaluated_programmes] == ["send", "gap"]
    assert len([p for p in study.programme if "SSIF" not in p.fund]) >= 4
    assert {n.measure for n in study.not_yet_published} == {"ks4_attainment8", "ks4_progress8"}
    enrolled = set(pd.read_csv(EXAMPLE / "enrolments.csv")["programme"])
    assert enrolled == {programme.id for programme in study.programme}


def test_the_city_has_the_schools_the_issue_asks_for(city):
    register = city.school_register
    is_open = register["EstablishmentStatus (name)"] == "Open"
    assert is_open.sum() == 60
    assert set(phases(set(range(60)))) == {
        "infant", "junior", "primary", "all-through", "secondary", "special",
    }  # fmt: skip
    is_academy = register["EstablishmentTypeGroup (name)"] == "Academies"
    assert 25 <= (is_open & is_academy).sum() <= 35
    assert register["URN"].is_unique
    assert register["URN"].between(900_000, 999_999).all()
    assert set(city.school_links["LinkType"]) == {
        "Predecessor", "Successor", "Predecessor - merged", "Successor - merged",
    }  # fmt: skip
    assert (city.school_links["LinkEstablishedDate"] == "").any()
    laestab = register["LA (code)"] * 10_000 + register["EstablishmentNumber"]
    # Two converters keep their LAESTAB; the merged school has a new one.
    assert laestab.duplicated().sum() == 2


@pytest.mark.parametrize("seed", [SEED, 1, 2, 3])
def test_cohorts_and_schools_with_results(seed):
    city = simulate(seed)
    for year in ("2015-16", "2016-17", "2017-18"):
        year6, year11 = city.ks2_pupils[year], city.ks4_pupils[year]
        assert 2150 < len(year6) < 2450
        assert 1620 < len(year11) < 1880
        assert len(school_ids(year6["URN"])) == 34
        assert len(school_ids(year11["URN"])) == 10
        for results in (year6, year11):
            assert results["UPN"].is_unique
            assert results["UPN"].str.fullmatch(r"[A-Z]\d{12}").all()
            assert (results["LAESTAB"] // 10_000 == LOCAL_AUTHORITY).all()
            listed = city.school_register.set_index("URN")["EstablishmentNumber"]
            assert (results["URN"].map(listed) == results["LAESTAB"] % 10_000).all()


def test_the_last_year_has_the_release_status_of_2_october_2018(city):
    assert not (city.ks2_pupils["2017-18"]["PINCL_FLAG"] == 203).any()
    assert all((city.ks2_pupils[y]["PINCL_FLAG"] == 203).any() for y in ("2015-16", "2016-17"))
    returns = city.ks4_pupils["2017-18"]
    assert set(returns["P_INCL"]) == {201, 202}
    assert returns[["ATT8SCR", "P8SCORE"]].isna().all(axis=None)
    assert returns["L2BASICS_94"].isin((0, 1)).all()
    assert city.ks4_pupils["2016-17"]["ATT8SCR"].notna().all()


def test_outcomes_agree_with_each_other(city):
    for results in city.ks2_pupils.values():
        met = (results["READOUTCOME"] == "AS") & (results["MATOUTCOME"] == "AS")
        met &= results["WRITTAOUTCOME"].isin(("EXS", "GDS")) & (results["ELIGRWM"] == 1)
        assert (results["RWMEXP"] == met.astype(int)).all()
        for mark in ("READ", "MAT", "GPS"):
            outcome, score = results[f"{mark}OUTCOME"], results[f"{mark}SCORE"]
            assert set(outcome) <= {"AS", "NS", "A", "B", "M", "F"}
            assert (score[outcome.isin(("AS", "NS"))] != "N").all()
            assert (score[~outcome.isin(("AS", "NS"))] == "N").all()
            assert pd.to_numeric(score[outcome == "AS"]).between(100, 120).all()
            assert pd.to_numeric(score[outcome == "NS"]).between(80, 99).all()
        for mark in ("READ", "WRIT", "MAT"):
            in_measure = results[f"IN{mark}PROG"] == 1
            assert (results[f"{mark}PROGSCORE_EM_ADJUSTED"].notna() == in_measure).all()
            assert 0.02 < 1 - in_measure.mean() < 0.08
        assert (results["KS1GROUP"].eq(4) == results["KS1AVERAGEPS"].isna()).all()


@pytest.mark.parametrize("seed", [SEED, 1, 2, 3])
def test_levels_are_like_a_weak_coastal_city(seed):
    for results in simulate(seed).ks2_pupils.values():
        used = results[(results["PINCL_FLAG"] == 201) & (results["ELIGRWM"] == 1)]
        is_k, is_fsm6 = used["SEN"] == "K", used["FSM6_P"] == 1
        reading = used["READPROGSCORE_EM_ADJUSTED"]
        assert 0.11 < is_k.mean() < 0.18
        assert 0.01 < (used["SEN"] == "E").mean() < 0.05
        assert 0.24 < is_fsm6.mean() < 0.38
        assert 0.40 < used["RWMEXP"].mean() < 0.62
        assert 0.05 < used.loc[is_k, "RWMEXP"].mean() < 0.24
        assert 0.25 < used.loc[is_fsm6, "RWMEXP"].mean() < 0.50
        assert -2.6 < reading.mean() < -0.5
        assert 5 < reading.std() < 7
        assert -5 < reading[is_k].mean() < -0.8


@pytest.mark.parametrize("seed", [SEED, 1, 2, 3])
def test_programmes_have_eighteen_schools_and_six_in_both(seed):
    city = simulate(seed)
    send, gap = members(city, "send"), members(city, "gap")
    assert (len(send), len(gap), len(send & gap)) == (18, 18, 6)
    for chosen in (send, gap):
        assert {"infant", "special"} <= set(phases(chosen))
    assert not city.enrolments.duplicated(["programme", "urn"]).any()
    covered = school_ids(city.enrolments["urn"])
    assert sorted(phases(set(range(60)) - covered)) == ["infant", "special"]


def test_a_school_that_changed_its_number_is_enrolled_under_each(city):
    (converter,) = [s for s in SCHOOLS if s.now.name == "Driftlode Primary School"]
    (old,) = converter.before
    assert {old.urn, converter.now.urn} <= set(city.enrolments["urn"])
    assert old.laestab == converter.now.laestab


def test_schools_are_chosen_on_a_weak_result_but_not_by_a_cut():
    known = {i.urn: n for n, s in enumerate(SCHOOLS) for i in (s.now, *s.before)}
    ranks, is_cut = [], []
    for seed in (SEED, *range(40)):
        city = simulate(seed)
        results = city.ks2_pupils["2016-17"]
        results = results[results["SEN"] == "K"]
        mean = results.groupby(results["URN"].map(known))["READPROGSCORE_EM_ADJUSTED"].mean()
        mean = mean[[SCHOOLS[place].phase in ("junior", "primary") for place in mean.index]]
        in_send = mean.index.isin(members(city, "send"))
        ranks.append(mean.rank(pct=True)[in_send].mean())
        is_cut.append(mean[in_send].max() < mean[~in_send].min())
    assert 0.25 < np.mean(ranks) < 0.42
    assert not is_cut[0]
    assert np.mean(is_cut) < 0.1


def test_claims_can_be_settled_one_way_each(city):
    judged = city.eligibility.assign(school=city.eligibility["urn"])
    met = judged.groupby(["programme", "school"])["met"].agg(set)
    yes = met.map(lambda found: "yes" in found).groupby(level=0).sum()
    unknown = met.map(lambda found: found == {"unknown"}).groupby(level=0).sum()
    assert met.groupby(level=0).size().to_dict() == {"send": 18, "gap": 18}
    assert (yes["send"], unknown["send"]) == (13, 0)
    assert (yes["gap"], unknown["gap"]) == (12, 3)

    register = city.school_register
    maintained = register.loc[
        (register["EstablishmentStatus (name)"] == "Open")
        & (register["EstablishmentTypeGroup (name)"] != "Academies"),
        "URN",
    ]
    visits = pd.concat(
        [
            city.inspections.set_axis(["urn", "day", "_"], axis=1)[["urn", "day"]],
            city.reviews[["urn", "review_date"]].set_axis(["urn", "day"], axis=1),
        ]
    )
    visited = school_ids(visits.loc[visits["day"].between("2017-09-01", "2018-08-31"), "urn"])
    assert len(school_ids(maintained) - visited) == 1


def test_statements_cover_every_case(city):
    answered = city.evaluations.groupby("programme")["urn"].nunique()
    assert answered.to_dict() == {"send": 13, "gap": 11}
    assert len(city.evaluations) > answered.sum()
    keys = ["programme", "urn", "submitted_on", "respondent_role"]
    assert not city.evaluations.duplicated(keys).any()
    said = city.statements
    assert set(said["consent"]) == {"yes", "no", "withdrawn"}
    assert set(said["attribution"]) == {"name", "role", "anonymous"}
    assert set(said["tone"]) == {"positive", "mixed", "negative"}
    assert all(said["quote"].str.contains(mark).any() for mark in (",", '"', "\n", "&"))
    cases, support = city.case_studies, city.case_study_support
    assert sorted(cases["consent"]) == ["no", "withdrawn", "yes", "yes", "yes"]
    told = set(zip(cases["programme"], cases["urn"], strict=True))
    assert set(zip(support["programme"], support["urn"], strict=True)) == told
    until = support["until"].where(support["until"] != "", support["from"])
    assert (support["from"] <= until).all()
    for programme in ("send", "gap"):
        for table in (city.evaluations, said, city.case_studies):
            urns = table.loc[table["programme"] == programme, "urn"]
            assert school_ids(urns) <= members(city, programme)


@pytest.mark.parametrize("seed", [SEED, 7])
def test_planted_effects_change_target_pupils_only(seed):
    with_effect, without = simulate(seed), simulate(seed, effects={})
    after, before = with_effect.ks2_pupils["2017-18"], without.ks2_pupils["2017-18"]
    in_send = after["URN"].isin({SCHOOLS[place].now.urn for place in members(with_effect, "send")})
    is_target = in_send & (after["SEN"] == "K")
    assert is_target.sum() > 50
    for measure, column in PROGRESS.items():
        gain = after[column] - before[column]
        planted = TRUE_EFFECTS["send"][measure]
        assert planted > 0
        np.testing.assert_allclose(gain[is_target].dropna(), planted, atol=0.0051)
        assert (gain[~is_target].dropna() == 0).all()
        assert after[column].isna().equals(before[column].isna())
    pd.testing.assert_frame_equal(after.loc[~is_target], before.loc[~is_target])
    for year in ("2015-16", "2016-17"):
        pd.testing.assert_frame_equal(with_effect.ks2_pupils[year], without.ks2_pupils[year])
    for year, results in with_effect.ks4_pupils.items():
        pd.testing.assert_frame_equal(results, without.ks4_pupils[year])
    pd.testing.assert_frame_equal(with_effect.enrolments, without.enrolments)


def test_the_gap_programme_has_no_effect_unless_requested():
    assert set(TRUE_EFFECTS["gap"].values()) == {0.0}
    asked = simulate(5, effects={"gap": {"ks2_reading_progress": 2.0}}).ks2_pupils["2017-18"]
    plain_city = simulate(5, effects={})
    plain = plain_city.ks2_pupils["2017-18"]
    urns = {SCHOOLS[place].now.urn for place in members(plain_city, "gap")}
    is_target = plain["URN"].isin(urns) & (plain["FSM6_P"] == 1)
    gain = asked["READPROGSCORE_EM_ADJUSTED"] - plain["READPROGSCORE_EM_ADJUSTED"]
    np.testing.assert_allclose(gain[is_target].dropna(), 2.0, atol=0.0051)
    assert (gain[~is_target].dropna() == 0).all()


@pytest.mark.parametrize(
    "effects", [{"send": {"ks4_basics_94": 0.1}}, {"other": {"ks2_reading_progress": 1.0}}]
)
def test_an_effect_that_cannot_be_planted_is_refused(effects):
    with pytest.raises(ValueError, match="no effect can be planted"):
        simulate(SEED, effects=effects)


@pytest.mark.skipif(
    not SHARED.is_dir() and os.environ.get("CI") != "true", reason="no real files here"
)
def test_nothing_is_named_after_a_real_place():
    with (SHARED / "ksp" / "la_and_region_codes_meta.csv").open(encoding="latin-1") as file:
        assert str(LOCAL_AUTHORITY) not in {row[0] for row in csv.reader(file)}
    with gzip.open(
        SHARED / "converted" / "2017-2018_england_spine.csv.gz", "rt", encoding="latin-1"
    ) as file:
        rows = list(csv.DictReader(file))
    ours = {i.name.lower() for school in SCHOOLS for i in (school.now, *school.before)}
    assert ours.isdisjoint({row["SCHNAME"].lower() for row in rows})
    assert {str(i.urn) for s in SCHOOLS for i in (s.now, *s.before)}.isdisjoint(
        {row["URN"] for row in rows}
    )
