"""Small random studies written directly to marts, many per second, each from a seed.

They are deliberately awkward: few schools, one or two pupils in a group, overlapping programmes,
schools without baseline results, two releases of a year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import get_args

import duckdb
import numpy as np
import pandas as pd

from pipelines import marts
from pipelines.catalogue import ARM, EXPOSURE, IMPACT_TABLES, MART_TABLES, OUTCOME, RAW_TABLES
from pipelines.catalogue.comparison_design import (
    ATTRITION,
    BALANCE,
    BASELINE_YEAR,
    SCHOOL_BEFORE,
)
from pipelines.free_text import sql_functions
from pipelines.impact import case_study_results, comparison, design, study_effects
from pipelines.ingest import registration
from pipelines.protocol.tables import write_protocol
from pipelines.released.reading import read_tables
from pipelines.store.store import SCHEMAS, insert_frame
from pipelines.study.settings import (
    Claim,
    ClaimKind,
    Programme,
    ProgrammeMeasure,
    Study,
    StudySection,
)

MINIMUM = 6
YEARS = ("2015-16", "2016-17", "2017-18")
SHARE, POINTS = "ks2_rwm_expected", "ks2_reading_progress"
PROGRAMMES = {
    "send": ("sen_support", (POINTS, SHARE)),
    "gap": ("disadvantaged", (SHARE, POINTS)),
    "more": ("disadvantaged", (SHARE,)),
}
# Include both claims about all schools, so that their results are part of the attack.
_CLAIMS = tuple(
    Claim(kind=kind, said="so it was said", said_by="the board") for kind in get_args(ClaimKind)
)
GROUPS = ("sen_support", "disadvantaged", "not_disadvantaged")


@dataclass
class Invented:
    """A study's marts as frames: modify them, then call `store()`."""

    programmes: list[str]
    members: pd.DataFrame  # programme, school_id
    schools: pd.DataFrame  # school_id, is_special
    cells: pd.DataFrame
    told: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["programme", "school_id"])
    )
    measures: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=lambda: PROGRAMMES)
    moments: pd.DataFrame = field(default_factory=pd.DataFrame)  # of pupils with prior attainment
    is_prior_adjusted: bool = False  # every primary headline

    @property
    def settings(self) -> Study:
        """The study's settings that protocol tables, comparisons and estimates read."""
        return _study(
            {name: self.measures[name] for name in self.programmes},
            is_prior_adjusted=self.is_prior_adjusted,
        )

    @contextmanager
    def store(self, *, is_estimated: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A store with everything before the disclosure gate; real estimates only if requested."""
        with duckdb.connect() as con:
            # Small tables gain nothing from a second thread, or from DuckDB's optimizer.
            con.execute("SET threads = 1")
            con.execute("PRAGMA disable_optimizer")
            sql_functions.register(con)
            con.execute("ATTACH ':memory:' AS pupils")
            for schema in SCHEMAS:
                con.execute(f"CREATE SCHEMA {schema}")
            study = self.settings
            write_protocol(con, study, "0" * 64)
            for table in (*RAW_TABLES, *MART_TABLES, *IMPACT_TABLES):
                con.execute(table.ddl())
            con.execute(registration.DDL)
            _fill(con, "mart.school", self._school_rows())
            _fill(con, "mart.school_key_stage", self.schools[["school_id"]].assign(key_stage="ks2"))
            _fill(con, "mart.programme_school", self.members.assign(has_left=False))
            _fill(con, "mart.cell", self.cells)
            if len(self.moments):
                _fill(con, "mart.pupil_moment", self.moments)
            con.execute(_RELEASES)
            marts.build(con, EXPOSURE)
            marts.build(con, ARM)
            marts.build(con, OUTCOME)
            design.build(con, BASELINE_YEAR)
            study_effects.build_compared_school(con)
            comparison.build_comparison(con, study)
            _fill(con, "mart.case_study", self.told.assign(source_id="cases.csv", row_number=2))
            case_study_results.build(con)
            if is_estimated:
                for table in (SCHOOL_BEFORE, ATTRITION, BALANCE):
                    design.build(con, table)
                study_effects.build_estimate(con, study)
            else:
                con.execute(_HEADLINES)
            yield con

    def _school_rows(self) -> pd.DataFrame:
        return self.schools.assign(
            school_name="School",
            is_compared_kind=~self.schools["is_special"],
            is_state_funded=True,
            is_local=True,
            is_open=True,
            is_maintained=True,
        )


def cell(
    school: int, year: str, group: str, measure: str, n: int, *, mean: float, status: str = "final"
) -> dict[str, object]:
    """A row of `mart.cell`."""
    return {
        "school_id": school,
        "key_stage": "ks2",
        "academic_year": year,
        "release_status": status,
        "pupil_group": group,
        "measure": measure,
        "n_pupils": n,
        "mean": mean,
        "variance": 1.0,
        "rounding_half_width": 0.0,
        "value_status": "value",
    }


# Ranges for the average number of pupils of each group in a school's year group.
FEW = ((0.4, 4), (1, 9), (3, 20))
AS_IN_A_CITY = ((3, 8), (4, 20), (15, 45))


def invent(
    seed: int,
    n_schools: tuple[int, int] = (6, 16),
    n_pupils: tuple[tuple[float, float], ...] = FEW,
) -> Invented:
    """A random study with numbers of schools and pupils in these ranges."""
    draw = np.random.default_rng(seed)
    n_all = int(draw.integers(n_schools[0], n_schools[1] + 1))
    ids = 7990000 + np.arange(n_all)
    programmes = list(PROGRAMMES)[: int(draw.integers(1, 4))]
    joined = [
        {"programme": programme, "school_id": school}
        for programme in programmes
        for school in ids[draw.random(n_all) < draw.uniform(0.2, 0.6)]
    ]
    schools = pd.DataFrame({"school_id": ids, "is_special": draw.random(n_all) < 0.08})
    size = {g: draw.uniform(*between) for g, between in zip(GROUPS, n_pupils, strict=True)}
    chance = draw.uniform(0.02, 0.95)
    rows = []
    for school in ids:
        for year in YEARS:
            statuses = (
                ["provisional", "revised"] if year == YEARS[-1] and seed % 3 == 0 else ["final"]
            )
            for group in GROUPS:
                n = int(draw.poisson(size[group]))
                met = int(draw.binomial(n, chance))
                for status in statuses:
                    if status == "revised":
                        n, met = _moved(draw, n, met)
                    missing = int(draw.random() < 0.3 and n > 0)
                    counted = {
                        SHARE: (n, met / n if n else 0.0),
                        POINTS: (n - missing, draw.normal()),
                    }
                    rows += [
                        cell(school, year, group, measure, pupils, mean=mean, status=status)
                        for measure, (pupils, mean) in counted.items()
                        if pupils
                    ]
    cells = pd.DataFrame(rows)
    # Some schools have no earlier result, or none this year.
    gone = cells["school_id"].isin(ids[draw.random(n_all) < 0.15])
    cells = cells[~(gone & (cells["academic_year"] != YEARS[int(draw.choice([0, 2]))]))]
    members = pd.DataFrame(joined, columns=["programme", "school_id"])
    # Half of the programmes' schools have a case study, more than in any real study.
    told = members[np.random.default_rng(seed + 10_000).random(len(members)) < 0.5]
    return Invented(programmes, members, schools, cells, told)


def _moved(draw: np.random.Generator, n: int, met: int) -> tuple[int, int]:
    """A later release: in one school of three a pupil joins, leaves or gets another result."""
    change = int(draw.choice([-1, 0, 0, 0, 1]))
    n = max(0, n + change)
    met = met + int(draw.choice([-1, 0, 0, 1])) if change or draw.random() < 0.3 else met
    return n, min(max(met, 0), n)


def tables_of(con: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """The released tables, which are all that the attacker gets."""
    return read_tables(con)


# The latest release of each year is used, as without marks in a protocol.
_RELEASES = """
INSERT INTO protocol.result_release
SELECT key_stage, academic_year, release_status, finality,
    finality = max(finality) OVER (PARTITION BY key_stage, academic_year), false, false
FROM (
    SELECT DISTINCT key_stage, academic_year, release_status,
        list_position(['school_return', 'provisional', 'revised', 'final'], release_status) AS finality
    FROM mart.cell
)
"""

# Sample counts as in `study_effects`; the estimates do not matter here.
_HEADLINES = """
INSERT INTO impact.estimate BY NAME
SELECT
    asked.programme, programme.target_group AS pupil_group, asked.measure, asked.unit,
    study.outcome_year AS academic_year, any_value(outcome.release_status) AS release_status,
    'bracket' AS estimator, 'headline' AS role,
    1.0 AS estimate_low, 2.0 AS estimate_high, 'cannot_tell' AS verdict,
    count(DISTINCT outcome.school_id) FILTER (compared.is_programme) AS n_programme_schools,
    count(DISTINCT outcome.school_id) FILTER (NOT compared.is_programme) AS n_comparison_schools,
    coalesce(sum(outcome.n_pupils) FILTER (compared.is_programme), 0) AS n_programme_pupils,
    coalesce(sum(outcome.n_pupils) FILTER (NOT compared.is_programme), 0) AS n_comparison_pupils
FROM protocol.programme_measure AS asked
JOIN protocol.programme AS programme USING (programme)
CROSS JOIN protocol.study AS study
JOIN impact.compared_school AS compared
    ON compared.programme = asked.programme AND compared.measure = asked.measure
    AND compared.reason = 'compared'
JOIN mart.outcome AS outcome
    ON outcome.school_id = compared.school_id AND outcome.measure = asked.measure AND outcome.is_outcome
    AND outcome.pupil_group = programme.target_group
GROUP BY ALL
ORDER BY ALL
"""


def _study(
    programmes: Mapping[str, tuple[str, tuple[str, ...]]], *, is_prior_adjusted: bool
) -> Study:
    """Settings with the protocol's defaults, unvalidated, because these studies have no files."""
    return Study.model_construct(
        study=StudySection.model_construct(
            name="invented", title="Invented", local_authority=799, local_authority_name="Nowhere",
            is_fictional=True, reference_date=None, outcome_year=YEARS[-1], outcome_years=YEARS[-1:],
            baseline_years=YEARS[:-1], minimum_cell=MINIMUM, seed=1, draws=99,
        ),
        programme=tuple(
            Programme.model_construct(
                id=name, title=name, fund="SSIF", target_group=group, starts=None,
                measure=tuple(
                    ProgrammeMeasure.model_construct(
                        name=measure, primary=not n, smallest_effect=0.1,
                        adjust_for_prior_attainment=is_prior_adjusted and not n,
                    )
                    for n, measure in enumerate(measures)
                ),
            )
            for name, (group, measures) in programmes.items()
        ),
        claim=_CLAIMS,
        source=(),
        protocol_sha256="0" * 64,
    )  # fmt: skip


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    names = {name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
    insert_frame(con, table, rows[[name for name in rows.columns if name in names]])
