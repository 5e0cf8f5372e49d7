"""The answer to one headline in sentences: what happened, both comparisons, the naive reading.

Every number is cited. `limits` states what the study cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, plain, where
from pipelines.released.questions import (
    are_schools_left_out,
    asked_of,
    in_sentence,
    inside_words,
    meaning_of,
    measure_label,
    n_pupils_words,
    not_alike,
    others_words,
    question_words,
    reason_words,
    results_before,
    rows_about,
    schools_words,
    two_years,
    year_before,
)

_RECOVERY = "schools picked for a weak year tend to do better the year after, with or without help"
_NO_FAIR_COMPARISON = "one year’s change can be chance, and the two sides differ in other ways too"

# The estimators at the ends of the bracket, each with the selection under which it is unbiased.
_WAYS = {
    "ancova": "on {}",
    "change_from_baseline_mean": "for a lasting need",
}


@dataclass(frozen=True)
class Answer:
    """The headline of one programme and key stage: its primary measure and what it shows.

    `compared`, `happened`, `bracket` and `power` are empty where there is no estimate.
    """

    key_stage: str
    question: str
    status: str
    verdict: str
    verdict_words: str
    compared: str
    happened: str
    bracket: str
    power: str
    conclusion: str


@dataclass(frozen=True)
class NaiveReading:
    """What a reader might conclude from the change since last year, and why that is unsafe."""

    question: str
    says: str
    why_unsafe: str


def answer_to(row: Row, programme: Row, tables: Tables) -> Answer:
    """The answer to one headline."""
    is_estimated = wording.is_shown(row)
    status = wording.format_status(row["release_status"])
    return Answer(
        key_stage=row.measure.key_stage,
        question=question_words(row, tables),
        status=status,
        verdict=str(row["verdict"]),
        verdict_words=wording.capitalised(wording.format_verdict(row["verdict"])),
        compared=_compared(row, programme, status, tables) if is_estimated else "",
        happened=_happened(row, programme, tables),
        bracket=_bracket_sentences(row, programme, status, tables) if is_estimated else "",
        power=_power(row, tables) if is_estimated else "",
        conclusion=_conclusion(row, programme),
    )


def _compared(row: Row, programme: Row, status: str, tables: Tables) -> str:
    pool = str(programme["comparison_pool"])
    sides = (
        f"{_schools_and_pupils(row, 'programme', tables)} {inside_words(programme)} are set against "
        f"{_schools_and_pupils(row, 'comparison', tables)} {wording.POOL_PLACES[pool]} ({status})."
        f"{wording.POOL_CAVEATS[pool]}"
    )
    if not row.measure.higher_is_better:
        sides += " Lower is better here."
    if meaning := meaning_of(row["measure"]):
        sides += f" The measure: {in_sentence(meaning)}"
    asked = asked_of(row, tables)
    if asked is None or not asked["is_prior_adjusted"]:
        return sides
    return f"{sides} What each pupil could already do before is allowed for."


def _schools_and_pupils(row: Row, side: str, tables: Tables) -> str:
    """ "12 schools (about 111 pupils on SEN support with results)", in the outcome year."""
    pupils = n_pupils_words(row, f"n_{side}_pupils", tables)
    if side == "programme":
        pupils += f" {wording.pupils_of(row['pupil_group'])} with results"
    return f"{schools_words(row, f'n_{side}_schools')} ({pupils})"


def _happened(row: Row, programme: Row, tables: Tables) -> str:
    """Both groups' averages in the outcome year and the last before; "" if there are none."""
    levels = levels_of(row, tables)
    years = two_years(levels, row, tables)[::-1]
    if not years:
        return ""
    parts = []
    if row["academic_year"] not in years:
        parts.append(f"The {row['academic_year']} results are not yet published.")
    others = "the others" if programme["comparison_pool"] == "local" else "other local schools"
    said: list[str] = []
    for year in years:
        sides = levels[year]["programme"], levels[year]["rest"]
        status = wording.format_status(sides[0]["release_status"])
        inside, outside = (f"{_level(side)}" for side in sides)
        if not said:
            inside, outside = (
                f"{inside} in schools {inside_words(programme)}",
                f"{outside} in {others}",
            )
        said.append(f"in {year}, {inside} and {outside} ({status})")
    shown = {year: levels[year] for year in years}
    which = _of_which_schools(row, programme, shown)
    parts.append(
        f"Averages of {wording.format_group(row['pupil_group'])}{which}: {'; '.join(said)}."
    )
    parts.append(not_alike(row["measure"], years, tables))
    return " ".join(filter(None, parts))


