"""No school's few pupils can be worked back from the estimates, by somebody who runs the program backwards.

`estimates` says who that is. Judged is what estimates add: bounds that sums of pupils give already are
`test_attack`'s. A school's number below the minimum may be anything from one up to it, and whether none or
all of its pupils met the standard stays open.

Which studies keep how many of their estimates is the rule of `pipelines/disclosure/impact.sql`. Sizes here
are those that have just enough: for a headline, for other methods, for their intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import islice

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipelines.disclosure import door
from pipelines.measures import MEASURES
from pipelines.paths import EXAMPLE
from pipelines.released import read_published
from pipelines.study_file import load_study
from tests.disclosure.attacker import SHARES, Fact, facts_of
from tests.disclosure.estimates import (
    Attack,
    Comparison,
    Published,
    Pupils,
    half_step,
    published_estimates,
)
from tests.disclosure.invented import (
    MINIMUM,
    SHARE,
    YEARS,
    Invented,
    cell,
    schools_of,
    tables_of,
)
from tests.evaluated import Evaluated

SMALL_GROUP = 5 * MINIMUM
OTHERS = {"disadvantaged": "not_disadvantaged", "sen_support": "no_sen"}
# Schools, years, programmes, measures.
SIZES = (
    *((12, 2, 1, 1), (24, 3, 2, 1), (36, 2, 3, 1)),
    *((16, 2, 1, 1), (20, 2, 1, 2), (32, 2, 2, 1)),
    *((20, 2, 1, 1), (28, 2, 1, 2), (32, 3, 2, 1)),
)
SHARES_ASKED = (SHARE, "ks2_reading_expected")


def found_by(attack: Attack) -> list[str]:
    """What is known too well with the estimates, and without them is not."""
    found = []
    n = attack.truth[: attack.n_cells]
    for place, (school, year) in enumerate(attack.places):
        if n[place] < MINIMUM and _is_close(attack, place, n[place]):
            found.append(f"{school} {year}: {n[place]:.0f} pupils")
        for measure in SHARES & set(attack.comparison.measures):
            total = attack.total_at(measure, place)
            met = attack.truth[total]
            if n[place] < SMALL_GROUP and met in {0, n[place]} and _is_told(attack, total):
                found.append(f"{school} {year}: {met:.0f} of {n[place]:.0f} met it")
    return found


def _is_close(attack: Attack, place: int, truth: float) -> bool:
    assert truth > 0
    (least, most), silent = (attack.bounds(place, with_estimates=w) for w in (True, False))
    is_open_without = silent[0] < 1.01 and silent[1] > MINIMUM - 1.01
    return is_open_without and not (least < 1.01 and most > MINIMUM - 1.01)


def _is_told(attack: Attack, place: int) -> bool:
    (least, most), silent = (attack.bounds(place, with_estimates=w) for w in (True, False))
    return silent[1] - silent[0] > 0.99 and not most - least > 0.99


@pytest.mark.parametrize(("n_schools", "n_years", "n_programmes", "n_measures"), SIZES)
def test_no_school_is_worked_back_in_a_small_study(
    n_schools: int, n_years: int, n_programmes: int, n_measures: int
) -> None:
    n_attacked = 0
    studies = with_headlines(n_schools, n_years, n_programmes, SHARES_ASKED[:n_measures])
    for con, study in islice(studies, 2):
        door.release(con, MINIMUM)
        attack = of_invented(con, study, tables_of(con))
        assert attack.published.between
        assert found_by(attack) == []
        n_attacked += 1
    assert n_attacked == 2


def test_estimates_with_all_their_decimals_and_intervals_would_tell() -> None:
    """The attack is one: what the door takes from the estimates is what it lives by."""
    for con, study in with_headlines(16, 2, 2):
        door.release(con, MINIMUM)
        as_made = {"impact": con.execute("FROM impact.estimate").df()}
        if found_by(of_invented(con, study, tables_of(con) | as_made)):
            return
    pytest.fail("nothing was found")


def test_no_school_of_the_example_is_worked_back(
    example: Evaluated, record_property: Callable[[str, object], None]
) -> None:
    """From all that is told of its pupils on SEN support at once, four measures."""
    study = load_study(EXAMPLE)
    (send,) = (p for p in study.evaluated_programmes if p.id == "send")
    measures = tuple(m.name for m in send.measure if MEASURES[m.name].key_stage == "ks2")
    with closing(duckdb.connect(str(example.current / "restricted.duckdb"), read_only=True)) as con:
        attack = attack_of(
            con,
            read_published(example.current / "released.duckdb"),
            {p.id: p.selection_years for p in study.evaluated_programmes},
            str(send.target_group),
            measures,
        )
    assert len(attack.published.between) > 20 * len(measures)
    assert found_by(attack) == []
    record_property(
        "said",
        f"The attacker who runs the estimators backwards, example study: {attack.n_cells} numbers of pupils "
        f"of schools against {len(attack.published.between)} estimates of {len(measures)} measures, "
        "worked back: 0",
    )


# -------------------------------------------------------------------------------------------- how it is done


def small_study(
    seed: int, n_schools: int, n_years: int, n_programmes: int, measures: tuple[str, ...]
) -> Invented:
    """Half of the schools in each programme; one to nine target pupils a school, and their others."""
    draw = np.random.default_rng(seed)
    ids = 7990000 + np.arange(n_schools)
    programmes = ["gap", "more", "most"][:n_programmes]
    size, chance = draw.uniform(2, 9, n_schools), draw.normal(0.45, 0.15, n_schools).clip(0.1, 0.9)
    rows = []
    for school, mean, p in zip(ids, size, chance, strict=True):
        for year in YEARS[-n_years:]:
            for group, n in (
                ("disadvantaged", max(int(draw.poisson(mean)), 1)),
                ("not_disadvantaged", int(draw.poisson(15)) + 5),
            ):
                likely = p if group == "disadvantaged" else 0.65
                for measure in measures:
                    got = (
                        draw.binomial(n, likely) / n
                        if measure in SHARES
                        else draw.normal(4 * (likely - 0.5), 6 / np.sqrt(n))
                    )
                    rows.append(cell(int(school), year, group, measure, n, mean=float(got)))
    members = [
        {"programme": programme, "school_id": int(school)}
        for programme in programmes
        for school in draw.permutation(ids)[: n_schools // 2]
    ]
    schools = pd.DataFrame({"school_id": ids, "is_special": False})
    return Invented(
        programmes,
        pd.DataFrame(members),
        schools,
        pd.DataFrame(rows),
        measures=dict.fromkeys(programmes, ("disadvantaged", measures)),
    )


def with_headlines(
    n_schools: int, n_years: int, n_programmes: int, measures: tuple[str, ...] = (SHARE,)
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Invented]]:
    """Studies of a size in which every programme has a headline: few schools often give none."""
    for seed in range(100, 140):
        study = small_study(seed, n_schools, n_years, n_programmes, measures)
        with study.store(is_estimated=True) as con:
            if _has_headlines(con, n_programmes * len(measures)):
                yield con, study


def _has_headlines(con: duckdb.DuckDBPyConnection, n_asked: int) -> bool:
    found = con.execute(
        "SELECT count(*) FROM impact.estimate WHERE role = 'headline' AND estimate_low IS NOT NULL"
    ).fetchone()
    return found == (n_asked,)


def of_invented(
    con: duckdb.DuckDBPyConnection, study: Invented, tables: Mapping[str, pd.DataFrame]
) -> Attack:
    """The attack on what was published of an invented study."""
    programmes = dict.fromkeys(study.programmes, ())
    _, measures = study.measures[study.programmes[0]]
    return attack_of(con, tables, programmes, "disadvantaged", measures)


def attack_of(
    con: duckdb.DuckDBPyConnection,
    released: Mapping[str, pd.DataFrame],
    programmes: Mapping[str, tuple[str, ...]],
    group: str,
    measures: tuple[str, ...],
) -> Attack:
    """The attack on one group's results, from published tables; what is true is read for the judge."""
    cells = con.execute(
        "SELECT school_id, academic_year, pupil_group, measure, n_pupils, n_pupils * mean AS total, variance "
        "FROM mart.outcome WHERE list_contains(?, measure) AND is_local AND NOT is_special "
        "AND value_status = 'value' AND n_pupils > 0 ORDER BY ALL",
        [list(measures)],
    ).df()
    is_share = cells["measure"].isin(SHARES)
    cells.loc[is_share, "total"] = cells.loc[is_share, "total"].round()
    years = tuple(sorted(cells["academic_year"].unique()))
    known = schools_of(con)
    # Who has a result in the outcome year and one before is compared.
    compared = sorted(known.compared[group, measures[0]])
    by_group = dict(list(cells.groupby(["pupil_group", "measure"])))

    def tables(which: str, column: str, missing: float) -> np.ndarray:
        wide = [
            by_group[which, measure]
            .pivot(index="school_id", columns="academic_year", values=column)
            .reindex(index=compared, columns=list(years))
            .fillna(missing)
            for measure in measures
        ]
        return np.array(wide, dtype=float)

    def pupils(which: str) -> Pupils:
        n = tables(which, "n_pupils", 0)
        return Pupils(n[0], n - n[0], tables(which, "total", 0), tables(which, "variance", np.nan))

    truth = pupils(group)
    exposure = np.array(
        [[float(p in known.programmes[school]) for p in programmes] for school in compared]
    )
    comparison = Comparison(
        tuple(compared),
        years,
        programmes,
        group,
        measures,
        exposure,
        truth.more,
        truth.variances,
        pupils(OTHERS[group]),
    )
    facts: dict[tuple[str, str], list[Fact]] = {}
    for (of_group, measure, year, _), published in facts_of(released, known).items():
        if of_group == group and measure in measures and year in years:
            within = [fact for fact in published if fact.schools <= set(compared)]
            facts.setdefault((measure, year), []).extend(within)
    means = _means_drawn(released["school_point"], comparison, truth)
    published = Published(published_estimates(released["impact"], comparison), facts, means)
    attack = Attack(comparison, published, truth)
    _is_right(attack)
    return attack


