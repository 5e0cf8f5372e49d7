"""2,000 placebo programmes on Hampshire's real results: how often each method claims an effect.

`python -m tests.real.placebos` writes `placebos.csv` in this folder, and with one earlier year and two
outcome years `placebos_two_years.csv`. All draws share their outcome years and are not independent, so this
illustrates the calibration and does not replace it. Nothing is tuned to the results.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines import marts
from pipelines.catalogue import MART_TABLES, RAW_TABLES
from pipelines.impact.cells import panel_from_cells
from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.panel import SchoolPanel
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import sources_sha256
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from pipelines.study.measures import MEASURES
from pipelines.study.paths import StudyPaths

FOLDER = Path(__file__).parent
TABLE = FOLDER / "placebos.csv"
TWO_YEARS = FOLDER / "placebos_two_years.csv"
# Earlier and outcome years.
Design = tuple[tuple[str, ...], tuple[str, ...]]
DESIGNS: dict[Path, Design] = {
    TABLE: (("2016-17", "2017-18"), ("2018-19",)),
    TWO_YEARS: (("2016-17",), ("2017-18", "2018-19")),
}
MEASURE = "ks2_rwm_expected"
N_SCHOOLS, N_LOWEST, N_DRAWS, SEED = 18, 40, 2000, 20181002
COLUMNS = (
    *("drawn_from", "n_draws", "naive_claims", "leaving_out_claims", "ancova_claims"),
    *("change_claims", "bracket_claims", "verdicts", "mean_naive_points"),
)


def panels(design: Design) -> tuple[SchoolPanel, SchoolPanel]:
    """Disadvantaged and all pupils of mainstream schools with a figure in all three years."""
    baseline_years, outcome_years = design
    study = load_study(FOLDER / "hampshire")
    with (
        tempfile.TemporaryDirectory() as scratch,
        store.connect(StudyPaths(Path(scratch), study.name)) as con,
    ):
        write_protocol(con, study, sources_sha256(study))
        for table in RAW_TABLES:
            ingest_table(con, study, table)
        for table in MART_TABLES:
            marts.build(con, table)
        outcome = con.execute("SELECT * FROM mart.outcome WHERE is_compared_kind").df()
        membership = con.execute("SELECT programme, school_id FROM mart.programme_school").df()

    def panel(group: str) -> SchoolPanel:
        return panel_from_cells(
            outcome,
            membership,
            programmes=["placebo"],
            measure=MEASURES[MEASURE],
            pupil_group=group,
            baseline_years=baseline_years,
            outcome_years=outcome_years,
        )

    target = panel("disadvantaged")
    complete = target.school_ids[np.isfinite(target.mean).all(axis=1)]
    outcome = outcome[outcome["school_id"].isin(complete)]
    return panel("disadvantaged"), panel("all")


def pools(target: SchoolPanel, everyone: SchoolPanel) -> dict[str, NDArray[np.int64]]:
    """The schools (panel rows) from which placebos are drawn; ties go to the lower LAESTAB."""
    if not np.array_equal(target.school_ids, everyone.school_ids):
        raise ValueError("the two panels are not of the same schools")

    def lowest(score: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.lexsort((target.school_ids, score))[:N_LOWEST]

    before = len(target.baseline_years)
    found = {
        "all schools": np.arange(target.n_schools),
        "the 40 lowest last year": lowest(target.mean[:, before - 1]),
        "the 40 lowest on the mean": lowest(target.mean[:, :before].mean(axis=1)),
        "the 40 lowest two years ago": lowest(target.mean[:, 0]),
        "the 40 lowest on all pupils' results": lowest(everyone.mean[:, :before].mean(axis=1)),
    }
    # With one earlier year, that is last year, the mean and the first.
    same = ("the 40 lowest on the mean", "the 40 lowest two years ago") if before == 1 else ()
    return {name: pool for name, pool in found.items() if name not in same}


def rows(n_draws: int = N_DRAWS, design: Design = DESIGNS[TABLE]) -> Iterator[dict[str, object]]:
    """One row per pool: shares of draws in which a method's 95% interval excludes zero.

    Blank where a method is not computable: with one earlier year, none is left once that year is left out.
    """
    target, everyone = panels(design)
    random = np.random.default_rng(SEED)
    last_year = target.baseline_years[-1]
    question = ProgrammeQuestion("placebo", "disadvantaged", True, 0.05, (last_year,))
    for name, pool in pools(target, everyone).items():
        counts: dict[str, int] = dict.fromkeys(
            ("change_since_last_year", "change_leaving_selection_years_out", "ancova"), 0
        ) | {"change_from_baseline_mean": 0, "bracket": 0}
        computed = dict.fromkeys(counts, 0)
        n_verdicts, naive = 0, 0.0
        for _ in range(n_draws):
            chosen = random.choice(pool, N_SCHOOLS, replace=False)
            exposure = np.zeros((target.n_schools, 1))
            exposure[chosen] = 1.0
            for row in evaluate_measure(
                replace(target, exposure=exposure), [question], release_status="final"
            ):
                if row.ci_low is None or row.ci_high is None or row.estimate_low is None:
                    continue
                computed[row.estimator] += 1
                counts[row.estimator] += row.ci_low > 0 or row.ci_high < 0
                if row.role == "headline":
                    n_verdicts += row.verdict in {"better", "worse"}
                if row.role == "naive":
                    naive += row.estimate_low
        yield dict(
            zip(
                COLUMNS,
                (
                    *(name, n_draws),
                    *(
                        f"{count / n_draws:.3f}" if computed[method] else ""
                        for method, count in counts.items()
                    ),
                    f"{n_verdicts / n_draws:.3f}",
                    f"{100 * naive / n_draws:.1f}",
                ),
                strict=True,
            )
        )


def main() -> None:
    """Draw, write the tables and print them."""
    for table, design in DESIGNS.items():
        with table.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for row in rows(design=design):
                writer.writerow(row)
                print(row)


if __name__ == "__main__":
    main()