def levels_of(row: Row, tables: Tables) -> dict[str, dict[str, Row]]:
    """Both sides' averages by year, up to the headline's year, in years that both sides have."""
    by_year: dict[str, dict[str, Row]] = {}
    for level in where(
        tables["comparison"],
        programme=row["programme"],
        pupil_group=row["pupil_group"],
        measure=row["measure"],
    ):
        if level["academic_year"] <= row["academic_year"]:
            by_year.setdefault(level["academic_year"], {})[level["arm"]] = level
    return {year: sides for year, sides in by_year.items() if {"programme", "rest"} <= set(sides)}


def is_of_the_compared(row: Row, levels: dict[str, dict[str, Row]]) -> bool:
    """Whether the outcome year's averages, with the schools they leave out, cover those compared."""
    sides = levels.get(row["academic_year"], {})
    return bool(sides) and all(
        wording.is_shown(sides[arm])
        and sides[arm]["n_schools"] + sides[arm]["n_schools_left_out"] == row[f"n_{side}_schools"]
        for arm, side in (("programme", "programme"), ("rest", "comparison"))
    )


def _of_which_schools(row: Row, programme: Row, levels: dict[str, dict[str, Row]]) -> str:
    """Which schools the averages cover, where they differ from those compared."""
    whose = ""
    if wording.is_shown(row) and programme["comparison_pool"] != "local":
        whose = " in all local schools with results (the schools compared with are not among them)"
    elif wording.is_shown(row) and not is_of_the_compared(row, levels):
        whose = " in all schools with results, compared or not"
    if are_schools_left_out(level for sides in levels.values() for level in sides.values()):
        whose += ", but for those of a few very small schools"
    return whose


def _level(row: Row) -> str:
    return wording.WITHHELD if wording.is_suppressed(row) else cite(row, "value", "mean")


def bracket_words(row: Row, tables: Tables) -> str:
    """The two ends of the bracket, each with the selection under which it is unbiased."""
    ends = _ends(row, tables)
    if not ends:
        both = cite(row, "range", "estimate_low", "estimate_high")
        return f"{both}, whether schools were picked {_either_way(tables)}"
    (low, low_way), (high, high_way) = sorted(ends, key=lambda end: float(end[0]["estimate_low"]))
    return (
        f"between {cite(low, 'signed', 'estimate_low')} if schools were picked {low_way} and "
        f"{cite(high, 'effect', 'estimate_low')} if picked {high_way}"
    )


def two_readings(row: Row, tables: Tables) -> str:
    """`bracket_words` in page one's shorter form."""
    ends = _ends(row, tables)
    if not ends:
        both = cite(row, "range", "estimate_low", "estimate_high")
        return f"{both}, whether picked {_either_way(tables)}"
    (first, first_way), (second, second_way) = ends
    return (
        f"{cite(first, 'signed', 'estimate_low')} if picked {first_way}, "
        f"{cite(second, 'effect', 'estimate_low')} if picked {second_way}"
    )


def _ends(row: Row, tables: Tables) -> tuple[tuple[Row, str], ...]:
    """Rows of both ends of a headline, each with its selection; () where both round alike."""
    of_method = {
        method["estimator"]: method
        for method in where(rows_about(row, tables["impact"]), pupil_group=row["pupil_group"])
    }
    known = tuple(
        (of_method[name], way.format(results_before(tables)))
        for name, way in _WAYS.items()
        if name in of_method and wording.is_shown(of_method[name])
    )
    return known if _is_apart(row) and len(known) == len(_WAYS) else ()


def _either_way(tables: Tables) -> str:
    return " or ".join(way.format(results_before(tables)) for way in _WAYS.values())


def _is_apart(row: Row) -> bool:
    """Whether the two ends of a headline still differ after rounding."""
    low, high = (plain(cite(row, "signed", f"estimate_{end}")) for end in ("low", "high"))
    return low != high


def _bracket_sentences(row: Row, programme: Row, status: str, tables: Tables) -> str:
    return (
        f"Compared with {others_words(programme)}: {bracket_words(row, tables)} ({status}). "
        f"It {anything_words(row)} ({status})."
    )


def anything_words(row: Row) -> str:
    """The confidence interval in words."""
    low, high = cite(row, "signed", "ci_low"), cite(row, "signed", "ci_high")
    return f"could be anything from {low} to {high} by chance"


def _power(row: Row, tables: Tables) -> str:
    if wording.is_missing(row["mde"]):
        return ""
    likely = cite(row, "size", "mde")
    with_what = "With this many pupils"
    if _is_apart(row):
        with_what += " and the two comparisons this far apart"
    words = f"{with_what}, only an effect of about {likely} or more was likely to show."
    asked = asked_of(row, tables)
    if asked is None or wording.is_missing(asked["smallest_effect"]):
        return words
    smallest = cite(asked, "size", "smallest_effect")
    return f"{words} The study’s protocol says that {smallest} would matter."


