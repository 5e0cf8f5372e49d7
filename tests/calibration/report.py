"""Writes the calibration table as CSV, and `README.md` from it."""

from __future__ import annotations

import hashlib
import inspect
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from pipelines.impact.calibration import TABLE, read_table
from pipelines.study.paths import PROJECT
from tests.calibration.scenarios import KNOWABLE_SELECTIONS, SELECTIONS, TOO_SMALL, Scenario
from tests.calibration.trial import Calibration

ALTERNATIVES = "alternatives.csv"
MOST_FALSE_VERDICTS = 0.065
LEAST_COVERED = 0.935
ENGINE = (
    "panel",
    "pooled_years",
    "inference",
    "estimators",
    "imbens_manski",
    "headline",
    "evaluate",
)
SELECTION_WORDS = {
    "random": "nothing (random)",
    "last_year": "last year's result",
    "last_year_strict": "last year's result, a strict cut",
    "baseline_mean": "mean of both earlier years",
    "lasting_quality": "lasting quality",
    "coming_cohort": "knowledge of the coming cohort",
    "true_decline": "a decline that goes on",
}
# Scenarios where theory says that an end errs in 5 of 100: ANCOVA if schools were selected on results it
# conditions on, change if on what lasts (Ding and Li 2019).
CALIBRATED_ENDS = {
    "ancova": ("random", "last_year", "last_year_strict", "baseline_mean"),
    "change": ("random", "lasting_quality"),
}
VARIANT_WORDS = {
    (False, False): "one programme, nothing withheld",
    (True, False): "a second programme overlaps",
    (False, True): "40% of small cells withheld",
    (True, True): "both",
}


@dataclass(frozen=True)
class Heading:
    """Origin of the numbers. `version` is a hash of the engine's files."""

    seed: int
    draws: int
    version: str
    date: str
    milliseconds_a_draw: float

    @property
    def line(self) -> str:
        """The first line of a table."""
        return (
            f"# seed {self.seed}; draws {self.draws} a scenario; engine {self.version}; "
            f"date {self.date}; {self.milliseconds_a_draw:.1f} ms a draw and processor"
        )


def engine_version() -> str:
    """First 12 digits of the SHA-256 of the modules that were calibrated."""
    folder = PROJECT / "pipelines" / "impact"
    text = b"".join((folder / f"{name}.py").read_bytes() for name in ENGINE)
    return hashlib.sha256(text).hexdigest()[:12]


def write_table(path: Path, heading: Heading, table: dict[Scenario, Calibration]) -> None:
    """Write one row per scenario, below comment lines with their origin."""
    rows = [asdict(scenario) | asdict(measured) for scenario, measured in table.items()]
    write_rows(path, heading.line, rows)


def write_rows(path: Path, first_line: str, rows: list[dict[str, object]]) -> None:
    """Write a CSV below one comment line."""
    body = pd.DataFrame(rows).to_csv(index=False, float_format="%.4f", lineterminator="\n")
    path.write_text(f"{first_line}\n{body}", encoding="utf-8")


def unmet(table: pd.DataFrame) -> pd.DataFrame:
    """Scenarios with an estimate that break promises (a) to (d): too many false verdicts or too little
    coverage.
    """
    promised = table[table["selection"].isin(KNOWABLE_SELECTIONS) & (table["estimate_share"] > 0)]
    return promised[
        (promised["false_verdict_share"] > MOST_FALSE_VERDICTS)
        | (promised["bracket_covers_share"] < LEAST_COVERED)
    ]


def write_page(folder: Path) -> None:
    """Write `README.md` into `folder`: the tables' numbers in fixed text."""
    (folder / "README.md").write_text(page(folder), encoding="utf-8")


