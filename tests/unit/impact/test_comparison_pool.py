"""A matched pool, from files to released tables, in an invented England with a planted effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipelines.board.outlook import words_used
from pipelines.board.terminal import headline_words
from pipelines.charts import gallery
from pipelines.impact.shared_shocks import SHARED_SHOCKS
from pipelines.planning.study_power import power_page, study_power
from pipelines.released import reading
from pipelines.released.citations import released_rows
from tests.packs import DOCUMENTS, words_of
from tests.tiny_study import CLAIMS, Row, TinyStudy, published_ks2, published_study, school

N_LOCAL, N_MEMBERS, N_OUTSIDE = 14, 12, 300
EFFECT = 0.25
YEARS = ("2015-16", "2016-17", "2017-18")
# A member outside the authority: neither compared nor a match.
MEMBER_OUTSIDE = 910000
Tables = dict[str, pd.DataFrame]


def england(parent: Path, *, seed: int = 1, shift: float = 0.0) -> TinyStudy:
    """Persistently weak local schools, twelve of them in the programme, and schools of two authorities
    elsewhere.

    `shift` is added to the outcome of every school elsewhere.
    """
    rng = np.random.default_rng(seed)
    n = N_LOCAL + N_OUTSIDE
    is_local, is_member = np.arange(n) < N_LOCAL, np.arange(n) < N_MEMBERS
    share = rng.uniform(0.1, 0.6, n)
    level = 0.6 - 0.3 * share + rng.normal(0, 0.06, n) - 0.1 * is_local
    tables: dict[str, list[Row]] = {}
    for year in YEARS:
        cohort = rng.integers(50, 90, n)
        n_disadvantaged = np.maximum((cohort * share).astype(int), 8)
        change = (EFFECT * is_member + shift * ~is_local) if year == YEARS[-1] else 0
        chance = np.clip(level + change, 0.02, 0.98)
        reached = rng.binomial(n_disadvantaged, chance) / n_disadvantaged
        n_others = cohort - n_disadvantaged
        reached_by_others = rng.binomial(n_others, np.clip(level + 0.1, 0.02, 0.98)) / n_others
        tables[year] = [
            published_ks2(
                920000 + number if is_local[number] else MEMBER_OUTSIDE + number - N_LOCAL,
                2100 + number,
                f"School {number}",
                LEA=799 if is_local[number] else 801 + number % 2,
                TELIG=int(cohort[number]),
                TFSM6CLA1A=int(n_disadvantaged[number]),
                PTRWM_EXP_FSM6CLA1A=f"{100 * reached[number]:.0f}%",
                TNotFSM6CLA1A=int(n_others[number]),
                PTRWM_EXP_NotFSM6CLA1A=f"{100 * reached_by_others[number]:.0f}%",
            )
            for number in range(n)
        ]
    tiny = published_study(parent, tables)
    tiny.protocol = tiny.protocol.replace('["2016-17"]', '["2015-16", "2016-17"]').replace(
        'target_group = "disadvantaged"',
        'target_group = "disadvantaged"\ncomparison_pool = "matched"',
    )
    tiny.protocol += CLAIMS
    tiny.tables["register.csv"] = [
        school(920000 + number, 2100 + number, f"School {number}") for number in range(N_LOCAL)
    ]
    members = [920000 + number for number in range(N_MEMBERS)] + [MEMBER_OUTSIDE]
    tiny.tables["enrolments.csv"] = [
        {"programme": "gap", "urn": urn, "start_date": ""} for urn in members
    ]
    return tiny


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The study with its planted effect, from files to released tables."""
    with england(tmp_path_factory.mktemp("england")).released() as con:
        yield con


@pytest.fixture(scope="module")
def tables(con: duckdb.DuckDBPyConnection) -> Tables:
    return reading.read_tables(con)


