"""Random settings of a study: years, kinds of source, schools, programmes and their true effects.

`files` writes the files and `world` simulates the pupils. This module restates what publishers
hold (years without tests, measures by school), so that it also tests the pipeline's own tables.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Draw = np.random.Generator
Form = Literal["pupils", "tables"]

# School years with tests and examinations. None took place in 2019-20 and 2020-21.
YEARS = ("2015-16", "2016-17", "2017-18", "2018-19", "2021-22", "2022-23", "2023-24")
_SHARES = {
    "ks2": (
        "ks2_rwm_expected",
        "ks2_reading_expected",
        "ks2_writing_expected",
        "ks2_maths_expected",
    ),
    "ks4": ("ks4_basics_94", "ks4_basics_95"),
}
_POINTS = {
    "ks2": (
        "ks2_reading_progress", "ks2_writing_progress", "ks2_maths_progress", "ks2_progress_index",
        "ks2_reading_score", "ks2_maths_score",
    ),
    "ks4": ("ks4_attainment8", "ks4_progress8"),
}  # fmt: skip
_NO_KS1_RESULTS_FROM = "2023-24"
_GROUPS = (
    "sen_support",
    "disadvantaged",
    "all",
    "ehc_plan",
    "no_sen",
    "not_disadvantaged",
    "high_prior",
)
OPTIONAL_KINDS = (
    "school_links", "school_census", "la_context", "inspections", "reviews", "eligibility", "evaluations",
    "evaluation_questions", "statements", "case_studies", "case_study_support",
)  # fmt: skip


@dataclass(frozen=True)
class OwnMeasure:
    """A measure the study declares itself in `[[measure]]`."""

    name: str
    label: str
    unit: str
    key_stage: str
    higher_is_better: bool
    decimals: int
    low: float | None
    high: float | None
    is_rate: bool


@dataclass(frozen=True)
class ProgrammeMeasure:
    """A measure of a programme."""

    name: str
    is_primary: bool
    smallest_effect: float | None
    is_prior_adjusted: bool

    @property
    def is_share(self) -> bool:
        return self.name in (*_SHARES["ks2"], *_SHARES["ks4"]) or self.name.endswith("_share")


@dataclass(frozen=True)
class Programme:
    """A programme's protocol entry, how its schools are chosen, and its true effect in pupil SDs."""

    id: str
    title: str
    fund: str
    priority: str | None
    funding_gbp: int | None
    target_group: str | None
    starts: dt.date | None
    selection_years: tuple[str, ...]
    expected_schools: int | None
    eligible_share: float | None
    is_matched: bool
    placebo: tuple[str, str, int] | None  # measure, year, schools
    measures: tuple[ProgrammeMeasure, ...]
    # random, lowest_last_year, lowest_strict, lasting, all, one, none, same_as_first, within_first
    chosen: str
    share: float
    effect_sd: float
    # Shares of its schools that start too late and that leave.
    late_share: float
    left_share: float

    @property
    def is_evaluated(self) -> bool:
        return bool(self.measures)


@dataclass(frozen=True)
class Drawn:
    """All random settings of one study."""

    seed: int
    outcome_year: str
    baseline_years: tuple[str, ...]
    years_without_file: tuple[str, ...]
    forms: dict[str, Form]  # by key stage
    statuses: dict[str, tuple[str, ...]]  # by key stage, of the outcome year
    n_schools: int
    n_outside: int
    cohort: float
    minimum_cell: int
    has_register: bool
    kinds: frozenset[str]
    programmes: tuple[Programme, ...]
    spread_of_schools: float
    noise_of_pupils: float
    share_of_kind: dict[str, float] = field(hash=False)
    converter_share: float
    missing_share: float
    not_yet_published: tuple[tuple[str, str], ...]
    stated_total: int | None
    claims: tuple[tuple[str, int], ...]  # kind, and how many schools it leaves out
    # Drawn from separate random streams (`other_results`, `lost_columns`, `other_files`).
    other_stages: tuple[str, ...] = ()
    own_measures: tuple[OwnMeasure, ...] = ()
    is_roll_counted: bool = True  # the table of absence counts pupils, or the census does
    lost: tuple[tuple[str, str, str], ...] = ()  # kind of source, year and heading
    neighbours: tuple[int, ...] = ()
    context_years: tuple[str, ...] = ()
    earlier_outcome_years: tuple[str, ...] = ()  # judged together with the outcome year

    @property
    def name(self) -> str:
        return f"fleet{self.seed}"

    @property
    def years(self) -> tuple[str, ...]:
        return (*self.baseline_years, *self.outcome_years)

    @property
    def outcome_years(self) -> tuple[str, ...]:
        return (*self.earlier_outcome_years, self.outcome_year)

    @property
    def reference_date(self) -> dt.date:
        return dt.date(int(self.outcome_year[:4]) + 1, 9, 1)


