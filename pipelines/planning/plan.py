"""What a study could see with more schools or years, what it would need, and its best primary measures.

Made of `study_power`; passes the thresholds of disclosure control, so that a board may read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pipelines.disclosure.thresholds import FEWEST_SCHOOLS_OF_ESTIMATE
from pipelines.impact.power import Power, at_size
from pipelines.planning.study_power import OUTCOME_YEARS, MeasurePower
from pipelines.protocol.new_study import BLANK
from pipelines.study.measures import Measure
from pipelines.study.settings import Programme, Study

# How many times as many schools on both sides the plan shows, and how many it looks for at most.
TIMES = (1.0, 1.5, 2.0, 3.0, 4.0)
MOST_TIMES = 50
# A measure of one subject is suited only if the protocol asks for it.
_SUBJECTS = ("reading", "writing", "maths", "english")


@dataclass(frozen=True)
class Size:
    """Schools on both sides; `is_half` if they are the planned schools with half of them in the programme."""

    n_programme_schools: int
    n_comparison_schools: int
    is_half: bool = False


@dataclass(frozen=True)
class Need:
    """What it takes to see an effect of `smallest_effect`, with the planned proportion of the two sides.

    `schools` by years of results, None where no number up to `MOST_TIMES` as many would do. `years` are those
    that the planned schools need, None if more than three.
    """

    smallest_effect: float
    is_alike: bool
    schools: tuple[Size | None, ...]
    years: int | None


@dataclass(frozen=True)
class MeasurePlan:
    """One measure of a programme: what it sees at each size and year, and what it would need.

    `needs`: if the two comparisons differ as much as earlier results suggest, and if they agree; empty
    without a smallest effect that matters.
    """

    measure: Measure
    answer: MeasurePower
    is_withheld: bool
    smallest_effect: float | None

    @property
    def found(self) -> Power:
        """Power as planned, with one year of results."""
        return self.answer.power

    @property
    def is_shown(self) -> bool:
        """Whether its figures may be read."""
        return self.found.mde is not None and not self.is_withheld

    @cached_property
    def sizes(self) -> tuple[Size, ...]:
        """As planned, then the same schools in halves, then more on both sides."""
        m, n = self.found.n_programme_schools, self.found.n_comparison_schools
        planned, *more = (Size(round(m * times), round(n * times)) for times in TIMES)
        half = Size((m + n) // 2, m + n - (m + n) // 2, is_half=True)
        return (planned, *([half] if abs(m - n) > 1 else []), *more)

    def at(self, size: Size, outcome_years: int) -> Power:
        """Power with other numbers of schools and years."""
        found = self.answer.by_years[OUTCOME_YEARS.index(outcome_years)]
        return at_size(found, size.n_programme_schools, size.n_comparison_schools)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """What the smallest effect that matters would take."""
        wanted = self.smallest_effect
        if wanted is None or not self.is_shown:
            return ()
        return tuple(self._need(wanted, is_alike=is_alike) for is_alike in (False, True))

    def _need(self, wanted: float, *, is_alike: bool) -> Need:
        planned = self.sizes[0]
        seen = (years for years in OUTCOME_YEARS if self._sees(wanted, planned, years, is_alike))
        return Need(
            wanted,
            is_alike,
            tuple(self._fewest(wanted, years, is_alike) for years in OUTCOME_YEARS),
            next(seen, None),
        )

    def _sees(self, wanted: float, size: Size, outcome_years: int, is_alike: bool) -> bool:
        found = self.at(size, outcome_years)
        mde = found.mde_if_ends_agree if is_alike else found.mde
        return mde is not None and mde <= wanted

    def _fewest(self, wanted: float, outcome_years: int, is_alike: bool) -> Size | None:
        """The fewest programme schools that see the effect, by bisection; None if too many."""
        planned = self.sizes[0]

        def size(m: int) -> Size:
            ratio = planned.n_comparison_schools / planned.n_programme_schools
            return Size(m, round(m * ratio))

        low, high = FEWEST_SCHOOLS_OF_ESTIMATE - 1, MOST_TIMES * planned.n_programme_schools
        if not self._sees(wanted, size(high), outcome_years, is_alike):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            is_enough = self._sees(wanted, size(middle), outcome_years, is_alike)
            low, high = (low, middle) if is_enough else (middle, high)
        return size(high)


@dataclass(frozen=True)
class StagePlan:
    """A programme's measures of one key stage, in the order of the answers.

    `primary` is the protocol's, `best` the suited one with the smallest detectable effect in SDs of
    attainment; None where there is none.
    """

    programme: Programme
    key_stage: str
    measures: tuple[MeasurePlan, ...]
    primary: MeasurePlan | None
    best: MeasurePlan | None


def plan_of(study: Study, answers: Sequence[MeasurePower]) -> tuple[StagePlan, ...]:
    """The plan of every programme and key stage of `study_power.study_power`'s answers.

    Figures of fewer than ten schools on a side, or of fewer pupils than the protocol's `minimum_cell`, are
    withheld, as estimates are.
    """
    plans = []
    for programme in study.evaluated_programmes:
        own = [a for a in answers if a.power.programme == programme.id]
        stages = dict.fromkeys(study.measures[a.power.measure].key_stage for a in own)
        for key_stage in sorted(stages, key=lambda s: _stage_order(study, s)):
            of_stage = [a for a in own if study.measures[a.power.measure].key_stage == key_stage]
            # Files may hold results of a key stage that the programme's schools do not teach.
            if any(a.is_in_protocol or a.power.mde is not None for a in of_stage):
                plans.append(_stage(study, programme, key_stage, of_stage))
    return tuple(plans)


def draft(stage: StagePlan) -> Iterator[str]:
    """The best primary measure as lines of study.toml, to be pasted below its [[programme]]."""
    best = stage.best
    if best is None:
        return
    example = best.smallest_effect
    yield "  [[programme.measure]]"
    yield f'  name = "{best.measure.name}"'
    yield "  primary = true"
    if best.answer.is_pupil_adjusted:
        yield "  adjust_for_prior_attainment = true"
    if best.answer.is_primary and example is not None:
        yield f"  smallest_effect = {example:g}"
    else:
        blank = "the smallest effect that would matter" if example is None else f"{example:.2g}"
        yield f"  smallest_effect = {BLANK.format(blank)}"


def better_drafts(stages: Sequence[StagePlan]) -> Iterator[str]:
    """For a terminal: each best measure that is not the protocol's primary one, to be pasted."""
    for stage in stages:
        if stage.best is not None and not stage.best.answer.is_primary:
            where = f"{stage.programme.id}, {stage.key_stage}"
            yield ""
            yield f"{where}: of the measures suited, this sees the smallest effect (for study.toml):"
            yield from draft(stage)