def _means_drawn(
    points: pd.DataFrame, comparison: Comparison, truth: Pupils
) -> dict[tuple[str, int, str], tuple[float, float]]:
    """The outcome year's means of schools that are drawn as points, and of a single year before."""
    means: dict[tuple[str, int, str], tuple[float, float]] = {}
    year_of = {"outcome_mean": comparison.years[-1]}
    if len(comparison.years) == 2:
        year_of["baseline_mean"] = comparison.years[0]
    for place, measure in enumerate(comparison.measures):
        drawn = points[
            (points["measure"] == measure) & (points["pupil_group"] == comparison.group)
        ].astype(dict.fromkeys(year_of, float))
        half = {column: half_step(drawn[column]) + 1e-9 for column in year_of}
        for s, school in enumerate(comparison.schools):
            own = drawn
            for column, year in year_of.items():
                y = comparison.years.index(year)
                n = truth.n[s, y] + truth.more[place, s, y]
                mean = truth.totals[place, s, y] / max(n, 1)
                own = own[(own[column] - mean).abs() <= half[column]]
            for column, year in year_of.items() if len(own) else ():
                value = float(own[column].iloc[0])
                means[measure, school, year] = (value - half[column], value + half[column])
    return means


def _is_right(attack: Attack) -> None:
    """The truth must do what is published, or the attacker's system is wrong."""
    figures = attack.figures(attack.truth)
    for name, value, (low, high) in zip(
        attack.published.between, figures, attack.published.between.values(), strict=True
    ):
        assert low - 1e-6 <= value <= high + 1e-6, f"{name}: {value} outside {low} to {high}"