def draw_usual(seed: int) -> Drawn:
    """The settings every study has. Modules named in `seeds` add what only some studies have."""
    draw = np.random.default_rng([seed, 1])
    outcome = int(draw.integers(1, len(YEARS)))
    baselines = _baseline_years(draw, outcome)
    forms = _forms(draw)
    years = (*baselines, YEARS[outcome])
    n_schools = round(
        float(np.exp(draw.uniform(np.log(6), np.log(400 if draw.random() < 0.3 else 120))))
    )
    is_precise = draw.random() < 0.4
    programmes = _programmes(draw, forms, years, n_schools, is_precise=is_precise)
    statuses = {stage: _statuses(draw) for stage in forms}
    kinds = frozenset(kind for kind in OPTIONAL_KINDS if draw.random() < 0.5)
    if "case_studies" not in kinds:
        kinds -= {"case_study_support"}
    has_pupils = "pupils" in forms.values()
    without_file = tuple(y for y in baselines[:-1] if draw.random() < 0.08)
    return Drawn(
        seed=seed,
        outcome_year=YEARS[outcome],
        baseline_years=baselines,
        years_without_file=without_file,
        forms=forms,
        statuses=statuses,
        n_schools=n_schools,
        n_outside=int(draw.integers(8, 60)) if any(p.is_matched for p in programmes) else int(
            draw.integers(1, 9) * (draw.random() < 0.4)
        ),
        cohort=float(draw.choice([8, 15, 25, 30])) if not is_precise else 30.0,
        minimum_cell=int(draw.choice([5, 5, 6, 6, 6, 10])),
        has_register=has_pupils or draw.random() < 0.6,
        kinds=kinds,
        programmes=programmes,
        spread_of_schools=0.1 if is_precise else float(draw.uniform(0.1, 0.6)),
        noise_of_pupils=0.5 if is_precise else 1.0,
        share_of_kind={
            "special": float(draw.choice([0, 0.05, 0.15])),
            "independent": float(draw.choice([0, 0.1, 0.25])),
            "alternative": float(draw.choice([0, 0.03])),
            "infant": float(draw.choice([0, 0.1, 0.3])),
        },
        converter_share=float(draw.choice([0, 0.1, 0.4])),
        missing_share=float(draw.choice([0, 0, 0.03, 0.1])),
        not_yet_published=_not_yet(draw, programmes, YEARS[outcome], forms),
        stated_total=int(draw.integers(1, 60)) * 10_000 if draw.random() < 0.3 else None,
        claims=_claims(draw, kinds, programmes),
    )  # fmt: skip


def measures_of(stage: str, form: Form, years: tuple[str, ...], group: str) -> tuple[str, ...]:
    """Measures of a key stage that files of this form have for these pupils in all the years."""
    names = [*_SHARES[stage], *_POINTS[stage]]
    if form == "tables":
        names.remove("ks2_progress_index") if stage == "ks2" else None
        if group not in ("all", "disadvantaged", "not_disadvantaged"):
            names = ["ks2_rwm_expected"] if (stage, group) == ("ks2", "high_prior") else []
        if stage == "ks4" and min(years) < "2016-17":
            names = [name for name in names if "basics" not in name]
    if stage == "ks4" and group == "high_prior":
        names = []  # its files have no band of prior attainment
    if stage == "ks2" and max(years) >= _NO_KS1_RESULTS_FROM:
        names = [name for name in names if "_progress" not in name]
        if group == "high_prior":
            names = [] if form == "tables" else names
    return tuple(names)