def page(folder: Path) -> str:
    """The whole of `README.md`."""
    table = read_table()
    is_one = table["n_outcome_years"] == 1
    is_alone = is_one & ~table["has_second_programme"] & ~table["is_suppressed"]
    plain, adjusted = (
        table[is_alone & (table["is_prior_adjusted"] == has_prior)] for has_prior in (False, True)
    )
    parts = [_INTRODUCTION.format(heading=_heading(TABLE)), _promise(table)]
    for (members, schools, pupils), part in plain.groupby(
        ["n_members", "n_schools", "mean_pupils"], sort=False
    ):
        parts.append(f"## {members} of {schools} schools, about {pupils} target pupils\n")
        parts += [_no_effect(part), _effects(part)] if part["estimate_share"].any() else [_REFUSED]
    parts += ["## Adjusted for prior attainment\n", _ADJUSTED]
    for (members, schools, pupils), part in adjusted.groupby(
        ["n_members", "n_schools", "mean_pupils"], sort=False
    ):
        parts.append(f"### {members} of {schools} schools, about {pupils} target pupils\n")
        parts += [_no_effect(part), _effects(part)]
    parts.append(_several_years(plain, table[~is_one]))
    parts.append(_variants(table[is_one & ~table["is_prior_adjusted"]]))
    if (folder / ALTERNATIVES).exists():
        parts.append(_alternatives(folder / ALTERNATIVES))
    parts.append(
        "## Columns of `calibration.csv`\n\n" + inspect.cleandoc(Calibration.__doc__ or "") + "\n"
    )
    return "\n".join(parts)


