"""No school's few pupils can be worked back from the figures, by somebody who runs the program backwards.

`estimates` says who that is. Judged is what estimates, ranges, balance and attrition add: bounds that sums
of pupils give already are `test_attack`'s. A school's number below the minimum may be anything from one up
to it, and whether none or all of its pupils met the standard stays open.

Which studies keep how many of their figures is the rule of `pipelines/disclosure/restricted/bearable.sql`.
Sizes here are those that have just enough: for a headline, for other methods, for their intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import islice

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from pipelines.disclosure import door
from pipelines.measures import MEASURES
from pipelines.paths import EXAMPLE
from pipelines.released import read_published
from pipelines.study_file import load_study
from tests.disclosure.attacked import attack_of
from tests.disclosure.attacker import SHARES
from tests.disclosure.estimates import Attack
from tests.disclosure.invented import MINIMUM, SHARE, YEARS, Invented, cell, tables_of
from tests.disclosure.worlds import FloatArray
from tests.evaluated import Evaluated

SMALL_GROUP = 5 * MINIMUM

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
        if n[place] < MINIMUM and _adds(attack, [place], _is_open):
            found.append(f"{school} {year}: {n[place]:.0f} pupils")
        for measure in SHARES & set(attack.comparison.measures):
            total = attack.total_at(measure, place)
            met = attack.truth[total]
            is_telling = n[place] < SMALL_GROUP and met in {0, n[place]}
            if is_telling and _adds(attack, [total], partial(_is_wide, least=1)):
                found.append(f"{school} {year}: {met:.0f} of {n[place]:.0f} met it")
    return found + _found_in_tables(attack)


def _found_in_tables(attack: Attack) -> list[str]:
    """Of the figures that tables withhold: few pupils may be any few, others must stay five wide."""
    found = []
    for (measure, year), facts in attack.published.facts.items():
        for fact in (fact for fact in facts if fact.n_pupils is None):
            cells = attack.cells_of(fact.schools, year)
            n = attack.truth[cells].sum()
            if _adds(attack, cells, _is_open if n < MINIMUM else _is_wide):
                found.append(f"{fact.what} {measure} {year}: {n:.0f} pupils")
            totals = [attack.total_at(measure, place) for place in cells]
            if measure in SHARES and _adds(attack, totals, _is_wide):
                found.append(
                    f"{fact.what} {measure} {year}: {attack.truth[totals].sum():.0f} met it"
                )
    return found


def _adds(
    attack: Attack, targets: Sequence[int], is_safe: Callable[[tuple[float, float]], bool]
) -> bool:
    """Whether estimates close in on what sums leave open."""
    return not is_safe(attack.bounds(*targets)) and is_safe(attack.bounds(*targets, is_silent=True))


def _is_open(bounds: tuple[float, float]) -> bool:
    return bounds[0] < 1.01 and bounds[1] > MINIMUM - 1.01


def _is_wide(bounds: tuple[float, float], least: int = MINIMUM - 1) -> bool:
    return bounds[1] - bounds[0] > least - 0.01


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


@pytest.mark.parametrize(
    ("size", "table", "as_made"),
    [
        ((16, 2, 2), "impact", "FROM impact.estimate"),
        (
            (36, 2, 3),
            "comparison",
            "SELECT shown.* REPLACE (round(made.ci_low, 2) AS ci_low, round(made.ci_high, 2) AS ci_high) "
            "FROM released.comparison AS shown JOIN impact.comparison AS made "
            "USING (programme, arm, pupil_group, measure, academic_year, release_status)",
        ),
    ],
    ids=["estimates with all their decimals and intervals", "ranges of a few schools' averages"],
)
def test_what_the_door_takes_away_would_tell(
    size: tuple[int, int, int], table: str, as_made: str
) -> None:
    """The attack is one: what is not released is what it lives by."""
    for con, study in with_headlines(*size):
        door.release(con, MINIMUM)
        made = {table: con.execute(as_made).df()}
        if found_by(of_invented(con, study, tables_of(con) | made)):
            return
    pytest.fail("nothing was found")


@pytest.mark.parametrize(
    ("group", "key_stage", "least_figures_a_measure"),
    [
        ("sen_support", "ks2", 80),
        ("disadvantaged", "ks2", 80),
        # No estimates, and ranges of no fewer than ten schools.
        ("sen_support", "ks4", 15),
        ("disadvantaged", "ks4", 15),
    ],
)
def test_no_school_of_the_example_is_worked_back(
    example: Evaluated,
    record_property: Callable[[str, object], None],
    group: str,
    key_stage: str,
    least_figures_a_measure: int,
) -> None:
    """From all that is told of a group's pupils at once, by every measure that has results."""
    study = load_study(EXAMPLE)
    asked = dict.fromkeys(
        measure.name
        for programme in study.evaluated_programmes
        if programme.target_group == group
        for measure in programme.measure
    )
    with closing(
        duckdb.connect(str(example.paths.restricted_current / "restricted.duckdb"), read_only=True)
    ) as con:
        with_result = {
            row[0]
            for row in con.execute(
                "SELECT DISTINCT measure FROM mart.outcome WHERE is_outcome AND n_pupils > 0"
            ).fetchall()
        }
        measures = tuple(
            name for name in asked if MEASURES[name].key_stage == key_stage and name in with_result
        )
        released = read_published(example.current / "released.duckdb")
        attack = attack_of(con, released, study, group, measures)
    assert len(attack.published.between) > least_figures_a_measure * len(measures)
    assert found_by(attack) == []
    record_property(
        "said",
        f"The attacker who runs the estimators backwards, example study, {group} at {key_stage}: "
        f"{attack.n_cells} numbers of pupils of schools against {len(attack.published.between)} figures "
        f"of {len(measures)} measures, worked back: 0",
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
    rows, moments = [], []
    for school, mean, p in zip(ids, size, chance, strict=True):
        for year in YEARS[-n_years:]:
            n = max(int(draw.poisson(mean)), 1)
            x, y = _pupils(draw, n, p, measures)
            x_others, y_others = _pupils(draw, int(draw.poisson(15)) + 5, 0.65, measures)
            for group, prior, outcome in (
                ("disadvantaged", x, y),
                ("not_disadvantaged", x_others, y_others),
                ("all", np.append(x, x_others), np.hstack([y, y_others])),
            ):
                for measure, got in zip(measures, outcome, strict=True):
                    made = cell(int(school), year, group, measure, got.size, mean=float(got.mean()))
                    spread = float(got.var(ddof=1)) if got.size > 1 else np.nan
                    rows.append(made | {"variance": spread})
                    moments.append(made | _moments(prior, got))
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
        moments=pd.DataFrame(moments),
        is_prior_adjusted=bool(seed % 2),
    )


