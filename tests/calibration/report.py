"""Writes the calibration table as CSV, and `README.md` from it."""

from __future__ import annotations

import inspect
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.impact.calibration import PASSING_SD, PROGRESS_PASSING_SD, TABLE, read_table
from tests.calibration.origin import Heading
from tests.calibration.scenarios import (
    KNOWABLE_SELECTIONS,
    LARGEST,
    OTHER_WORLDS,
    SELECTIONS,
    SOFT_SELECTIONS,
    TOO_SMALL,
    WORLDS_OF_EFFECTS,
    Scenario,
)
from tests.calibration.trial import Calibration
from tests.calibration.words import (
    ADJUSTED,
    INTRODUCTION,
    PROGRESS,
    REFUSED,
    SELECTION_WORDS,
    SEVERAL_YEARS,
    VARIANT_WORDS,
    WORLD_WORDS,
    WORLDS,
)

ALTERNATIVES = "alternatives.csv"
MOST_FALSE_VERDICTS = 0.065
LEAST_COVERED = 0.935
NEAR = 0.015
# Scenarios where theory says that an end errs in 5 of 100: ANCOVA if schools were selected on results it
# conditions on, change if on what lasts (Ding and Li 2019).
CALIBRATED_ENDS = {
    "ancova": ("random", "last_year", "last_year_strict", "baseline_mean"),
    "change": ("random", "lasting_quality"),
}


def write_table(path: Path, heading: Heading, table: dict[Scenario, Calibration]) -> None:
    """Write one row per scenario, below comment lines with their origin."""
    rows = [asdict(scenario) | asdict(measured) for scenario, measured in table.items()]
    write_rows(path, heading.line, rows)


def write_rows(path: Path, first_line: str, rows: list[dict[str, object]]) -> None:
    """Write a CSV below one comment line."""
    body = pd.DataFrame(rows).to_csv(index=False, float_format="%.4f", lineterminator="\n")
    path.write_text(f"{first_line}\n{body}", encoding="utf-8")


def promised(table: pd.DataFrame) -> pd.DataFrame:
    """Scenarios that the promise is about: schools chosen in a knowable way, an estimate, the usual world."""
    return table[
        table["selection"].isin(KNOWABLE_SELECTIONS)
        & (table["estimate_share"] > 0)
        & (table["world"] == "usual")
    ]


def unmet(table: pd.DataFrame) -> pd.DataFrame:
    """Scenarios that break it: too many false verdicts or too little coverage."""
    every = promised(table)
    return every[
        (every["false_verdict_share"] > MOST_FALSE_VERDICTS)
        | (every["bracket_covers_share"] < LEAST_COVERED)
    ]


def is_near_a_limit(scenario: Scenario, measured: Calibration) -> bool:
    """Whether a promised scenario's shares are within `NEAR` of a limit, or beyond it."""
    is_promised = (
        scenario.selection in KNOWABLE_SELECTIONS
        and scenario.world == "usual"
        and measured.estimate_share > 0
    )
    return is_promised and (
        measured.false_verdict_share > MOST_FALSE_VERDICTS - NEAR
        or measured.bracket_covers_share < LEAST_COVERED + NEAR
    )


def write_page(folder: Path) -> None:
    """Write `README.md` into `folder`: the tables' numbers in fixed text."""
    (folder / "README.md").write_text(page(folder), encoding="utf-8")


def page(folder: Path) -> str:
    """The whole of `README.md`."""
    table = read_table()
    usual = table[table["world"] == "usual"]
    is_one = usual["n_outcome_years"] == 1
    is_alone = ~usual["has_second_programme"] & ~usual["is_suppressed"]
    least = int(table["n_draws"].min())
    margin = 1.96 * math.sqrt(0.05 * 0.95 / least)
    parts = [
        INTRODUCTION.format(
            heading=_heading(TABLE),
            least=least,
            most=table["n_draws"].max(),
            low=_percent(0.05 - margin, 1),
            high=_percent(0.05 + margin, 1),
        ),
        _promise(table),
    ]
    parts += _by_size(usual[is_one & is_alone & _is_of(usual)], "##")
    parts += ["## Results that vary as progress does\n", PROGRESS]
    parts += _by_size(usual[is_one & is_alone & _is_of(usual, is_progress=True)], "###")
    parts += ["## Adjusted for prior attainment\n", ADJUSTED]
    parts += _by_size(usual[is_one & is_alone & _is_of(usual, is_adjusted=True)], "###")
    parts.append(_several_years(usual[is_alone]))
    parts.append(_worlds(table))
    parts.append(_variants(usual[is_one & _is_of(usual)]))
    if (folder / ALTERNATIVES).exists():
        parts.append(_alternatives(folder / ALTERNATIVES))
    parts.append(
        "## Columns of `calibration.csv`\n\n" + inspect.cleandoc(Calibration.__doc__ or "") + "\n"
    )
    return "\n".join(parts)


def _is_of(
    table: pd.DataFrame, *, is_progress: bool = False, is_adjusted: bool = False
) -> pd.Series[bool]:
    passing_sd = PROGRESS_PASSING_SD if is_progress else PASSING_SD
    return (table["passing_sd"] == passing_sd) & (table["is_prior_adjusted"] == is_adjusted)