def _claims(
    draw: Draw, kinds: frozenset[str], programmes: tuple[Programme, ...]
) -> tuple[tuple[str, int], ...]:
    """Claims to the board that the study's sources can test."""
    claims: list[tuple[str, int]] = []
    if draw.random() < 0.4 and any(p.placebo is None for p in programmes):
        claims.append(("every_school_takes_part", 0))
    if draw.random() < 0.6 and kinds & {"inspections", "reviews"}:
        claims.append(("all_maintained_schools_reviewed", int(draw.integers(0, 4))))
    return tuple(claims)


def _baseline_years(draw: Draw, outcome: int) -> tuple[str, ...]:
    known = YEARS[:outcome]
    if draw.random() < 0.7:
        n = int(draw.integers(1, len(known) + 1))
        return known[-n:]
    kept = [year for year in known if draw.random() < 0.6]
    return tuple(kept or known[-1:])


def _forms(draw: Draw) -> dict[str, Form]:
    stages = [("ks2",), ("ks4",), ("ks2", "ks4")][int(draw.choice(3, p=[0.45, 0.2, 0.35]))]
    return {stage: "pupils" if draw.random() < 0.6 else "tables" for stage in stages}


def _statuses(draw: Draw) -> tuple[str, ...]:
    if draw.random() < 0.2:
        return ("provisional", "revised") if draw.random() < 0.7 else ("provisional", "final")
    return (str(draw.choice(["school_return", "provisional", "provisional", "revised", "final"])),)


def _not_yet(
    draw: Draw, programmes: tuple[Programme, ...], outcome_year: str, forms: dict[str, Form]
) -> tuple[tuple[str, str], ...]:
    asked = dict.fromkeys(m.name for p in programmes for m in p.measures)
    late = [
        name
        for name in asked
        if name in ("ks4_attainment8", "ks4_progress8")
        and forms["ks4"] == "pupils"
        and draw.random() < 0.4
    ]
    return tuple((name, outcome_year) for name in late)


def _programmes(
    draw: Draw, forms: dict[str, Form], years: tuple[str, ...], n_schools: int, *, is_precise: bool
) -> tuple[Programme, ...]:
    n_evaluated = int(draw.choice([1, 1, 2, 2, 3, 4]))
    n_others = int(draw.choice([0, 0, 1, 3]))
    programmes: list[Programme] = []
    while len(programmes) < n_evaluated:
        programme = _evaluated(
            draw, len(programmes), forms, years, n_schools, is_precise=is_precise
        )
        if programme is not None:
            programmes.append(programme)
    programmes += [_other(draw, len(programmes) + nth) for nth in range(n_others)]
    order = draw.permutation(len(programmes)) if draw.random() < 0.3 else range(len(programmes))
    return tuple(programmes[nth] for nth in order)


