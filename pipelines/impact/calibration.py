"""Error rates of the headline on simulated schools: the committed table, and the rows nearest to a study.

`make calibrate` (`tests/calibration`) writes `calibration.csv`; nothing is simulated here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.catalogue.impact import CALIBRATION
from pipelines.store.store import row_count
from pipelines.study.measures import MEASURES

TABLE = Path(__file__).with_suffix(".csv")

# How much a school's years vary about its lasting level, beyond chance, in SDs of pupils: within authorities
# of England, 2016 to 2018, progress at Key Stage 2 0.24 to 0.29 and shares who meet a standard 0.12 to 0.16
# (`tests/real/test_passing_variation.py`).
PASSING_SD = 0.12
PROGRESS_PASSING_SD = 0.27


@dataclass(frozen=True)
class ComparisonSize:
    """Schools in the programme and on both sides, and target pupils per school and outcome year."""

    n_programme_schools: int
    n_schools: int
    n_pupils_a_school: float


@dataclass(frozen=True)
class Comparison:
    """What a simulated comparison shares with a headline besides its size.

    `is_progress`: a school's results vary between years as progress at Key Stage 2 does.
    """

    is_prior_adjusted: bool = False
    is_progress: bool = False
    n_outcome_years: int = 1


@dataclass(frozen=True)
class ErrorRates:
    """Error rates of the methods on simulated schools with one selection rule and a known effect.

    `effect_sd` is in SDs of target pupils. Shares are of draws with an estimate: `false_verdict_share` of
    headline verdicts that the effect contradicts, `better_share` of verdicts "better", `..._rejects_share` of
    95% intervals that exclude zero (false positives, or power).
    """

    selection: str
    effect_sd: float
    n_draws: int
    false_verdict_share: float
    better_share: float
    bracket_covers_share: float
    ancova_rejects_share: float
    naive_rejects_share: float


def read_table() -> pd.DataFrame:
    """Every scenario's row: the fields of `Scenario` and `Calibration` in `tests/calibration`."""
    return pd.read_csv(TABLE, comment="#")


def nearest_size(
    table: pd.DataFrame, size: ComparisonSize, comparison: Comparison = Comparison()
) -> ComparisonSize:
    """The simulated size most similar to `size`: least sum of squared log ratios of its three numbers.

    Ratios are used because doubling the schools matters as much at 10 as at 40. Only sizes with estimates
    are considered.
    """
    simulated = [
        ComparisonSize(int(members), int(schools), float(pupils))
        for members, schools, pupils in like(table, comparison)[list(_SIZE_COLUMNS)]
        .drop_duplicates()
        .itertuples(index=False)
    ]
    return min(simulated, key=lambda other: _distance(size, other))


def error_rates(
    table: pd.DataFrame, size: ComparisonSize, comparison: Comparison = Comparison()
) -> tuple[ErrorRates, ...]:
    """The rates at a simulated size, by selection rule and effect, in the table's order."""
    plain = like(table, comparison)
    is_of_size = pd.Series(True, index=plain.index)
    for column, number in zip(_SIZE_COLUMNS, asdict(size).values(), strict=True):
        is_of_size &= plain[column] == number
    return tuple(
        ErrorRates(
            selection=str(row["selection"]),
            effect_sd=float(row["effect"]),
            n_draws=int(row["n_draws"]),
            **{name: float(row[name]) for name in _SHARES},
        )
        for _, row in plain[is_of_size].iterrows()
    )


def build_calibration(con: duckdb.DuckDBPyConnection) -> int:
    """Fill `impact.calibration` with the nearest rates for each headline that has an estimate."""
    table = read_table()
    headlines = con.execute(
        "SELECT programme, measure, pupil_group, asked.is_prior_adjusted, n_programme_schools, "
        "n_programme_schools + n_comparison_schools AS n_schools, "
        "(n_programme_pupils + n_comparison_pupils) / n_schools AS n_pupils_a_school, "
        "(SELECT count(DISTINCT academic_year) FROM mart.outcome AS outcome "
        "WHERE is_outcome AND value_status = 'value' AND outcome.measure = estimate.measure "
        "AND outcome.pupil_group = estimate.pupil_group) AS n_years "
        "FROM impact.estimate AS estimate "
        "JOIN protocol.programme_measure AS asked USING (programme, measure) "
        "WHERE role = 'headline' AND estimate_low IS NOT NULL ORDER BY estimate.rowid"
    ).fetchall()
    con.execute(CALIBRATION.ddl())
    for programme, measure, group, is_adjusted, n_inside, n_all, n_pupils, n_years in headlines:
        comparison = simulated_comparison(
            table, Comparison(is_adjusted, varies_as_progress(measure), n_years)
        )
        size = nearest_size(table, ComparisonSize(n_inside, n_all, n_pupils / n_years), comparison)
        of_headline = {
            "programme": programme,
            "measure": measure,
            "pupil_group": group,
            "is_prior_adjusted": comparison.is_prior_adjusted,
            "is_progress": comparison.is_progress,
            "n_simulated_outcome_years": comparison.n_outcome_years,
            **{
                name.replace("n_", "n_simulated_", 1): number
                for name, number in asdict(size).items()
            },
        }
        for rates in error_rates(table, size, comparison):
            values = of_headline | asdict(rates)
            con.execute(
                f"INSERT INTO {CALIBRATION.full_name} ({', '.join(values)}) "
                f"VALUES ({', '.join('?' for _ in values)})",
                list(values.values()),
            )
    return row_count(con, CALIBRATION.full_name)


def varies_as_progress(measure: str) -> bool:
    """Whether a school's years vary as much as progress at Key Stage 2; a study's own measure does not."""
    known = MEASURES.get(measure)
    return known is not None and known.key_stage == "ks2" and known.is_prior_adjusted


def simulated_comparison(table: pd.DataFrame, comparison: Comparison) -> Comparison:
    """The simulated comparison nearest to a headline's: of more years than were simulated, the most.

    Results adjusted for prior attainment were simulated with years that vary as attainment does.
    """
    of_kind = replace(
        comparison, is_progress=comparison.is_progress and not comparison.is_prior_adjusted
    )
    most = int(_of_kind(table, of_kind)["n_outcome_years"].max())
    return replace(of_kind, n_outcome_years=min(comparison.n_outcome_years, most))


def like(table: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Scenarios as a comparison's: the usual world, one programme, nothing withheld, some estimate."""
    of_kind = _of_kind(table, comparison)
    return of_kind[
        (of_kind["n_outcome_years"] == comparison.n_outcome_years) & (of_kind["estimate_share"] > 0)
    ]


_SIZE_COLUMNS = ("n_members", "n_schools", "mean_pupils")
_SHARES = tuple(name for name in ErrorRates.__dataclass_fields__ if name.endswith("_share"))


def _of_kind(table: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    passing_sd = PROGRESS_PASSING_SD if comparison.is_progress else PASSING_SD
    return table[
        ~table["has_second_programme"]
        & ~table["is_suppressed"]
        & (table["world"] == "usual")
        & (table["is_prior_adjusted"] == comparison.is_prior_adjusted)
        & (table["passing_sd"] == passing_sd)
    ]


def _distance(one: ComparisonSize, other: ComparisonSize) -> float:
    pairs = zip(asdict(one).values(), asdict(other).values(), strict=True)
    return sum(math.log(a / b) ** 2 for a, b in pairs)