def is_of_one_subject(measure: str) -> bool:
    """Whether a measure is of one subject alone."""
    return bool(set(measure.split("_")) & set(_SUBJECTS))


def _stage_order(study: Study, key_stage: str) -> int:
    return min(m.stage_order for m in study.measures.values() if m.key_stage == key_stage)


def _stage(
    study: Study, programme: Programme, key_stage: str, answers: Sequence[MeasurePower]
) -> StagePlan:
    measures = [
        MeasurePlan(
            study.measures[answer.power.measure],
            answer,
            _is_withheld(answer.power, study.study.minimum_cell),
            answer.smallest_effect,
        )
        for answer in answers
    ]
    primary = next((each for each in measures if each.answer.is_primary), None)
    suited = {
        place: each.answer.mde_attainment_sd
        for place, each in enumerate(measures)
        if each.is_shown
        and each.answer.mde_attainment_sd is not None
        and (each.answer.is_primary or not is_of_one_subject(each.measure.name))
    }
    best = measures[min(suited, key=lambda place: suited[place])] if suited else None
    if best is not None and best is not primary:
        best = replace(best, smallest_effect=_same_size(primary, best))
    return StagePlan(programme, key_stage, tuple(measures), primary, best)


def _is_withheld(found: Power, minimum_cell: int) -> bool:
    schools = (found.n_programme_schools, found.n_comparison_schools)
    pupils = (found.n_programme_pupils, found.n_comparison_pupils)
    return found.mde is not None and (
        min(schools) < FEWEST_SCHOOLS_OF_ESTIMATE or min(pupils) < minimum_cell
    )


def _same_size(primary: MeasurePlan | None, best: MeasurePlan) -> float | None:
    """The protocol's smallest effect, in the best measure's unit, by SDs of attainment."""
    if primary is None or primary.smallest_effect is None:
        return None
    per_sd = []
    for each in (primary, best):
        if each.found.mde is None or each.answer.mde_attainment_sd is None:
            return None
        per_sd.append(each.found.mde / each.answer.mde_attainment_sd)
    return primary.smallest_effect * per_sd[1] / per_sd[0]
