"""Fills tables of schema `impact` from the marts: compared schools and estimated effects."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from pipelines.catalogue import COMPARED_SCHOOL, ESTIMATE, Table
from pipelines.catalogue.vocabulary import MatchedOn
from pipelines.impact.cells import panel_from_cells
from pipelines.impact.clustered import PupilSums
from pipelines.impact.comparison_pool import read_schools
from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.identification import capped
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.prior_adjusted import (
    adjust_for_prior_attainment,
    moments_in_use,
    with_residual_variance,
)
from pipelines.impact.pupil_adjusted import pooled_sums
from pipelines.impact.results import ImpactRow
from pipelines.impact.robustness import (
    Draws,
    robustness_rows,
    with_effect_size,
    with_expected_anyway,
    with_holm,
)
from pipelines.impact.shared_shocks import capped_elsewhere
from pipelines.impact.staggered import read_starts, staggered_rows
from pipelines.store.store import insert_frame, row_count
from pipelines.study.series import breaks_within
from pipelines.study.settings import Programme, Study

_SELECT = Path(__file__).parent

# The other pupils of the same schools, for triple differences.
COMPLEMENT = {"disadvantaged": "not_disadvantaged", "sen_support": "no_sen"}


def compared_school_select() -> str:
    """The SELECT that fills `impact.compared_school`."""
    return (_SELECT / "compared_school.sql").read_text(encoding="utf-8")


def build_compared_school(con: duckdb.DuckDBPyConnection) -> int:
    """Fill `impact.compared_school`; returns its rows."""
    con.execute(COMPARED_SCHOOL.ddl())
    con.execute(f"INSERT INTO impact.compared_school BY NAME\n{compared_school_select()}")
    return row_count(con, "impact.compared_school")


def build_estimate(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.estimate`: every evaluated programme's measures and target group, by every method.

    Each model includes all evaluated programmes, so that a school in two of them is not counted twice. Needs
    `impact.matched_school`.
    """
    marts = Marts(con, study)
    rows: list[ImpactRow] = []
    for question in _questions(study.evaluated_programmes):
        rows += _answers(marts, *question)
    rows = _capped(marts, rows)
    return _fill(con, ESTIMATE, pd.DataFrame([dataclasses.asdict(row) for row in with_holm(rows)]))


def headlines(marts: Marts) -> list[ImpactRow]:
    """Every headline row, with verdicts capped as in `build_estimate`."""
    rows: list[ImpactRow] = []
    for question in _questions(marts.study.evaluated_programmes):
        rows += _answers(marts, *question, is_headline_only=True)
    return [row for row in _capped(marts, rows) if row.role == "headline"]