def _evaluated(
    draw: Draw,
    nth: int,
    forms: dict[str, Form],
    years: tuple[str, ...],
    n_schools: int,
    *,
    is_precise: bool,
) -> Programme | None:
    group = str(draw.choice(_GROUPS, p=[0.25, 0.3, 0.25, 0.05, 0.05, 0.05, 0.05]))
    if is_precise:
        group = str(draw.choice(["all", "all", "disadvantaged", "sen_support"]))
    effect = (
        float(draw.choice([-1.2, 0, 1.2])) if is_precise else float(draw.choice([0, 0, 0.3, -0.3]))
    )
    is_matched = draw.random() < 0.15
    measures: list[ProgrammeMeasure] = []
    for stage, form in forms.items():
        if is_matched and form != "tables":
            continue
        names = measures_of(stage, form, years, group)
        if not names:
            continue
        n = min(len(names), int(draw.choice([1, 1, 2, 4, 10])))
        has_primary = draw.random() < 0.9
        for place, name in enumerate(draw.choice(names, size=n, replace=False).tolist()):
            measures.append(
                _programme_measure(draw, name, form, is_primary=has_primary and place == 0)
            )
        if draw.random() < 0.15 and (form == "pupils" or stage == "ks2") and not is_matched:
            measures.append(ProgrammeMeasure(f"{stage}_sen_support_share", False, None, False))
    if not measures:
        return None
    placebo = None
    if draw.random() < 0.1 and not is_matched:
        placebo = (measures[0].name, str(draw.choice(years[:-1])), max(1, n_schools // 4))
        if measures[0].name.endswith("sen_support_share"):
            placebo = None
    chosen = str(draw.choice(
        ["random", "lowest_last_year", "lasting", "lowest_strict", "all", "one", "none",
         "same_as_first", "within_first"],
        p=[0.42, 0.14, 0.14, 0.06, 0.04, 0.04, 0.03, 0.06, 0.07],
    ))  # fmt: skip
    return Programme(
        id=f"p{nth}", title=_title(draw, nth), fund=str(draw.choice(["SSIF", "SSIF", "Local"])),
        priority=str(draw.choice(["Reading", "The gap", "SEND"])) if draw.random() < 0.7 else None,
        funding_gbp=int(draw.integers(1, 40)) * 10_000 if draw.random() < 0.6 else None,
        target_group=group, starts=_start(draw, years),
        selection_years=tuple(y for y in years[:-1] if draw.random() < 0.3),
        expected_schools=int(draw.integers(1, 30)) if draw.random() < 0.4 else None,
        eligible_share=0.7 if draw.random() < 0.5 else None,
        is_matched=is_matched, placebo=placebo, measures=tuple(measures), chosen=chosen,
        share=float(draw.uniform(0.15, 0.6)), effect_sd=effect,
        late_share=float(draw.choice([0, 0, 0.2])), left_share=float(draw.choice([0, 0, 0.2])),
    )  # fmt: skip


def _other(draw: Draw, nth: int) -> Programme:
    return Programme(
        id=f"p{nth}", title=_title(draw, nth), fund=str(draw.choice(["SSIF", "Local"])),
        priority=str(draw.choice(["Reading", "Leadership"])) if draw.random() < 0.6 else None,
        funding_gbp=None, target_group=None, starts=None, selection_years=(), expected_schools=None,
        eligible_share=None, is_matched=False, placebo=None, measures=(), chosen="random",
        share=float(draw.uniform(0.05, 0.7)), effect_sd=0.0, late_share=0.0, left_share=0.0,
    )  # fmt: skip


def _programme_measure(draw: Draw, name: str, form: Form, *, is_primary: bool) -> ProgrammeMeasure:
    is_share = name in (*_SHARES["ks2"], *_SHARES["ks4"])
    wide = draw.random() < 0.4
    if "progress8" in name or "index" in name:
        smallest = 1.0 if wide else 0.2
    elif is_share:
        smallest = 0.3 if wide else 0.05
    else:
        smallest = 6.0 if wide else 1.0
    is_adjustable = form == "pupils" and "progress" not in name
    return ProgrammeMeasure(
        name, is_primary, smallest if draw.random() < 0.85 else None,
        is_adjustable and draw.random() < 0.3,
    )  # fmt: skip


def _title(draw: Draw, nth: int) -> str:
    words = ("Reading first", "Closing the gap", "SEND in mainstream", "Maths together", "Talk for all",
             "Strong starts", "Leading well", "Attend and achieve")  # fmt: skip
    return f"{words[int(draw.integers(len(words)))]} {'ABCDEFGH'[nth]}"


def _start(draw: Draw, years: tuple[str, ...]) -> dt.date | None:
    """A date mostly within the outcome year; otherwise unknown, in or before the baseline, or too late."""
    year = int(years[-1][:4])
    when = draw.choice(["in_year", "unknown", "in_baseline", "before_all", "too_late"],
                       p=[0.62, 0.14, 0.12, 0.05, 0.07])  # fmt: skip
    if when == "unknown":
        return None
    if when == "in_baseline":
        return dt.date(int(str(draw.choice(years[:-1]))[:4]), 10, 1)
    if when == "before_all":
        return dt.date(int(years[0][:4]), 1, 10)
    return dt.date(year + 1, 6, 20) if when == "too_late" else dt.date(year, 9, 4) + dt.timedelta(
        days=int(draw.integers(0, 220))
    )  # fmt: skip
