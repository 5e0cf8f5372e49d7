"""Real published files with a placebo programme, compared with figures read by hand.

Nothing is tuned to the results: the figures must be those of the files, and the headline must claim no
effect.
"""

import csv
import json
import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from assets.definitions import defs
from tests.evaluated import Evaluated

FILE_OF_YEAR = {
    "2016-17": "2016-850-ks2.csv",
    "2017-18": "2017-850-ks2.csv",
    "2018-19": "2018-850-ks2.csv",
}
# Authority rows: percent of disadvantaged and of other pupils at the expected standard.
AUTHORITY = {"2016-17": (47, 71), "2017-18": (49, 73), "2018-19": (49, 73)}
ROWS_IN = {"2016-17": 331, "2017-18": 331, "2018-19": 334}
DISADVANTAGED = "PTRWM_EXP_FSM6CLA1A"
MAINSTREAM = "1"


@pytest.fixture(scope="session")
def rows_of(real_data: Path) -> dict[str, list[dict[str, str]]]:
    """The files as read by the csv module; short rows are padded with blanks."""
    rows: dict[str, list[dict[str, str]]] = {}
    for year, file in FILE_OF_YEAR.items():
        path = real_data / "hampshire" / file
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows[year] = list(csv.DictReader(lines, restval=""))
    return rows


def working(hampshire: Evaluated, query: str) -> pd.DataFrame:
    with closing(duckdb.connect(str(hampshire.paths.store), read_only=True)) as con:
        return con.execute(query).df()


def laestab(row: dict[str, str]) -> int:
    return int(row["LEA"]) * 10_000 + int(row["ESTAB"])


def percent_of_disadvantaged(rows: list[dict[str, str]]) -> dict[int, int]:
    """Percentages of mainstream schools, by LAESTAB."""
    cells = {laestab(row): row[DISADVANTAGED] for row in rows if row["RECTYPE"] == MAINSTREAM}
    return {school: int(cell[:-1]) for school, cell in cells.items() if re.fullmatch(r"\d+%", cell)}


@pytest.fixture(scope="session")
def figures(rows_of: dict[str, list[dict[str, str]]]) -> dict[str, dict[int, int]]:
    return {year: percent_of_disadvantaged(rows) for year, rows in rows_of.items()}


@pytest.fixture(scope="session")
def candidates(figures: dict[str, dict[int, int]]) -> set[int]:
    return set.intersection(*(set(schools) for schools in figures.values()))


@pytest.fixture(scope="session")
def placebo(figures: dict[str, dict[int, int]], candidates: set[int]) -> set[int]:
    return set(sorted(candidates, key=lambda school: (figures["2017-18"][school], school))[:18])


def test_it_runs_as_quietly_as_the_example(hampshire: Evaluated) -> None:
    assert hampshire.stderr == ""
    assert "Placebo: the 18 lowest schools of 2017-18" in hampshire.stdout
    assert "cannot tell" in hampshire.stdout


@pytest.mark.parametrize("year", FILE_OF_YEAR)
def test_every_row_of_the_file_comes_in(
    hampshire: Evaluated, rows_of: dict[str, list[dict[str, str]]], year: str
) -> None:
    sources = json.loads((hampshire.current / "run.json").read_text(encoding="utf-8"))["rows_in"]
    (source,) = [s for s in sources if s["academic_year"] == year]
    assert source["n_rows_in"] == ROWS_IN[year] == len(rows_of[year])
    assert source["n_rows_kept"] + source["n_rows_set_aside"] == ROWS_IN[year]


@pytest.mark.parametrize("year", FILE_OF_YEAR)
def test_the_authority_s_own_figures(hampshire: Evaluated, year: str) -> None:
    found = working(
        hampshire,
        f"""
        SELECT pupil_group, value FROM raw.published_outcome
        WHERE level = 'authority' AND measure = 'ks2_rwm_expected' AND academic_year = '{year}'
            AND pupil_group IN ('disadvantaged', 'not_disadvantaged')
        """,
    ).set_index("pupil_group")["value"]
    disadvantaged, others = AUTHORITY[year]
    assert found["disadvantaged"] == pytest.approx(disadvantaged / 100)
    assert found["not_disadvantaged"] == pytest.approx(others / 100)
    assert len(found) == 2


@pytest.mark.parametrize("year", FILE_OF_YEAR)
def test_every_supp_is_withheld_and_never_nought(
    hampshire: Evaluated, rows_of: dict[str, list[dict[str, str]]], year: str
) -> None:
    found = working(
        hampshire,
        f"""
        SELECT column_name, raw_text, value_status, value FROM raw.published_outcome
        WHERE academic_year = '{year}'
        """,
    )
    mapped = set(found["column_name"])
    assert DISADVANTAGED in mapped
    in_file = Counter(
        heading
        for row in rows_of[year]
        for heading in mapped
        if (row.get(heading) or "").strip() == "SUPP"
    )
    suppressed = found[found["value_status"] == "suppressed"]
    assert Counter(suppressed["column_name"]) == in_file
    assert in_file[DISADVANTAGED] > 50
    assert suppressed["value"].isna().all()
    assert set(suppressed["raw_text"]) == {"SUPP"}
    noughts = found[found["value"] == 0]
    assert set(noughts["raw_text"]) <= {"0%", "0", "0.0", "0.00", "-0.0"}