class Marts:
    """The marts that estimates use, read once; provides panels, pupil sums and resampling settings."""

    def __init__(self, con: duckdb.DuckDBPyConnection, study: Study) -> None:
        self.study = study
        self.schools = read_schools(con)
        self.phase = con.execute("SELECT school_id, is_local, phase FROM mart.school").df()
        self.moments = con.execute(moments_in_use()).df()
        self.starts = read_starts(con)

    def panel(
        self, measure: str, pupil_group: str, programme: Programme, matched_on: MatchedOn
    ) -> SchoolPanel:
        """Schools by years for one measure and group, with the programme's comparison schools."""
        cells = self.schools.cells(programme, measure, matched_on)
        return self._panel(cells, measure, pupil_group, programme)

    def prior_adjusted_panel(
        self, measure: str, pupil_group: str, programme: Programme, matched_on: MatchedOn
    ) -> SchoolPanel:
        """The same, adjusted to equal prior attainment."""
        cells = self.schools.cells(programme, measure, matched_on)
        is_wanted = (cells["measure"] == measure) & (cells["pupil_group"] == pupil_group)
        moments = self._moments(measure, pupil_group)
        adjusted, residual = adjust_for_prior_attainment(cells[is_wanted], moments)
        return with_residual_variance(
            self._panel(adjusted, measure, pupil_group, programme),
            self._panel(cells, measure, pupil_group, programme),
            residual,
        )

    def _panel(
        self, cells: pd.DataFrame, measure: str, pupil_group: str, programme: Programme
    ) -> SchoolPanel:
        baseline_years = self.schools.baseline_years(programme, measure)
        return panel_from_cells(
            cells if baseline_years else cells.iloc[:0],
            self.schools.membership,
            programmes=[each.id for each in self.study.evaluated_programmes],
            measure=self.study.measures[measure],
            pupil_group=pupil_group,
            baseline_years=baseline_years or self.study.study.baseline_years,
            outcome_years=self.study.study.outcome_years,
        )

    def of_every_year(self) -> Marts:
        """The same marts with outcome years in which a school's programmes were not all under way."""
        every = copy.copy(self)
        outcome = pd.concat([self.schools.outcome, self.starts.not_counted], ignore_index=True)
        every.schools = dataclasses.replace(self.schools, outcome=outcome)
        return every

    def release_status(self, measure: str) -> str | None:
        """Release status of the last outcome year with results; None if there are none."""
        outcome = self.schools.outcome
        judged = outcome[outcome["is_outcome"] & (outcome["measure"] == measure)]
        statuses = judged.loc[
            judged["academic_year"] == judged["academic_year"].max(), "release_status"
        ].unique()
        return str(statuses[0]) if len(statuses) else None

    def pupil_sums(self, panel: SchoolPanel) -> PupilSums | None:
        """Sums with prior attainment over the outcome years' pupils, in the panel's order; None if none."""
        of_group = self._moments(panel.measure, panel.pupil_group)
        if not of_group["academic_year"].isin(panel.outcome_years).any():
            return None
        columns = ["n_pupils", "sum_y", "sum_yy", "sum_x", "sum_xx", "sum_xy"]
        by_year = []
        for year in panel.outcome_years:
            of_year = of_group[of_group["academic_year"] == year].set_index("school_id")
            by_school = of_year[columns].reindex(panel.school_ids).fillna(0)
            by_year.append(PupilSums(*by_school.to_numpy(dtype=np.float64).T))
        return pooled_sums(panel, by_year)

    def _moments(self, measure: str, pupil_group: str) -> pd.DataFrame:
        is_wanted = (self.moments["measure"] == measure) & (
            self.moments["pupil_group"] == pupil_group
        )
        return self.moments[is_wanted]

    def draws(self, panel: SchoolPanel) -> Draws:
        """Resampling settings: memberships are permuted within phases of education.

        If phases are known for local schools only, strata would keep schools elsewhere from ever being drawn.
        """
        schools = self.phase.set_index("school_id").reindex(panel.school_ids)
        phases = schools["phase"].fillna("")
        if schools.loc[~schools["is_local"], "phase"].isna().any():
            phases[:] = ""
        section = self.study.study
        return Draws(section.draws, section.seed, pd.factorize(phases)[0].astype(np.int64))


def _answers(
    marts: Marts,
    measure: str,
    pupil_group: str,
    is_prior_adjusted: bool,
    *,
    is_headline_only: bool = False,
) -> list[ImpactRow]:
    """Every method's rows for one measure and group, for the programmes that use it.

    Programmes compared with local schools share one model. A programme with a matched pool, or whose dates
    exclude schools or years, has its own.
    """
    asking = [
        programme
        for programme in marts.study.evaluated_programmes
        if (measure, pupil_group, is_prior_adjusted) in _questions((programme,))
    ]
    is_alone = {
        programme.id: programme.comparison_pool == "matched" or marts.schools.is_by_dates(programme)
        for programme in asking
    }
    together = [programme for programme in asking if not is_alone[programme.id]]
    alone = [[programme] for programme in asking if is_alone[programme.id]]
    return [
        row
        for of_pool in ([together] if together else []) + alone
        for row in _answers_of_pool(
            marts,
            measure,
            pupil_group,
            is_prior_adjusted,
            of_pool,
            is_headline_only=is_headline_only,
        )
    ]


