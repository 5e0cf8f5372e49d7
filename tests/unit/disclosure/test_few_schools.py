"""How many estimates are shown of few schools: all, those without intervals, the headlines alone, or none."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from pipelines import wording
from pipelines.disclosure import door
from pipelines.disclosure.published_verdict import PublishedVerdict
from tests.disclosure.invented import MINIMUM, SHARE, YEARS, Invented, cell

REASON = wording.WITHHELD_REASONS["few_schools"]


def study_of(
    n_schools: int, n_pupils: int = 20, programmes: tuple[str, ...] = ("gap",)
) -> Invented:
    """Schools with as many pupils every year, half of whom met it; half of the schools in each programme."""
    ids = range(7990000, 7990000 + n_schools)
    cells = [
        cell(school, year, "disadvantaged", SHARE, n_pupils, mean=0.5)
        for school in ids
        for year in YEARS[-2:]
    ]
    members = [{"programme": p, "school_id": s} for p in programmes for s in ids if s % 2]
    return Invented(
        list(programmes),
        pd.DataFrame(members),
        pd.DataFrame([{"school_id": school, "is_special": False} for school in ids]),
        pd.DataFrame(cells),
        measures=dict.fromkeys(programmes, ("disadvantaged", (SHARE,))),
    )


def released(con: duckdb.DuckDBPyConnection, n_methods: int = 0) -> pd.DataFrame:
    """The released estimates of the share, with other methods planted beside the headline.

    Each gives three figures: its estimate's two ends, and how wide its interval is.
    """
    con.execute(
        "INSERT INTO impact.estimate BY NAME SELECT * EXCLUDE (range) REPLACE ('ancova' AS estimator, "
        "'robustness' AS role, 0.0 AS ci_low, 1.0 AS ci_high, 0.5 AS p_value, 0.3 AS mde) "
        "FROM impact.estimate, range(?)",
        [n_methods],
    )
    door.release(con, MINIMUM)
    return con.execute("FROM released.impact").df()


@pytest.mark.parametrize(
    ("n_pupils", "n_methods", "withheld"),
    [
        # 20 schools that are drawn as points, two years: 40 numbers of pupils. The headline has two figures.
        (20, 2, None),
        (20, 3, "interval"),
        (20, 4, "interval"),
        (20, 5, "estimate"),
        # None is drawn: what each of the 20 got is not known either, and 20 figures may be shown.
        (5, 6, None),
        (5, 7, "interval"),
        (5, 9, "interval"),
        (5, 10, "estimate"),
    ],
)
def test_figures_are_at_most_a_quarter_of_what_they_are_made_of(
    n_pupils: int, n_methods: int, withheld: str | None
) -> None:
    with study_of(20, n_pupils).store() as con:
        found = released(con, n_methods)
        said = con.execute(
            "SELECT n_shown, n_withheld FROM released.withheld WHERE released_table = 'impact'"
        ).fetchall()
    assert said == [(len(found), 0) if withheld is None else (1, n_methods)]
    headline, others = found[found["role"] == "headline"], found[found["role"] != "headline"]
    assert headline["withheld"].isna().all()
    assert headline["estimate_low"].notna().all()
    assert set(others["withheld"].where(others["withheld"].notna(), None)) == {withheld}
    with_interval = ["ci_low", "ci_high", "p_value", "mde"]
    assert others[with_interval].notna().all(axis=None) == (withheld is None)
    assert others[with_interval].isna().all(axis=None) == (withheld is not None)
    assert others["estimate_low"].isna().all() == (withheld == "estimate")
    if withheld == "estimate":
        assert set(others["verdict_reason"]) == {REASON}


@pytest.mark.parametrize(
    ("n_schools", "programmes", "is_withheld"),
    [
        (12, ("gap",), False),
        (11, ("gap",), True),
        (24, ("gap", "more"), False),
        (23, ("gap", "more"), True),
    ],
)
def test_fewer_than_twelve_schools_a_programme_leave_no_estimate(
    n_schools: int, programmes: tuple[str, ...], is_withheld: bool
) -> None:
    with study_of(n_schools, programmes=programmes).store() as con:
        con.execute("UPDATE impact.estimate SET verdict = 'worse', verdict_reason = 'all alike'")
        found = released(con)
        counts = ["n_programme_schools", "n_comparison_schools"]
        assert found[[*counts, "n_programme_pupils"]].notna().all(axis=None)
    assert found["estimate_low"].isna().all() == is_withheld
    told = {("cannot_tell", REASON, "estimate")} if is_withheld else {("worse", "all alike", None)}
    rows = found[["verdict", "verdict_reason", "withheld"]]
    assert set(rows.astype(object).where(rows.notna(), None).itertuples(index=False)) == told


@pytest.mark.parametrize("n_schools", [11, 12])
def test_what_is_withheld_is_not_told_as_a_change_either(n_schools: int) -> None:
    with study_of(n_schools).store() as con:
        con.execute("UPDATE impact.estimate SET verdict = 'worse', verdict_reason = 'all alike'")
        before = PublishedVerdict(
            pd.Timestamp("2018-10-02").date(),
            "gap",
            SHARE,
            "disadvantaged",
            YEARS[-1],
            "final",
            "better",
        )
        door.release(con, MINIMUM, published_verdicts=[before])
        found = con.execute("SELECT verdict_after FROM released.verdict_change").fetchall()
    assert found == ([] if n_schools == 11 else [("worse",)])