def headline(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    (row,) = (
        con.execute("SELECT * FROM released.impact WHERE role = 'headline'").df().to_dict("records")
    )
    return {str(name): value for name, value in row.items()}


def test_the_planted_effect_is_estimated_where_the_authority_has_too_few_schools(con, tmp_path):
    row = headline(con)
    assert 0 < row["ci_low"] < EFFECT < row["ci_high"]
    # A year that was good for the whole authority would look the same.
    assert row["verdict"] == "cannot_tell"
    assert row["verdict_reason"] == SHARED_SHOCKS
    assert row["n_programme_schools"] == N_MEMBERS
    tiny = england(tmp_path)
    tiny.protocol = tiny.protocol.replace('comparison_pool = "matched"\n', "")
    with tiny.released() as local:
        assert "too few schools" in str(headline(local)["verdict_reason"])


def test_the_pool_is_the_union_of_the_matches_each_school_once(con):
    matched = con.execute("SELECT * FROM impact.matched_school").df()
    assert set(matched["matched_on"]) == {"results_and_make_up", "make_up"}
    assert matched.groupby(["matched_on", "school_id"]).size().eq(5).all()
    assert matched["school_id"].nunique() == N_MEMBERS
    alike = set(matched.loc[matched["matched_on"] == "results_and_make_up", "matched_school_id"])
    compared = con.execute("SELECT * FROM impact.compared_school").df()
    pool = compared[~compared["is_programme"] & (compared["reason"] == "compared")]
    assert set(pool["school_id"]) == alike
    assert not compared["school_id"].duplicated().any()
    assert headline(con)["n_comparison_schools"] == len(alike)
    by_method = con.execute("SELECT estimator, n_comparison_schools FROM impact.estimate").df()
    counts = dict(by_method.itertuples(index=False, name=None))
    alike_in_make_up = set(matched.loc[matched["matched_on"] == "make_up", "matched_school_id"])
    assert counts["ancova"] == len(alike)
    assert counts["change_from_baseline_mean"] == len(alike_in_make_up) != len(alike)
    assert counts["change_since_last_year"] == len(alike_in_make_up)
    assert counts["triple_difference"] == len(alike_in_make_up)


def test_every_method_finds_the_effect_among_its_own_schools(con):
    rows = con.execute(
        "SELECT * FROM impact.estimate WHERE estimator NOT IN "
        "('pupil_adjusted', 'change_leaving_selection_years_out')"
    ).df().set_index("estimator")  # fmt: skip
    before = rows.loc["earlier_changes"]
    assert before["ci_low"] < 0 < before["ci_high"] < EFFECT
    # Its two ends are compared with different schools.
    both = rows.loc["bracket_randomisation"]
    assert "different schools" in both["verdict_reason"]
    tested = rows.drop(
        index=[
            "leave_one_school_out",
            "change_since_last_year",
            "earlier_changes",
            "bracket_randomisation",
        ]
    )
    assert ((tested["ci_low"] < EFFECT) & (tested["ci_high"] > EFFECT)).all()
    assert (tested["ci_low"] > 0).all()
    # Leaving out one school moves each end only slightly.
    left_out, bracket = rows.loc["leave_one_school_out"], rows.loc["bracket"]
    assert left_out["estimate_low"] < bracket["estimate_low"] < left_out["estimate_low"] + 0.03
    assert left_out["estimate_high"] - 0.03 < bracket["estimate_high"] < left_out["estimate_high"]


def test_schools_of_another_evaluated_programme_are_not_in_the_pool_and_their_effect_is_not_in_it(
    con, tmp_path
):
    tiny = england(tmp_path)
    tiny.protocol += (
        '\n[[programme]]\nid = "other"\ntitle = "Other"\nfund = "SSIF"\ntarget_group = "disadvantaged"\n'
        '  [[programme.measure]]\n  name = "ks2_rwm_expected"\n'
    )
    best = con.execute(
        "SELECT urn FROM mart.school WHERE school_id IN (SELECT matched_school_id FROM "
        "impact.matched_school WHERE place = 1) ORDER BY urn LIMIT 5"
    ).fetchall()
    local = [920000, 920001, 920002, 920012, 920013]
    tiny.tables["enrolments.csv"] += [
        {"programme": "other", "urn": urn, "start_date": ""}
        for urn in [*local, *(urn for (urn,) in best)]
    ]
    with tiny.released() as both:
        matched = both.execute(
            "SELECT count(*) FROM impact.matched_school JOIN mart.school AS school "
            "ON school.school_id = matched_school_id WHERE school.urn IN "
            f"({', '.join(str(urn) for (urn,) in best)})"
        ).fetchall()
        rows = both.execute(
            "SELECT programme, n_programme_schools, n_comparison_schools, ci_low, ci_high "
            "FROM impact.estimate WHERE estimator = 'bracket' ORDER BY programme"
        ).fetchall()
    assert matched == [(0,)]
    (gap, other) = rows
    assert gap[1] == N_MEMBERS
    assert gap[3] < EFFECT < gap[4]
    # The other programme is compared with the nine local schools outside it.
    assert other[1:3] == (5, 9)


def test_a_school_of_the_programme_outside_the_authority_is_on_neither_side(con):
    outside = con.execute(
        f"SELECT school_id FROM mart.school WHERE urn = {MEMBER_OUTSIDE}"
    ).fetchall()[0][0]
    assert con.execute(
        f"SELECT is_programme, reason FROM impact.compared_school WHERE school_id = {outside}"
    ).fetchall() == [(True, "outside_authority")]
    assert not con.execute(
        f"SELECT * FROM impact.matched_school WHERE matched_school_id = {outside}"
    ).fetchall()


def test_schools_not_chosen_are_counted_with_the_reason(con):
    rows = con.execute(
        "SELECT reason, n_schools FROM impact.attrition WHERE side = 'comparison'"
    ).fetchall()
    counts = dict(rows)
    assert set(counts) == {
        "compared",
        "alike_in_make_up_only",
        "not_among_most_similar",
    }
    assert sum(counts.values()) == N_OUTSIDE - 1


def test_the_pool_is_balanced_where_schools_elsewhere_are_not(con):
    balance = con.execute("SELECT * FROM impact.balance").df().set_index("characteristic")
    far = con.execute(
        "SELECT avg(result_before) FILTER (is_local) - avg(result_before) FILTER (NOT is_local) "
        "FROM impact.school_before WHERE school_id NOT IN "
        "(SELECT school_id FROM impact.compared_school WHERE reason = 'outside_authority')"
    ).fetchall()[0][0]
    target = balance.loc["target_pupils_before"]
    assert abs(target["programme_mean"] - target["comparison_mean"]) < abs(far) / 2
    assert (balance["standardised_difference"].abs() < 0.25).all()
    overlap = con.execute("SELECT * FROM impact.overlap").df().iloc[0]
    assert not overlap["is_extrapolation"]
    # Programmes of those schools are unknown; "none" would be a claim.
    assert pd.isna(overlap["n_comparison_schools_in_others"])


def test_a_special_school_elsewhere_is_in_no_pool_however_alike(tmp_path):
    """Each is the twin of a school of the programme, so it would be the nearest."""
    tiny = england(tmp_path)
    twins = range(950000, 950000 + N_MEMBERS)
    for year in YEARS:
        rows = tiny.tables[f"tables_{year}.csv"]
        rows += [
            row
            | {"URN": urn, "ESTAB": 7000 + urn - 950000, "LEA": 801, "NFTYPE": "CYS", "RECTYPE": 2}
            for urn, row in zip(twins, rows[:N_MEMBERS], strict=True)
        ]
    select = "SELECT matched_school_id FROM impact.matched_school"
    with tiny.released(select) as con:
        special = con.execute(
            "SELECT school_id FROM mart.school WHERE school_kind = 'special' AND NOT is_local"
        ).fetchall()
        matched = con.execute(select).fetchall()
        outcomes = con.execute("SELECT school_id FROM mart.outcome").fetchall()
    assert len(special) == N_MEMBERS
    assert matched
    assert not set(special) & set(matched)
    assert not set(special) & set(outcomes)


def test_outcomes_do_not_affect_matching(con, tmp_path):
    query = "SELECT * EXCLUDE (distance) FROM impact.matched_school ORDER BY ALL"
    # Random draws are the same; only outcomes of schools elsewhere differ.
    with england(tmp_path, shift=-0.2).released() as other:
        assert other.execute(query).fetchall() == con.execute(query).fetchall()
        assert headline(other)["estimate_low"] > headline(con)["estimate_high"]


def test_what_describes_the_authority_stays_in_it(con, tables):
    rest = tables["comparison"].query("arm == 'rest' and academic_year == '2017-18'")
    assert rest["n_schools"].tolist() == [N_LOCAL - N_MEMBERS] * len(rest)
    assert len(con.execute("SELECT * FROM mart.arm").df()) == N_LOCAL
    claims = tables["claims"].set_index("claim")
    assert claims.loc["Every school takes part in one or more programmes", "denominator"] == N_LOCAL
    counts = tables["school_count"].set_index("reason")["n_schools"].to_dict()
    assert counts == {"compared": N_MEMBERS, "outside_authority": 1}


def test_no_word_says_that_the_comparison_is_local(tables):
    documents = [words_of(made(tables, ())) for made in DOCUMENTS.values()]
    assert all("outside the area that were most like them before" in said for said in documents)
    assert all("is part of the difference" in said for said in documents)
    assert "elsewhere in the area" not in str(documents)
    assert "all other local schools" not in str(documents)
    drawn = {chart.name.split("-")[0]: chart for chart in gallery.draw_all(tables)}
    for name in ("headline_effects", "answer", "baseline_outcome"):
        chart = drawn[name]
        assert "other local schools" not in chart.svg.decode() + chart.caption + chart.alt_text
    for name in ("headline_effects", "answer", "methods", "power_curve", "baseline_outcome"):
        assert "similar schools outside the area" in drawn[name].caption, name
    assert "not from the other schools shown here" in drawn["outcome_by_year"].caption


def test_the_glossary_says_which_schools_are_compared_and_which_are_averaged(tables):
    terms = {term.subject: term.text for term in words_used(released_rows(tables))}
    assert "no programme is compared with them" in terms["Other local schools"]
    assert "State-funded mainstream schools elsewhere" in terms["Similar schools outside the area"]
    local = tables | {"programme": tables["programme"].assign(comparison_pool="local")}
    terms = {term.subject: term.text for term in words_used(released_rows(local))}
    assert "Other schools" in terms
    assert "Similar schools outside the area" not in terms


def test_randomisation_is_not_stratified_by_a_phase_known_locally_only(con):
    # The register gives a phase for local schools only.
    row = con.execute(
        "SELECT estimate_low, p_value FROM impact.estimate WHERE estimator = 'randomisation_inference'"
    ).fetchall()[0]
    assert row[0] is not None
    assert row[1] < 0.05


def test_power_before_there_are_outcomes_is_that_of_local_schools_and_says_so(tmp_path):
    study = england(tmp_path).write()
    page = "\n".join(power_page(study, study_power(study, tmp_path / "scratch")))
    assert "Closing the gap: computed with local comparison schools" in page
    assert f"{N_MEMBERS} in the programme and {N_LOCAL - N_MEMBERS} others" in page


# ------------------------------------------------------------------------------------------ refusals


def no_table_yet(tiny: TinyStudy) -> None:
    tiny.drop("tables_2017-18.csv")


def announced(tiny: TinyStudy) -> None:
    no_table_yet(tiny)
    tiny.protocol += (
        '\n[[not_yet_published]]\nmeasure = "ks2_rwm_expected"\nacademic_year = "2017-18"\n'
        'reason = "the tables come in December"\n'
    )


def local_tables(tiny: TinyStudy) -> None:
    for name in (f"tables_{year}.csv" for year in YEARS):
        tiny.tables[name] = [row for row in tiny.tables[name] if row["LEA"] == 799]
    tiny.tables["enrolments.csv"].pop()


REFUSALS: dict[str, tuple[Callable[[TinyStudy], None], str]] = {
    "no table yet": (
        no_table_yet,
        "no published table of Key Stage 2 (Year 6) results by school for 2017-18 is at hand yet",
    ),
    "no table yet, and the protocol says why": (announced, "the tables come in December"),
    "tables of the authority alone": (local_tables, "have no schools outside the area"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_without_matches_every_method_gives_the_reason(tmp_path, case):
    change, words = REFUSALS[case]
    tiny = england(tmp_path)
    change(tiny)
    with tiny.released() as con:
        rows = con.execute("SELECT * FROM released.impact").df()
        said = headline_words(released_rows(reading.read_tables(con)))
    assert rows["estimate_low"].isna().all()
    assert rows["verdict_reason"].str.contains(words, regex=False).all()
    assert rows.loc[rows["role"] == "headline", "verdict"].tolist() == ["cannot_tell"]
    assert "cannot tell" in said[0]
    assert words in said[0].replace("’", "'")


def test_the_authority_s_pupil_files_offer_no_schools_to_match(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace(
        'target_group = "disadvantaged"',
        'target_group = "disadvantaged"\ncomparison_pool = "matched"',
    )
    with tiny.released() as con:
        rows = con.execute(
            "SELECT DISTINCT programme, verdict_reason LIKE '%no published table%' FROM impact.estimate"
        ).fetchall()
    assert sorted(rows) == [("gap", True), ("send", False)]