def _answers_of_pool(
    marts: Marts,
    measure: str,
    pupil_group: str,
    is_prior_adjusted: bool,
    asking: list[Programme],
    *,
    is_headline_only: bool,
) -> list[ImpactRow]:
    """Every method's rows for programmes with the same comparison schools."""
    first, by_id = asking[0], {programme.id: programme for programme in asking}
    panel_of = marts.prior_adjusted_panel if is_prior_adjusted else marts.panel
    panel = panel_of(measure, pupil_group, first, "results_and_make_up")
    is_local = first.comparison_pool == "local"
    change_panel = panel if is_local else panel_of(measure, pupil_group, first, "make_up")
    as_published = (
        marts.panel(measure, pupil_group, first, "make_up") if is_prior_adjusted else change_panel
    )
    estimated = evaluate_measure(
        panel,
        [_question(programme, measure) for programme in marts.study.evaluated_programmes],
        release_status=marts.release_status(measure),
        higher_is_better=marts.study.measures[measure].higher_is_better,
        as_published=as_published,
        change_panel=change_panel,
        last_year=max(marts.study.study.baseline_years),
    )
    rows = [row for row in estimated if row.programme in by_id]
    if is_headline_only:
        return [row for row in rows if row.role == "headline"]
    rows = [with_effect_size(row, panel) if row.role == "headline" else row for row in rows]
    if is_prior_adjusted:
        rows = [_with_all_pupils(row, panel, as_published) for row in rows]
    rows = [
        with_expected_anyway(row, as_published, _chosen_on_results_of(by_id[row.programme]))
        if row.role == "naive"
        else row
        for row in rows
    ]
    rows = [_with_breaks(row, marts.study) if row.role == "naive" else row for row in rows]
    other = COMPLEMENT.get(pupil_group)
    judged = [row for row in rows if row.role == "headline"]
    rows += robustness_rows(
        panel,
        judged,
        marts.draws(panel),
        change_panel=change_panel,
        complement=panel_of(measure, other, first, "make_up") if other else None,
        pupil_sums=marts.pupil_sums(panel),
    )
    if any(marts.starts.differ(row.programme) for row in judged):
        every = marts.of_every_year()
        panel_of = every.prior_adjusted_panel if is_prior_adjusted else every.panel
        every_year = panel_of(measure, pupil_group, first, "results_and_make_up")
        rows += staggered_rows(panel, every_year, marts.starts, judged)
    return [_with_true_reason(row, marts, by_id[row.programme], panel.n_schools) for row in rows]


def _with_true_reason(
    row: ImpactRow, marts: Marts, programme: Programme, n_schools: int
) -> ImpactRow:
    """If a row has no estimate, prefer a reason based on schools, files and dates to one based on counts."""
    if row.estimate_low is not None:
        return row
    left_out = marts.schools.why_none(programme, row.measure)
    reason = (
        (_not_yet_published(marts.study, row.measure) if not n_schools else None)
        or marts.schools.why_no_pool(marts.study, programme, row.measure)
        or (left_out and f"none of its schools can be compared: {left_out}")
        or _none_picked(marts, programme)
    )
    return dataclasses.replace(row, verdict_reason=reason) if reason else row


def _none_picked(marts: Marts, programme: Programme) -> str | None:
    """Why a placebo has no school; None if it has one, or for other programmes."""
    if not programme.placebo or (marts.schools.membership["programme"] == programme.id).any():
        return None
    return (
        "no school has a result of these pupils in every year of the study, so none could be picked"
    )


def _with_breaks(row: ImpactRow, study: Study) -> ImpactRow:
    """Note on a naive change that its two years are on different sides of a series break."""
    last_year = max(study.study.baseline_years)
    breaks = breaks_within(row.measure, (last_year, row.academic_year))
    if not breaks or row.estimate_low is None:
        return row
    what = "; ".join(note.what for note in breaks)
    return dataclasses.replace(row, verdict_reason=f"the two years are not measured alike ({what})")