def _by_size(rows: pd.DataFrame, level: str) -> list[str]:
    """The tables of each simulated size, without and with an effect."""
    parts = []
    for (members, schools, pupils), part in rows.groupby(
        ["n_members", "n_schools", "mean_pupils"], sort=False
    ):
        parts.append(f"{level} {members} of {schools} schools, about {pupils} target pupils\n")
        parts += [_no_effect(part), _effects(part)] if part["estimate_share"].any() else [REFUSED]
    return parts


def _heading(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n")[0].removeprefix("# ")


def _promise(table: pd.DataFrame) -> str:
    every, broken = promised(table), unmet(table)
    no_effect = every[every["effect"] == 0]
    words = (
        f"Promise: wherever an estimate is given and schools were chosen in any way but the last two, at "
        f"most {MOST_FALSE_VERDICTS:.1%} false verdicts and at least {LEAST_COVERED:.1%} of brackets "
        f"cover the truth. Of {len(every)} such scenarios **{len(every) - len(broken)} keep "
        f"it**. Worst: {every['false_verdict_share'].max():.1%} false verdicts "
        f"({no_effect['bracket_rejects_share'].max():.1%} of brackets exclude a zero that is true, "
        f"were overlap not asked for), {every['bracket_covers_share'].min():.1%} covered. Each end, "
        f"where theory says that it holds: {_range_of_ends(no_effect)}.\n"
    )
    if len(broken):
        rows = [
            [
                f"{row.n_members} of {row.n_schools}",
                row.mean_pupils,
                SELECTION_WORDS[row.selection],
                _complication(row),
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


def _complication(row: Any) -> str:
    kind = "progress" if row.passing_sd == PROGRESS_PASSING_SD else ""
    kind = "prior attainment" if row.is_prior_adjusted else kind
    years = f"{row.n_outcome_years} outcome years" if row.n_outcome_years > 1 else ""
    variant = VARIANT_WORDS[row.has_second_programme, row.is_suppressed]
    return ", ".join(words for words in (kind, years) if words) or variant


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


def _several_years(table: pd.DataFrame) -> str:
    """Two and three outcome years: error rates without an effect, power with one, beside one year."""
    place = ["n_members", "n_schools", "mean_pupils", "selection"]
    parts = [f"## Several outcome years\n\n{SEVERAL_YEARS}"]
    for title, of_kind in (
        ("Attainment", _is_of(table)),
        ("Attainment, adjusted for prior attainment", _is_of(table, is_adjusted=True)),
        ("Progress", _is_of(table, is_progress=True)),
    ):
        every = table[of_kind]
        widths = every[(every["effect"] == 0) & (every["n_outcome_years"] == 1)]
        alone = widths.set_index(place)["bracket_width"]
        later = every[every["n_outcome_years"] > 1]
        powers = later[later["effect"] > 0].set_index([*place, "n_outcome_years"])["better_share"]
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
            for row in later[later["effect"] == 0].itertuples()
        ]
        heads = (
            "outcome years,schools,pupils,chosen on,false verdicts,bracket excludes 0,bracket covers,"
            "ANCOVA does,change from mean does,power at 0.4,bracket width,beside one year's"
        )
        parts.append(f"### {title}\n\n" + _markdown(heads.split(","), rows))
    return "\n".join(parts)


def _worlds(table: pd.DataFrame) -> str:
    """What happens where schools are unlike the usual ones, beside these."""
    size = table[(table["n_members"] == 18) & (table["n_schools"] == 60)]
    size = size[(size["mean_pupils"] == 10) & (size["n_outcome_years"] == 1) & _is_of(size)]
    size = size[~size["has_second_programme"] & ~size["is_suppressed"]]
    of = size.set_index(["world", "selection", "effect"])
    rows: list[list[object]] = []
    for world in ("usual", *OTHER_WORLDS):
        for selection in SOFT_SELECTIONS:
            # Without an effect some worlds are the usual one.
            none = of.loc[(world if world not in WORLDS_OF_EFFECTS else "usual", selection, 0.0)]
            some = of.loc[(world, selection, LARGEST)]
            rows.append(
                [
                    WORLD_WORDS[world],
                    SELECTION_WORDS[selection],
                    f"**{_percent(none['false_verdict_share'], 1)}**",
                    _percent(none["bracket_covers_share"], 1),
                    _percent(some["better_share"]),
                    _percent(some["bracket_covers_share"], 1),
                    f"{some['bracket_width']:.2f}",
                ]
            )
    heads = (
        "world,chosen on,false verdicts without an effect,bracket covers,verdict better at 0.4,"
        "bracket covers 0.4,bracket width"
    )
    return f"## Other worlds\n\n{WORLDS}\n" + _markdown(heads.split(","), rows)


def _variants(table: pd.DataFrame) -> str:
    enough = table[
        (table["n_schools"] != TOO_SMALL[1]) & (table["effect"] == 0) & (table["mean_pupils"] == 10)
    ]
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
                    f"{part['bracket_width'].max():.2f}",
                ]
            )
    heads = "with,chosen on,least estimates given,most false verdicts,least covered,widest bracket"
    return (
        "## A second programme, and figures withheld\n\n"
        "The worst of 18 of 60 and 11 of 34 schools, about 10 target pupils, without an effect. Where two "
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