def _heading(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n")[0].removeprefix("# ")


def _promise(table: pd.DataFrame) -> str:
    promised = table[table["selection"].isin(KNOWABLE_SELECTIONS) & (table["estimate_share"] > 0)]
    broken = unmet(table)
    no_effect = promised[promised["effect"] == 0]
    words = (
        f"Promise: wherever an estimate is given and schools were chosen in any way but the last two, at "
        f"most {MOST_FALSE_VERDICTS:.1%} false verdicts and at least {LEAST_COVERED:.1%} of brackets "
        f"cover the truth. Of {len(promised)} such scenarios **{len(promised) - len(broken)} keep "
        f"it**. Worst: {promised['false_verdict_share'].max():.1%} false verdicts "
        f"({no_effect['bracket_rejects_share'].max():.1%} of brackets exclude a zero that is true, "
        f"were overlap not asked for), {promised['bracket_covers_share'].min():.1%} covered. Each end, "
        f"where theory says that it holds: {_range_of_ends(no_effect)}.\n"
    )
    if len(broken):
        rows = [
            [
                f"{row.n_members} of {row.n_schools}",
                row.mean_pupils,
                SELECTION_WORDS[row.selection],
                f"{row.n_outcome_years} outcome years"
                if row.n_outcome_years > 1
                else "prior attainment"
                if row.is_prior_adjusted
                else VARIANT_WORDS[row.has_second_programme, row.is_suppressed],
                row.effect,
                _percent(row.estimate_share),
                _percent(row.false_verdict_share, 1),
                _percent(row.bracket_covers_share, 1),
            ]
            for row in broken.itertuples()
        ]
        heads = "schools,pupils,chosen on,with,effect,estimate given,false verdicts,bracket covers"
        words += "\nThese do not:\n\n" + _markdown(heads.split(","), rows)
    return words


def _range_of_ends(no_effect: pd.DataFrame) -> str:
    words = []
    for end, selections in CALIBRATED_ENDS.items():
        shares = no_effect.loc[no_effect["selection"].isin(selections), f"{end}_rejects_share"]
        name = {"ancova": "ANCOVA", "change": "change from the mean"}[end]
        words.append(f"{name} excludes a true zero in {shares.min():.1%} to {shares.max():.1%}")
    return ", ".join(words)


def _no_effect(part: pd.DataFrame) -> str:
    rows = [
        [
            SELECTION_WORDS[row.selection],
            _percent(row.estimate_share),
            _percent(row.no_overlap_share),
            f"**{_percent(row.false_verdict_share, 1)}**",
            _percent(row.bracket_rejects_share, 1),
            _percent(row.ancova_rejects_share, 1),
            _percent(row.change_rejects_share, 1),
            _percent(row.naive_rejects_share, 1),
            _percent(row.bracket_covers_share, 1),
            f"{row.ancova_bias:+.2f}",
            f"{row.change_bias:+.2f}",
            f"{row.naive_bias:+.2f}",
        ]
        for row in part[part["effect"] == 0].itertuples()
    ]
    heads = (
        "chosen on,estimate given,no overlap,false verdicts,bracket excludes 0,ANCOVA does,"
        "change from mean does,naive does,bracket covers,ANCOVA bias,change bias,naive bias"
    )
    return "No effect:\n\n" + _markdown(heads.split(","), rows)


def _effects(part: pd.DataFrame) -> str:
    rows = [
        [
            f"{row.effect:.1f}",
            SELECTION_WORDS[row.selection],
            f"**{_percent(row.better_share)}**",
            _percent(row.bracket_rejects_share),
            _percent(row.ancova_rejects_share),
            _percent(row.naive_rejects_share),
            _percent(row.bracket_covers_share, 1),
            _percent(row.ancova_covers_share, 1),
            _percent(row.change_covers_share, 1),
            f"{row.bracket_width:.2f}",
            f"{row.ancova_width:.2f}",
            f"{row.mde:.2f}",
        ]
        for row in part[part["effect"] > 0].itertuples()
    ]
    heads = (
        "effect,chosen on,verdict better,bracket excludes 0,ANCOVA does,naive does,bracket covers,"
        "ANCOVA covers,change covers,bracket width,ANCOVA width,detectable effect"
    )
    return "An effect (SD):\n\n" + _markdown(heads.split(","), rows)


def _several_years(one_year: pd.DataFrame, table: pd.DataFrame) -> str:
    """Two and three outcome years: error rates without an effect, power with one, beside one year."""
    place = ["n_members", "n_schools", "mean_pupils", "selection"]
    alone = one_year[one_year["effect"] == 0].set_index(place)["bracket_width"]
    powers = table[table["effect"] > 0].set_index([*place, "n_outcome_years"])["better_share"]
    rows = [
        [
            row.n_outcome_years,
            f"{row.n_members} of {row.n_schools}",
            row.mean_pupils,
            SELECTION_WORDS[row.selection],
            f"**{_percent(row.false_verdict_share, 1)}**",
            _percent(row.bracket_rejects_share, 1),
            _percent(row.bracket_covers_share, 1),
            _percent(row.ancova_rejects_share, 1),
            _percent(row.change_rejects_share, 1),
            _percent(powers[(*(getattr(row, name) for name in place), row.n_outcome_years)]),
            f"{row.bracket_width:.2f}",
            f"{row.bracket_width / alone[tuple(getattr(row, name) for name in place)]:.2f}",
        ]
        for row in table[table["effect"] == 0].itertuples()
    ]
    heads = (
        "outcome years,schools,pupils,chosen on,false verdicts,bracket excludes 0,bracket covers,"
        "ANCOVA does,change from mean does,power at 0.4,bracket width,beside one year's"
    )
    return f"## Several outcome years\n\n{_SEVERAL_YEARS}\n" + _markdown(heads.split(","), rows)


def _variants(table: pd.DataFrame) -> str:
    enough = table[table["n_schools"] != TOO_SMALL[1]]
    rows: list[list[object]] = []
    for (second, suppressed), words in VARIANT_WORDS.items():
        is_variant = (enough["has_second_programme"] == second) & (
            enough["is_suppressed"] == suppressed
        )
        for selection in SELECTIONS:
            part = enough[is_variant & (enough["selection"] == selection)]
            rows.append(
                [
                    words,
                    SELECTION_WORDS[selection],
                    _percent(part["estimate_share"].min()),
                    _percent(part["false_verdict_share"].max(), 1),
                    _percent(part["bracket_covers_share"].min(), 1),
                    _percent(
                        part.loc[part["effect"] == part["effect"].max(), "better_share"].min()
                    ),
                ]
            )
    heads = (
        "with,chosen on,least estimates given,most false verdicts,least covered,"
        "least power at the largest effect"
    )
    return (
        "## A second programme, and figures withheld\n\n"
        "The worst over 18 of 60 and 11 of 34 schools, pupil numbers and effects. Where two "
        "programmes make the same strict cut they hold the same schools, and neither has an estimate."
        "\n\n" + _markdown(heads.split(","), rows)
    )


def _alternatives(path: Path) -> str:
    every = pd.read_csv(path, comment="#")
    table = every[every["selection"].isin(KNOWABLE_SELECTIONS)]
    known = every[(every["selection"] == "coming_cohort") & (every["effect"] == 0)]
    place = ["n_members", "n_schools", "mean_pupils", "selection", "effect"]
    headline = table[table["alternative"] == "headline"].set_index(place)["width"]
    rows: list[list[object]] = []
    for name, part in table.groupby("alternative", sort=False):
        width = part.set_index(place)["width"] / headline
        no_effect = part[part["effect"] == 0]
        rows.append(
            [
                f"`{name}`",
                _percent(part["answered_share"].min()),
                _percent(no_effect["rejects_share"].max(), 1),
                _percent(part["covers_share"].min(), 1),
                _percent(known.loc[known["alternative"] == name, "rejects_share"].max()),
                f"{width.mean():.2f}",
                f"{width.min():.2f} to {width.max():.2f}",
                *(
                    _percent(part.loc[is_size & (part["effect"] > 0), "rejects_share"].mean())
                    for n_schools in sorted(part["n_schools"].unique())
                    for is_size in [part["n_schools"] == n_schools]
                ),
            ]
        )
    sizes = ",".join(f"power at {n} schools" for n in sorted(table["n_schools"].unique()))
    heads = (
        "bracket,least answers,most exclude a true 0,least covered,"
        "most exclude a true 0 where the coming cohort was known,mean width beside the headline's,"
        f"from and to,{sizes}"
    )
    return (
        "## Other brackets, tried\n\n"
        f"{_heading(path)}. One programme, nothing withheld; but for one column, chosen in any way that "
        "earlier results can show; overlap not asked for; power is the mean share that "
        "exclude zero at an effect of 0.4. What each is stands in `alternatives.py`. The headline's was "
        "the union of two 95% intervals until this table; `prior_attainment_of_pupils` is what a measure "
        "with `adjust_for_prior_attainment` gets, where half of the variance of pupils' luck is known "
        "beforehand. One baseline mean is a little narrower still, but leans on years that count alike.\n\n"
        + _markdown(heads.split(","), rows)
    )


def _percent(share: float, digits: int = 0) -> str:
    return "–" if math.isnan(share) else f"{share:.{digits}%}"


def _markdown(heads: list[str], rows: list[list[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


_ADJUSTED = """What prior attainment predicts, half of the variance of pupils' luck, is taken out of results
before they are compared, as a measure with `adjust_for_prior_attainment` has it; here it is known exactly.
Schools are chosen on results as they are.
"""

_SEVERAL_YEARS = """Two or three years after the start, pooled as in `outcome_years`; each year's pupils and
passing differences are drawn anew, with a seed of their own. "Coming cohort" is that of the first year.
Errors are those without an effect. A decline that goes on is what more years make worse: it goes on in
them too.
"""

_REFUSED = "Too few schools in every draw: no estimate, as it should be.\n"

_INTRODUCTION = """# How often the bracket is wrong

Made by `make calibrate` (on two idle processors about a quarter of an hour) from
`pipelines/impact/calibration.csv`, not written by hand. {heading}.

The schools are in `schools.py`, what is crossed with what in `scenarios.py`, what is counted in
`trial.py`. A short run of the same, and the promise itself, are in
`tests/reference/test_calibration.py`.

Schools are drawn, some chosen for a programme, and the engine is asked as it is for a study: same
panel, same estimators, same rules for too few schools and no overlap, same verdict. Two earlier
years and an outcome; in SDs of target pupils (all variation together 1) lasting differences between
schools 0.25, passing differences between a school's years 0.12. Target pupils vary: lasting school
size has a coefficient of variation of 0.4, years are Poisson about it, at least one pupil. The
weakest schools are chosen, on what a table names plus noise of 0.75 of its SD (a correlation of
0.8); "a strict cut" has no noise. Coming cohort: lasting and passing quality of the outcome year and
half of the variance of its pupils' luck, as prior attainment would tell. A decline that goes on:
each school changes by a lasting amount a year (SD 0.05), and those that fall most are chosen. A
second programme is chosen in the same way, with noise of its own, has as many schools, and an
effect of 0.2. Small cells are those of up to 10 pupils; 40% of them, drawn at random, are withheld
in every year. Draw by draw the schools are the same for every choice, variant and effect.

Shares are of draws with an estimate. A false verdict: better or worse where there is no effect,
worse where there is one, "no meaningful difference" (within 0.1) where the effect is larger. The
naive change is the change since last year. With 2,000 draws a true 5% shows as 4.0% to 6.0%, a true
6.5% as 5.4% to 7.6% (95%).
"""