def _with_all_pupils(row: ImpactRow, panel: SchoolPanel, as_published: SchoolPanel) -> ImpactRow:
    """Show counts of all pupils with a result in a row of the adjusted panel.

    Otherwise the few pupils without prior attainment could be found by subtracting two published counts.
    """
    every = np.ones(panel.n_schools, dtype=np.bool_)
    known = panel.sample_size(row.programme, every)
    if (row.n_programme_pupils, row.n_comparison_pupils) != (
        known.n_programme_pupils,
        known.n_comparison_pupils,
    ):
        return row
    is_compared = np.isin(as_published.school_ids, panel.school_ids)
    sample = as_published.sample_size(row.programme, is_compared)
    return dataclasses.replace(
        row,
        n_programme_pupils=sample.n_programme_pupils,
        n_comparison_pupils=sample.n_comparison_pupils,
    )


def _capped(marts: Marts, rows: list[ImpactRow]) -> list[ImpactRow]:
    """The rows with verdicts withheld where the comparison cannot carry one, and rows that show why."""
    return _with_shared_shocks(marts, _with_identification(marts, rows))


def _with_identification(marts: Marts, rows: list[ImpactRow]) -> list[ImpactRow]:
    """Cap the headlines of SEN support if identification changed, and add the rows that show it."""
    shares: dict[tuple[str, str], ImpactRow] = {}
    for key_stage in dict.fromkeys(marts.study.measures[row.measure].key_stage for row in rows):
        of_support = [
            p for p in marts.study.evaluated_programmes if p.target_group == "sen_support"
        ]
        measure = f"{key_stage}_sen_support_share"
        if not of_support or measure not in marts.study.measures:
            continue
        questions = [_question(p, measure) for p in marts.study.evaluated_programmes]
        status = marts.release_status(measure)
        for programme in of_support:
            panel = marts.panel(measure, "all", programme, "results_and_make_up")
            for row in evaluate_measure(panel, questions, release_status=status):
                if row.estimator == "bracket" and row.programme == programme.id:
                    shares[row.programme, key_stage] = dataclasses.replace(row, role="robustness")
    checked = [
        capped(row, shares[row.programme, marts.study.measures[row.measure].key_stage])
        if row.role == "headline"
        and (row.programme, marts.study.measures[row.measure].key_stage) in shares
        else row
        for row in rows
    ]
    return checked + list(shares.values())


def _with_shared_shocks(marts: Marts, rows: list[ImpactRow]) -> list[ImpactRow]:
    """Withhold verdicts on programmes whose comparison schools are in other authorities."""
    elsewhere = {p.id for p in marts.study.evaluated_programmes if p.comparison_pool != "local"}
    return [
        capped_elsewhere(row) if row.role == "headline" and row.programme in elsewhere else row
        for row in rows
    ]


def _not_yet_published(study: Study, measure: str) -> str | None:
    """Why the outcome year has no results yet, in the protocol's words."""
    return next(
        (
            entry.reason
            for entry in study.not_yet_published
            if entry.measure == measure and entry.academic_year == study.study.outcome_year
        ),
        None,
    )


def _questions(programmes: tuple[Programme, ...]) -> list[tuple[str, str, bool]]:
    """Distinct measures, target groups and adjustments of these programmes, in order."""
    return list(
        dict.fromkeys(
            (measure.name, str(programme.target_group), measure.adjust_for_prior_attainment)
            for programme in programmes
            for measure in programme.measure
        )
    )


def _chosen_on_results_of(programme: Programme) -> tuple[str, ...]:
    """The years on whose results a programme's schools were chosen, as far as that is known."""
    placebo = programme.placebo
    return (placebo.academic_year,) if placebo else programme.selection_years


def _question(programme: Programme, measure: str) -> ProgrammeQuestion:
    setting = next((m for m in programme.measure if m.name == measure), None)
    return ProgrammeQuestion(
        programme=programme.id,
        target_group=programme.target_group,
        is_primary=setting.primary if setting else False,
        smallest_effect=setting.smallest_effect if setting else None,
        selection_years=programme.selection_years,
    )


def _fill(con: duckdb.DuckDBPyConnection, table: Table, frame: pd.DataFrame) -> int:
    con.execute(table.ddl())
    insert_frame(con, table.full_name, frame)
    return len(frame)