def _conclusion(row: Row, programme: Row) -> str:
    """The verdict and its reason in sentences; for a placebo, also whether it is a false alarm."""
    verdict = str(row["verdict"])
    opening = {
        "cannot_tell": "We cannot tell",
        "no_meaningful_difference": f"Any difference from {others_words(programme)} is too small to matter",
        "better": "Results were better than in comparable schools",
        "worse": "Results were worse than in comparable schools",
    }[verdict]
    words = [f"{opening}: {reason_words(row)}."]
    is_alarm = verdict in {"better", "worse"}
    if programme["is_placebo"]:
        outcome = "a false alarm" if is_alarm else "the answer to hope for"
        words.append(f"Nothing was done in these schools, so this is {outcome}.")
    elif is_alarm:
        words.append("Something else that differed between the schools could still be part of it.")
    return " ".join(words)


def naive_row(row: Row, tables: Tables) -> Row | None:
    """The change since last year for the same outcome; None where there is no such figure."""
    matching = where(
        tables["impact"],
        role="naive",
        programme=row["programme"],
        pupil_group=row["pupil_group"],
        measure=row["measure"],
    )
    if not matching or not wording.is_shown(matching[0]):
        return None
    return matching[0]


def is_improvement(naive: Row) -> bool:
    """Whether a change, as printed, is for the better."""
    change = wording.rounded(naive["estimate_low"], naive["unit"], naive.measure.decimals)
    return change != 0 and (change > 0) == naive.measure.higher_is_better


def naive_reading(row: Row, programme: Row, tables: Tables) -> NaiveReading | None:
    """The change since last year, set beside a headline; None where there is no such figure."""
    naive = naive_row(row, tables)
    if naive is None:
        return None
    status = wording.format_status(naive["release_status"])
    says = _naive_words(naive, row, programme, tables)
    # Recovery from a weak year explains a gain, never a loss.
    reasons = [_RECOVERY if is_improvement(naive) else _NO_FAIR_COMPARISON]
    if not wording.is_missing(naive["verdict_reason"]):
        reasons.insert(0, cite(naive, "text", "verdict_reason"))
    why = f"It is not safe to read it that way: {', and '.join(reasons)}."
    if not wording.is_missing(naive["expected_anyway"]):
        anyway = cite(naive, "effect", "expected_anyway")
        chosen_on = programme["chosen_on"]
        on_what = (
            results_before(tables) if wording.is_missing(chosen_on) else f"results of {chosen_on}"
        )
        why += f" If they were picked on {on_what}, {anyway} was to be expected anyway ({status})."
    if programme["is_placebo"]:
        why += " Nothing at all was done in these schools, and still the figure reads like this."
    if wording.is_shown(row):
        headline = cite(row, "range", "estimate_low", "estimate_high")
        why += f" The two comparisons of the headline give {headline} ({status})."
    return NaiveReading(question_words(row, tables), says, why)


def _naive_words(naive: Row, row: Row, programme: Row, tables: Tables) -> str:
    """The naive change with the averages it is computed from, so that a reader can check it."""
    status = wording.format_status(naive["release_status"])
    change = wording.rounded(naive["estimate_low"], naive["unit"], naive.measure.decimals)
    is_higher_better = naive.measure.higher_is_better
    what = "results" if is_higher_better else in_sentence(measure_label(row["measure"], tables))
    where_ = f"{what} in schools {inside_words(programme)}"
    if change == 0:
        says = (
            f"Since {year_before(tables)}, {where_} moved in step with {others_words(programme)} "
            f"({status})."
        )
    else:
        says = (
            f"Since {year_before(tables)}, {where_} went {'up' if change > 0 else 'down'} by "
            f"{cite(naive, 'size', 'estimate_low')} compared with {others_words(programme)} ({status}). "
            f"It looks like {'a gain' if is_improvement(naive) else 'a loss'}."
        )
    levels = levels_of(row, tables)
    years = two_years(levels, row, tables)
    if (
        programme["comparison_pool"] != "local"
        or len(years) < 2
        or years[1] != row["academic_year"]
    ):
        return says
    sides = [[levels[year][arm] for year in years] for arm in ("programme", "rest")]
    if not all(wording.is_shown(level) for side in sides for level in side):
        return says
    (before, now), (others_before, others_now) = sides
    return (
        f"{says} It is the difference of the averages: from {_level(before)} to {_level(now)} in schools "
        f"{inside_words(programme)}, from {_level(others_before)} to {_level(others_now)} in the others."
    )