@pytest.mark.parametrize("year", FILE_OF_YEAR)
def test_each_school_s_figure_is_the_file_s(
    hampshire: Evaluated, figures: dict[str, dict[int, int]], year: str
) -> None:
    found = working(
        hampshire,
        f"""
        SELECT laestab, value FROM raw.published_outcome
        WHERE level = 'mainstream_school' AND column_name = '{DISADVANTAGED}'
            AND academic_year = '{year}' AND value_status = 'value'
        """,
    )
    read = {int(school): round(100 * value) for school, value in found.itertuples(index=False)}
    assert read == figures[year]


def test_the_placebo_s_schools_are_those_of_the_rule(
    hampshire: Evaluated, candidates: set[int], placebo: set[int]
) -> None:
    assert len(candidates) == 157
    found = working(
        hampshire,
        "SELECT DISTINCT school_id, laestab FROM mart.programme_school "
        "JOIN mart.school_urn USING (school_id) WHERE programme = 'placebo' AND laestab IS NOT NULL",
    )
    assert set(found["laestab"]) == placebo
    assert found["school_id"].nunique() == len(placebo) == 18


def test_the_naive_change_claims_what_the_headline_does_not(hampshire: Evaluated) -> None:
    with closing(duckdb.connect(str(hampshire.current / "released.duckdb"), read_only=True)) as con:
        impact = con.execute("SELECT * FROM released.impact WHERE programme = 'placebo'").df()
    (naive,) = impact[impact["role"] == "naive"].itertuples()
    (headline,) = impact[impact["role"] == "headline"].itertuples()
    # The files give about 25 points; a range, because weights and rounding depend on the method.
    assert 0.20 < naive.estimate_low == naive.estimate_high < 0.30
    assert pd.isna(naive.p_value)
    assert pd.isna(naive.verdict)
    assert headline.verdict == "cannot_tell"
    assert headline.verdict_reason
    assert headline.ci_low < 0 < headline.ci_high
    assert headline.n_programme_schools == 18
    assert headline.n_comparison_schools > 100


def test_the_page_says_there_was_no_programme(hampshire: Evaluated) -> None:
    for page in hampshire.pages().values():
        assert "no such programme existed" in page.casefold()
    titles = [
        json.loads(path.read_text(encoding="utf-8"))["title"]
        for path in (hampshire.current / "charts").glob("*.json")
    ]
    assert len(titles) > 4
    assert [title for title in titles if not title.startswith("No programme existed")] == []


def test_no_school_of_the_placebo_is_named(
    hampshire: Evaluated, rows_of: dict[str, list[dict[str, str]]], placebo: set[int]
) -> None:
    rows = [row for year_rows in rows_of.values() for row in year_rows if row["ESTAB"]]
    chosen = [row for row in rows if row["RECTYPE"] == MAINSTREAM and laestab(row) in placebo]
    marks = {mark for row in chosen for mark in (row["SCHNAME"], row["URN"], str(laestab(row)))}
    assert len(marks) >= 3 * len(placebo)
    public = [
        *(hampshire.current / "released").glob("*.csv"),
        *(hampshire.current / "charts").glob("*.csv"),
        *(hampshire.current / "charts").glob("*.json"),
        *(hampshire.current / "board").glob("*.html"),
    ]
    assert len(public) > 20
    for path in public:
        text = path.read_text(encoding="utf-8")
        named = {m for m in marks if re.search(rf"(?<![\w.]){re.escape(m)}(?!\w)", text)}
        assert named == set(), path.name


def test_it_is_the_same_graph(hampshire: Evaluated) -> None:
    lines = [line for line in hampshire.stdout.splitlines() if line.endswith(" s")]
    assert len(lines) == len(defs.resolve_asset_graph().get_all_asset_keys())


def test_nothing_made_of_published_tables_is_withheld_but_points_of_single_schools(
    hampshire: Evaluated,
) -> None:
    withheld = pd.read_csv(hampshire.current / "released" / "withheld.csv")
    n_withheld = withheld.set_index("released_table")["n_withheld"]
    assert set(n_withheld[n_withheld > 0].index) <= {"school_point"}
    impact = pd.read_csv(hampshire.current / "released" / "impact.csv")
    assert set(impact["figure_status"]) <= {"shown", "not_available"}
    counts = ["n_programme_schools", "n_comparison_schools", "n_comparison_pupils"]
    assert impact.loc[impact["estimate_low"].notna(), counts].notna().all(axis=None)
