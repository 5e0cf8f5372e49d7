"""No school's few pupils can be worked back from the estimates, by somebody who runs the program backwards.

`estimates` says who that is. Judged is what estimates add: bounds that sums of pupils give already are
`test_attack`'s. A school's number below the minimum may be anything from one up to it, and whether none or
all of its pupils met the standard stays open.

That is not so of every study. Where two programmes have one group, a single baseline year and 16 or 18
schools, 4 of 16 studies tried left a school of one pupil bounded more closely; of 8 with 24 schools, and of 8
with two baseline years, none did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import chain, islice

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipelines.disclosure import door
from pipelines.paths import EXAMPLE
from pipelines.released import read_published
from pipelines.study_file import load_study
from tests.disclosure.attacker import facts_of
from tests.disclosure.estimates import Attack, Comparison, Published, published_estimates
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
# Schools, years and programmes: as few of each as still give a headline, and more.
SIZES = ((12, 2, 1), (14, 3, 1), (16, 2, 2), (18, 3, 2), (21, 2, 2), (30, 3, 2))


def found_by(attack: Attack) -> list[str]:
    """What is known too well with the estimates, and without them is not."""
    found = []
    n, met = np.split(attack.truth, 2)
    for place, (school, year) in enumerate(attack.places):
        if n[place] < MINIMUM and _is_close(attack, place, n[place]):
            found.append(f"{school} {year}: {n[place]:.0f} pupils")
        share = attack.n_cells + place
        if n[place] < SMALL_GROUP and met[place] in {0, n[place]} and _is_told(attack, share):
            found.append(f"{school} {year}: {met[place]:.0f} of {n[place]:.0f} met it")
    return found


def _is_close(attack: Attack, place: int, truth: float) -> bool:
    assert truth > 0
    (least, most), silent = (attack.bounds(place, with_estimates=w) for w in (True, False))
    is_open_without = silent[0] < 1.01 and silent[1] > MINIMUM - 1.01
    return is_open_without and not (least < 1.01 and most > MINIMUM - 1.01)


def _is_told(attack: Attack, place: int) -> bool:
    (least, most), silent = (attack.bounds(place, with_estimates=w) for w in (True, False))
    return silent[1] - silent[0] > 0.99 and not most - least > 0.99


@pytest.mark.parametrize(("n_schools", "n_years", "n_programmes"), SIZES)
def test_no_school_is_worked_back_in_a_small_study(
    n_schools: int, n_years: int, n_programmes: int
) -> None:
    n_attacked = 0
    for con, study in islice(with_headlines(n_schools, n_years, n_programmes), 2):
        door.release(con, MINIMUM)
        assert found_by(of_invented(con, study, tables_of(con))) == []
        n_attacked += 1
    assert n_attacked == 2


def test_estimates_with_all_their_decimals_and_intervals_would_tell() -> None:
    """The attack is one: what the door takes from the estimates is what it lives by."""
    for con, study in chain.from_iterable(with_headlines(*size) for size in SIZES[:3]):
        door.release(con, MINIMUM)
        as_made = {"impact": con.execute("FROM impact.estimate").df()}
        if found_by(of_invented(con, study, tables_of(con) | as_made)):
            return
    pytest.fail("nothing was found")


def test_no_school_of_the_example_is_worked_back(
    example: Evaluated, record_property: Callable[[str, object], None]
) -> None:
    study = load_study(EXAMPLE)
    (send,) = (p for p in study.evaluated_programmes if p.id == "send")
    years = (*study.study.baseline_years, study.study.outcome_year)
    with closing(duckdb.connect(str(example.current / "restricted.duckdb"), read_only=True)) as con:
        attack = attack_of(
            con,
            read_published(example.current / "released.duckdb"),
            {p.id: p.selection_years for p in study.evaluated_programmes},
            years,
            str(send.target_group),
        )
    assert len(attack.published.between) > 20
    assert found_by(attack) == []
    record_property(
        "said",
        f"The attacker who runs the estimators backwards, example study: {attack.n_cells} numbers of pupils "
        f"of schools against {len(attack.published.between)} estimates, worked back: 0",
    )


# -------------------------------------------------------------------------------------------- how it is done


def small_study(seed: int, n_schools: int, n_years: int, n_programmes: int) -> Invented:
    """Half of the schools in each programme; one to nine target pupils a school, and their others."""
    draw = np.random.default_rng(seed)
    ids = 7990000 + np.arange(n_schools)
    programmes = ["gap", "more"][:n_programmes]
    size, chance = draw.uniform(2, 9, n_schools), draw.normal(0.45, 0.15, n_schools).clip(0.1, 0.9)
    rows = []
    for school, mean, p in zip(ids, size, chance, strict=True):
        for year in YEARS[-n_years:]:
            for group, n in (
                ("disadvantaged", max(int(draw.poisson(mean)), 1)),
                ("not_disadvantaged", int(draw.poisson(15)) + 5),
            ):
                met = int(draw.binomial(n, p if group == "disadvantaged" else 0.65))
                rows.append(cell(int(school), year, group, SHARE, n, mean=met / n))
    members = [
        {"programme": programme, "school_id": int(school)}
        for programme in programmes
        for school in draw.permutation(ids)[: n_schools // 2]
    ]
    schools = pd.DataFrame({"school_id": ids, "is_special": False})
    return Invented(programmes, pd.DataFrame(members), schools, pd.DataFrame(rows))


def with_headlines(
    n_schools: int, n_years: int, n_programmes: int
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Invented]]:
    """Studies of a size in which every programme has a headline: few schools often give none."""
    for seed in range(100, 140):
        study = small_study(seed, n_schools, n_years, n_programmes)
        with study.store(is_estimated=True) as con:
            if _has_headlines(con, n_programmes):
                yield con, study


def _has_headlines(con: duckdb.DuckDBPyConnection, n_programmes: int) -> bool:
    found = con.execute(
        "SELECT count(*) FROM impact.estimate "
        "WHERE role = 'headline' AND measure = ? AND estimate_low IS NOT NULL",
        [SHARE],
    ).fetchone()
    return found == (n_programmes,)


def of_invented(
    con: duckdb.DuckDBPyConnection, study: Invented, tables: Mapping[str, pd.DataFrame]
) -> Attack:
    """The attack on what was published of an invented study."""
    years = tuple(sorted(study.cells["academic_year"].unique()))
    return attack_of(con, tables, dict.fromkeys(study.programmes, ()), years, "disadvantaged")


def attack_of(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, pd.DataFrame],
    programmes: Mapping[str, tuple[str, ...]],
    years: tuple[str, ...],
    group: str,
) -> Attack:
    """The attack on the share of one group, from published tables; what is true is read for the judge."""
    cells = con.execute(
        "SELECT school_id, academic_year, pupil_group, n_pupils, round(n_pupils * mean) AS n_meeting "
        "FROM mart.outcome WHERE measure = ? AND is_local AND NOT is_special AND value_status = 'value' "
        "AND n_pupils > 0 ORDER BY ALL",
        [SHARE],
    ).df()
    known = schools_of(con)
    # Who has a result in the outcome year and one before is compared.
    compared = sorted(known.compared[group, SHARE])
    n, met, other_n, other_met = (
        cells[cells["pupil_group"] == which]
        .pivot(index="school_id", columns="academic_year", values=column)
        .reindex(index=compared, columns=list(years))
        .fillna(0.0)
        .to_numpy(dtype=float)
        for which in (group, OTHERS[group])
        for column in ("n_pupils", "n_meeting")
    )
    exposure = np.array(
        [[float(p in known.programmes[school]) for p in programmes] for school in compared]
    )
    comparison = Comparison(
        tuple(compared), years, programmes, group, SHARE, exposure, other_n, other_met
    )
    published = Published(
        published_estimates(tables["impact"], comparison),
        {
            year: [
                fact
                for key, facts in facts_of(tables, known).items()
                if key[:3] == (group, SHARE, year)
                for fact in facts
                if fact.schools <= set(compared)
            ]
            for year in years
        },
    )
    attack = Attack(comparison, published, (n, met))
    _is_right(attack)
    return attack


def _is_right(attack: Attack) -> None:
    """The truth must do what is published, or the attacker's system is wrong."""
    figures = attack.figures(attack.truth)
    for name, value, (low, high) in zip(
        attack.published.between, figures, attack.published.between.values(), strict=True
    ):
        assert low - 1e-6 <= value <= high + 1e-6, f"{name}: {value} outside {low} to {high}"
