"""Error rates of the headline on simulated schools: the committed table, and the rows nearest to a study.

`make calibrate` (`tests/calibration`) writes `calibration.csv`; nothing is simulated here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.catalogue.impact import CALIBRATION
from pipelines.store.store import row_count

TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class ComparisonSize:
    """Schools in the programme and on both sides, and target pupils per school and outcome year."""

    n_programme_schools: int
    n_schools: int
    n_pupils_a_school: float


@dataclass(frozen=True)
class ErrorRates:
    """Error rates of the methods on simulated schools with one selection rule and a known effect.

    `effect_sd` is in SDs of target pupils. Shares are of draws with an estimate: `false_verdict_share` of
    headline verdicts that the effect contradicts, `better_share` of verdicts "better", `..._rejects_share` of
    95% intervals that exclude zero (false positives, or power).
    """

    selection: str
    effect_sd: float
    false_verdict_share: float
    better_share: float
    bracket_covers_share: float
    ancova_rejects_share: float
    naive_rejects_share: float


def read_table() -> pd.DataFrame:
    """Every scenario's row: the fields of `Scenario` and `Calibration` in `tests/calibration`."""
    return pd.read_csv(TABLE, comment="#")


def n_draws() -> int:
    """Draws per scenario, from the table's first line."""
    first_line = TABLE.read_text(encoding="utf-8").split("\n", 1)[0]
    return int(first_line.split("draws ")[1].split()[0])


def nearest_size(
    table: pd.DataFrame,
    size: ComparisonSize,
    *,
    is_prior_adjusted: bool = False,
    n_outcome_years: int = 1,
) -> ComparisonSize:
    """The simulated size most similar to `size`: least sum of squared log ratios of its three numbers.

    Ratios are used because doubling the schools matters as much at 10 as at 40. Only sizes with estimates
    are considered.
    """
    simulated = [
        ComparisonSize(int(members), int(schools), float(pupils))
        for members, schools, pupils in _plain(table, is_prior_adjusted, n_outcome_years)[
            list(_SIZE_COLUMNS)
        ]
        .drop_duplicates()
        .itertuples(index=False)
    ]
    return min(simulated, key=lambda other: _distance(size, other))


def error_rates(
    table: pd.DataFrame,
    size: ComparisonSize,
    *,
    is_prior_adjusted: bool = False,
    n_outcome_years: int = 1,
) -> tuple[ErrorRates, ...]:
    """The rates at a simulated size, by selection rule and effect, in the table's order."""
    plain = _plain(table, is_prior_adjusted, n_outcome_years)
    is_of_size = pd.Series(True, index=plain.index)
    for column, number in zip(_SIZE_COLUMNS, asdict(size).values(), strict=True):
        is_of_size &= plain[column] == number
    return tuple(
        ErrorRates(
            selection=str(row["selection"]),
            effect_sd=float(row["effect"]),
            **{name: float(row[name]) for name in _SHARES},
        )
        for _, row in plain[is_of_size].iterrows()
    )


def build_calibration(con: duckdb.DuckDBPyConnection) -> int:
    """Fill `impact.calibration` with the nearest rates for each headline that has an estimate."""
    table, draws = read_table(), n_draws()
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
    for (
        programme,
        measure,
        pupil_group,
        is_adjusted,
        n_inside,
        n_all,
        n_pupils,
        n_years,
    ) in headlines:
        size = nearest_size(
            table,
            ComparisonSize(n_inside, n_all, n_pupils / n_years),
            is_prior_adjusted=is_adjusted,
            n_outcome_years=n_years,
        )
        of_headline = {
            "programme": programme,
            "measure": measure,
            "pupil_group": pupil_group,
            "is_prior_adjusted": is_adjusted,
            "n_simulated_outcome_years": outcome_years_simulated(
                table, n_years, is_prior_adjusted=is_adjusted
            ),
            "n_draws": draws,
            **{
                name.replace("n_", "n_simulated_", 1): number
                for name, number in asdict(size).items()
            },
        }
        for rates in error_rates(
            table, size, is_prior_adjusted=is_adjusted, n_outcome_years=n_years
        ):
            values = of_headline | asdict(rates)
            con.execute(
                f"INSERT INTO {CALIBRATION.full_name} ({', '.join(values)}) "
                f"VALUES ({', '.join('?' for _ in values)})",
                list(values.values()),
            )
    return row_count(con, CALIBRATION.full_name)


_SIZE_COLUMNS = ("n_members", "n_schools", "mean_pupils")
_SHARES = tuple(name for name in ErrorRates.__dataclass_fields__ if name.endswith("_share"))


def outcome_years_simulated(
    table: pd.DataFrame, n_outcome_years: int, *, is_prior_adjusted: bool = False
) -> int:
    """The number of outcome years whose rates are those of a study: its own, or the most simulated."""
    of_kind = table[table["is_prior_adjusted"] == is_prior_adjusted]
    return min(n_outcome_years, int(of_kind["n_outcome_years"].max()))


def _plain(table: pd.DataFrame, is_prior_adjusted: bool, n_outcome_years: int) -> pd.DataFrame:
    """Scenarios with one programme, nothing withheld, and at least one estimate."""
    simulated = outcome_years_simulated(table, n_outcome_years, is_prior_adjusted=is_prior_adjusted)
    return table[
        ~table["has_second_programme"]
        & ~table["is_suppressed"]
        & (table["is_prior_adjusted"] == is_prior_adjusted)
        & (table["n_outcome_years"] == simulated)
        & (table["estimate_share"] > 0)
    ]


def _distance(one: ComparisonSize, other: ComparisonSize) -> float:
    pairs = zip(asdict(one).values(), asdict(other).values(), strict=True)
    return sum(math.log(a / b) ** 2 for a, b in pairs)