def _pupils(
    draw: np.random.Generator, n: int, chance: float, measures: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """What pupils had attained before, not known of one in ten, and by measure (M, n) what they get."""
    prior = draw.normal(size=n)
    got = np.empty((len(measures), n))
    for place, measure in enumerate(measures):
        ability = 0.7 * prior + 0.7 * draw.normal(size=n)
        got[place] = (
            ability > -ndtri(chance) if measure in SHARES else 4 * (chance - 0.5) + 6 * ability
        )
    return np.where(draw.random(n) < 0.1, np.nan, 16 + 3 * prior), got


def _moments(prior: FloatArray, got: FloatArray) -> dict[str, float]:
    """The sums of `mart.pupil_moment`."""
    has = np.isfinite(prior)
    x, y, without = prior[has], got[has], got[~has]
    return {
        "n_pupils": x.size,
        "sum_y": y.sum(),
        "sum_yy": (y**2).sum(),
        "sum_x": x.sum(),
        "sum_xx": (x**2).sum(),
        "sum_xy": (x * y).sum(),
        "n_without_prior": without.size,
        "sum_y_without_prior": without.sum(),
        "sum_yy_without_prior": (without**2).sum(),
    }


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
    _, measures = study.measures[study.programmes[0]]
    return attack_of(con, tables, study.settings, "disadvantaged", measures)
