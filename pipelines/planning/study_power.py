"""Power of every measure that a study's programmes could use, before its outcome year is read.

Reads baseline files into a temporary store; `impact.power` makes the predictions.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipelines import marts
from pipelines.catalogue import MART_TABLES, RAW_TABLES
from pipelines.errors.fault import Fault, StudyError
from pipelines.impact.cells import panel_from_cells
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.power import Power, power, school_variance
from pipelines.impact.prior_adjusted import (
    adjust_for_prior_attainment,
    moments_in_use,
    with_residual_variance,
)
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import sources_sha256
from pipelines.protocol.tables import write_protocol
from pipelines.released.wording import join_words
from pipelines.store import store
from pipelines.study.measures import MEASURES, PARTS_OF_AN_INDEX
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import OUTCOME_KINDS, Programme, Study
from pipelines.validation.checks import rules_for
from pipelines.validation.faults import faults_of
from pipelines.validation.relations import RELATIONS, faults_of_relation

INDEX = "ks2_progress_index"
INDEX_PARTS = PARTS_OF_AN_INDEX[INDEX]

# Progress 8 is Attainment 8 per slot, minus what was expected.
ATTAINMENT8_SLOTS = 10
# English and maths count twice.
SLOTS_OF_A_SUBJECT = 2

# Years of results after the start that a study may plan for.
OUTCOME_YEARS = (1, 2, 3)

_PRIMARY_MARK = "*"


@dataclass(frozen=True)
class MeasurePower:
    """A programme's power on one measure, and the protocol's settings for that measure.

    `by_years`: the same with the results of 1, 2 and 3 years after the start; its first is `power`.
    `is_pupil_adjusted`: adjusted for each pupil's own prior attainment, with the SD before adjustment.
    `mde_attainment_sd`: the effect in SDs of attainment (see `attainment_sd`), which makes thresholds, scores
    and progress comparable. `is_in_protocol` is False for a measure that the programme could have used;
    `smallest_effect` is in the measure's unit.
    """

    by_years: tuple[Power, ...]
    is_pupil_adjusted: bool
    mde_attainment_sd: float | None
    is_in_protocol: bool
    is_primary: bool
    smallest_effect: float | None

    @property
    def power(self) -> Power:
        """Power with one year of results."""
        return self.by_years[0]


def study_power(study: Study, scratch: Path) -> tuple[MeasurePower, ...]:
    """Power of every measure available for a programme's target pupils, grouped by programme.

    The latest baseline year replaces the outcome year, whose files are not opened. Measures are ordered by
    effect in SDs of attainment, those without an estimate last. Pupil rows are written below `scratch` and
    deleted before this returns. Raises StudyError with the faults of the files read.
    """
    before = _before_outcomes(study)
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch, prefix=store.SCRATCH) as folder:
        paths = StudyPaths(Path(folder), study.name)
        with store.connect(paths) as con:
            _build_marts(con, before)
            cells = con.execute(
                "SELECT * FROM mart.outcome WHERE is_local AND is_compared_kind "
                "AND (is_outcome OR is_baseline)"
            ).df()
            moments = con.execute(moments_in_use()).df()
            membership = con.execute("SELECT programme, school_id FROM mart.programme_school").df()
    latest, outcome = before.study.outcome_year, study.study.outcome_year
    cells, moments = (_with_stand_in(table, latest, outcome) for table in (cells, moments))
    programmes, measures = study.evaluated_programmes, study.measures
    answers: list[MeasurePower] = []
    for group in dict.fromkeys(str(programme.target_group) for programme in programmes):
        of_programmes = [programme for programme in programmes if programme.target_group == group]
        of_group = cells[cells["pupil_group"] == group]
        in_protocol = {measure.name for programme in of_programmes for measure in programme.measure}
        available = {m for m in of_group["measure"].unique() if measures[m].is_judged}
        raw: dict[str, SchoolPanel] = {
            measure: _panel(study, of_group, membership, measure, group)
            for measure in measures
            if measure in available | in_protocol
        }
        panels = [(panel, False) for panel in raw.values()]
        for measure, panel in raw.items():
            of_measure = moments[
                (moments["measure"] == measure) & (moments["pupil_group"] == group)
            ]
            if len(of_measure) and not measures[measure].is_prior_adjusted:
                adjusted, residual = adjust_for_prior_attainment(
                    of_group[of_group["measure"] == measure], of_measure
                )
                adjusted_panel = _panel(study, adjusted, membership, measure, group)
                panels.append((with_residual_variance(adjusted_panel, panel, residual), True))
        for panel, is_adjusted in panels:
            spread = school_variance(panel)
            seen = [power(panel, spread, years) for years in OUTCOME_YEARS]
            answers += [
                _of_protocol(programme, tuple(by[programme.id] for by in seen), raw, is_adjusted)
                for programme in of_programmes
            ]
    return tuple(
        answer
        for programme in programmes
        for answer in sorted(answers, key=_smallest_first)
        if answer.power.programme == programme.id
    )


def power_page(study: Study, answers: Sequence[MeasurePower]) -> Iterator[str]:
    """The question, the answers, and how to read them, as lines for a terminal."""
    section = study.study
    years = ", ".join(sorted(section.baseline_years))
    yield f"The smallest effect the headline would find 8 times in 10 (5% level), from {years} alone."
    yield f"The latest of these stands in for {section.outcome_year}, whose results are not opened."
    yield "The headline needs both of its comparisons to agree, so it detects less if they differ more."
    if len(section.baseline_years) == 1:
        yield "One year cannot show what lasts in a school, so nothing is assumed to last (the worst case)."
    matched = [p.title for p in study.evaluated_programmes if p.comparison_pool == "matched"]
    if matched:
        yield (
            f"{join_words(matched)}: computed with local comparison schools. Similar schools outside the "
            "area are chosen once there are outcomes; more of them would detect more."
        )
    yield ""
    yield from power_table(answers)
    yield ""
    yield "*  a primary measure of the protocol; pp: percentage points; df: degrees of freedom"
    yield "can see: if the two comparisons differ as much as the schools' earlier results suggest"
    yield "if alike: if both sides' earlier results were alike, so that the two comparisons agree"
    yield "in SD: standard deviations of the measure over these pupils"
    yield "of attainment: standard deviations of their attainment, which makes measures comparable"
    yield "matters: the protocol's smallest effect that would matter"
    yield "pupil-adjusted: adjusted for each pupil's own prior attainment"


def power_table(answers: Sequence[MeasurePower]) -> Iterator[str]:
    """The answers as lines for a terminal, most sensitive first, with the protocol's primaries marked."""
    heading = (
        "",
        "programme",
        "pupils",
        "measure",
        "can see",
        "if alike",
        "in SD",
        "of attainment",
        "matters",
        "schools",
        "df",
    )
    rows = [heading, *(_shown(answer) for answer in answers if answer.power.mde is not None)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    refused = [a for a in answers if a.power.mde is None and not a.is_pupil_adjusted]
    if refused:
        yield ""
        yield "No estimate is possible:"
    for answer in refused:
        mark = _PRIMARY_MARK if answer.is_primary else " "
        found = answer.power
        yield f"{mark}  {found.programme}, {found.pupil_group}, {found.measure}: {found.reason}"


def write_power(answers: Sequence[MeasurePower], file: Path) -> None:
    """Write the answers as CSV, readable by its owner only, because it may contain small pupil counts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    records = [
        {
            **asdict(answer.power),
            "is_pupil_adjusted": answer.is_pupil_adjusted,
            "mde_attainment_sd": answer.mde_attainment_sd,
            "is_in_protocol": answer.is_in_protocol,
            "is_primary": answer.is_primary,
            "smallest_effect": answer.smallest_effect,
        }
        for answer in answers
    ]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _before_outcomes(study: Study) -> Study:
    """The study before its outcome year: without that year's files."""
    section = study.study
    kept = tuple(
        source
        for source in study.source
        if source.kind not in OUTCOME_KINDS or source.academic_year in section.baseline_years
    )
    latest = section.model_copy(
        update={
            "outcome_year": max(section.baseline_years),
            "outcome_years": (max(section.baseline_years),),
        }
    )
    return study.model_copy(update={"study": latest, "source": kept})


def _build_marts(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Ingest the files that marts need and build the marts; raises every fault, as in an evaluation."""
    write_protocol(con, study, sources_sha256(study))
    selects = "\n".join(marts.select_of(table) for table in MART_TABLES)
    read = [
        table for table in RAW_TABLES if re.search(rf"\b{re.escape(table.full_name)}\b", selects)
    ]
    faults: list[Fault] = []
    for table in read:
        try:
            ingest_table(con, study, table)
            # Check the rules with SQL, because Great Expectations takes seconds to load.
            for rule in rules_for(study, table):
                faults += faults_of(con, study, rule)
        except StudyError as error:
            faults += error.faults
    if faults:
        raise StudyError(faults)
    for relation in RELATIONS:
        if relation.table in read and not relation.is_warning:
            faults += faults_of_relation(con, relation)
    if faults:
        raise StudyError(faults)
    for table in MART_TABLES:
        marts.build(con, table)


def _panel(
    study: Study, cells: pd.DataFrame, membership: pd.DataFrame, measure: str, group: str
) -> SchoolPanel:
    return panel_from_cells(
        cells,
        membership,
        programmes=[programme.id for programme in study.evaluated_programmes],
        measure=study.measures[measure],
        pupil_group=group,
        baseline_years=study.study.baseline_years,
        outcome_years=(study.study.outcome_year,),
    )


def attainment_sd(
    mde: float, panel: SchoolPanel, panels: Mapping[str, SchoolPanel]
) -> float | None:
    """An effect on a measure in SDs of the pupils' attainment; None if unknown.

    A score is divided by its pupil SD. A share is treated as a threshold on normally distributed attainment
    (probit: Φ⁻¹(p + effect) - Φ⁻¹(p)). Progress is in points of the underlying score, so it is divided by
    that score's SD; its own SD excludes prior attainment. (For Progress 8 the score is a tenth of Attainment
    8.) Writing has no score and uses the mean SD of the other scores. The index is divided by its gain when
    progress in all its subjects rises by one such SD.
    """
    if panel.unit == "share":
        p = float(panel.centre[-1])
        return float(ndtri(p + mde) - ndtri(p)) if 0 < p < 1 - mde else None
    if panel.measure == INDEX:
        return _index_in_attainment_sd(mde, panel, panels)
    if panel.measure in MEASURES and MEASURES[panel.measure].is_prior_adjusted:
        sd = _score_sd(panel.measure, panels)
        return mde / sd if sd else None
    return None if panel.is_scale_from_school_means else mde / panel.outcome_scale


def _score_sd(progress: str, panels: Mapping[str, SchoolPanel]) -> float | None:
    """Pupil SD of the score behind a progress measure, in points of progress."""
    if progress.endswith("_progress8"):
        attainment8 = panels.get(progress.replace("_progress8", "_attainment8"))
        slots = ATTAINMENT8_SLOTS if progress == "ks4_progress8" else SLOTS_OF_A_SUBJECT
        return attainment8.outcome_scale / slots if attainment8 else None
    own = progress.replace("_progress", "_score")
    scores = [name for name in panels if name.endswith("_score")]
    sds = [panels[name].outcome_scale for name in ([own] if own in panels else scores)]
    return float(np.mean(sds)) if sds else None


def _index_in_attainment_sd(
    mde: float, index: SchoolPanel, panels: Mapping[str, SchoolPanel]
) -> float | None:
    """The index is linear in progress; its slopes are fitted to school means of the latest year."""
    parts = [panel for name, panel in panels.items() if name in INDEX_PARTS]
    sds = [_score_sd(part.measure, panels) for part in parts]
    if len(parts) < len(INDEX_PARTS) or None in sds:
        return None
    shared = reduce(np.intersect1d, [part.school_ids for part in parts], index.school_ids)
    means = [p.mean[np.isin(p.school_ids, shared), -1] for p in (*parts, index)]
    design = np.column_stack([*means[:-1], np.ones(len(shared))])
    slope = np.linalg.lstsq(design, means[-1])[0][:-1]
    gain = float(slope @ np.array(sds, dtype=np.float64))
    return mde / gain if gain > 0 else None


def _with_stand_in(cells: pd.DataFrame, latest: str, wanted: str) -> pd.DataFrame:
    """Cells with a copy of the latest baseline year as the outcome year."""
    stand_in = cells[cells["academic_year"] == latest].assign(academic_year=wanted)
    return pd.concat([cells, stand_in], ignore_index=True)


def _of_protocol(
    programme: Programme,
    by_years: tuple[Power, ...],
    panels: Mapping[str, SchoolPanel],
    is_adjusted: bool,
) -> MeasurePower:
    seen, panel = by_years[0], panels[by_years[0].measure]
    setting = next(
        (
            m
            for m in programme.measure
            if m.name == seen.measure and m.adjust_for_prior_attainment == is_adjusted
        ),
        None,
    )
    return MeasurePower(
        by_years=by_years,
        is_pupil_adjusted=is_adjusted,
        mde_attainment_sd=None if seen.mde is None else attainment_sd(seen.mde, panel, panels),
        is_in_protocol=setting is not None,
        is_primary=setting.primary if setting else False,
        smallest_effect=setting.smallest_effect if setting else None,
    )


def _smallest_first(answer: MeasurePower) -> tuple[bool, float, str]:
    found = answer.power
    comparable = answer.mde_attainment_sd if answer.mde_attainment_sd is not None else found.mde_sd
    return found.mde is None, np.inf if comparable is None else comparable, found.measure


def _shown(answer: MeasurePower) -> tuple[str, ...]:
    found = answer.power
    return (
        _PRIMARY_MARK if answer.is_primary else "",
        found.programme,
        found.pupil_group,
        found.measure + (", pupil-adjusted" if answer.is_pupil_adjusted else ""),
        _amount(found.mde, found.unit),
        _amount(found.mde_if_ends_agree, found.unit),
        _in_sd(found.mde_sd),
        _in_sd(answer.mde_attainment_sd),
        _amount(answer.smallest_effect, found.unit),
        f"{found.n_programme_schools} and {found.n_comparison_schools}",
        "" if found.effective_df is None else f"{found.effective_df:.0f}",
    )


def _in_sd(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}"


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{100 * value:.0f} pp" if unit == "share" else f"{value:.2f} points"
