"""What the results cannot show, and why: open questions, missing schools, confounded effects."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.board.trends import if_trends_had_differed
from pipelines.document.blocks import Term
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, plain, sentence, where
from pipelines.released.questions import (
    evaluated_programmes,
    key_stage_of,
    outcome_words,
    outcome_years,
    primary_headlines,
    reason_words,
    rows_about,
    schools_words,
)
from pipelines.study.key_stages import AT_KEY_STAGE


def limits_of(programme: Row, tables: Tables) -> tuple[Term, ...]:
    """The limits on one programme's results, most serious first."""
    return (
        *_if_the_coming_cohort_was_known([programme], tables),
        *_if_trends_had_differed([programme], tables),
        *_limits_of_separation(tables, programme["programme"]),
        *_time_and_money([programme], tables),
    )


def cannot_say(tables: Tables) -> tuple[Term, ...]:
    """All limits of the study, in the order in which the documents present their subjects."""
    programmes = evaluated_programmes(tables)
    limits = []
    for programme in programmes:
        limits += [
            Term(
                f"Whether schools on the list “{programme['title']}” differ from the others "
                f"{AT_KEY_STAGE[row.measure.key_stage]}"
                if programme["is_placebo"]
                else f"Whether {programme['title']} helped {AT_KEY_STAGE[row.measure.key_stage]}",
                sentence(reason_words(row)),
            )
            for row in primary_headlines(programme["programme"], tables)
            if row["verdict"] == "cannot_tell"
        ]
    limits += _if_the_coming_cohort_was_known(programmes, tables)
    limits += _if_any_is_a_false_alarm(programmes, tables)
    limits += _if_trends_had_differed(programmes, tables)
    limits += _limits_of_separation(tables)
    limits += [
        Term(
            f"How single schools did on {outcome_words(row, tables)}",
            sentence(cite(row, "text", "reason")),
        )
        for row in tables["school_point_withheld"]
        if row["n_schools_shown"] == 0
    ]
    return tuple(dict.fromkeys([*limits, *_time_and_money(programmes, tables)]))


def _time_and_money(programmes: list[Row], tables: Tables) -> Iterator[Term]:
    real = [row for row in programmes if not row["is_placebo"]]
    if real:
        n_years = wording.in_words(len(outcome_years(tables)))
        these = "one year’s results" if n_years == "one" else f"the results of {n_years} years"
        yield Term(
            "Whether an effect takes longer to show",
            f"These are {these}. Support that works slowly would not be seen yet.",
        )
    if any(not wording.is_missing(row["funding_gbp"]) for row in real):
        yield Term(
            "Whether the money was well spent",
            "Funding is stated as a fact. "
            + ("One year’s results" if len(outcome_years(tables)) == 1 else "These results")
            + " are too uncertain to set against it.",
        )


def _if_trends_had_differed(programmes: list[Row], tables: Tables) -> Iterator[Term]:
    """What the comparison takes for granted, and how much less of it would change the verdict."""
    for programme in (row for row in programmes if not row["is_placebo"]):
        said = [
            f"{sentence(AT_KEY_STAGE[row.measure.key_stage]).rstrip('.')}, {words}"
            for row in primary_headlines(programme["programme"], tables)
            if (words := if_trends_had_differed(row, tables))
        ]
        if said:
            yield Term(
                f"Whether schools in {programme['title']} and the others would have changed alike "
                "without it",
                " ".join(said),
            )


def _limits_of_separation(tables: Tables, of: str | None = None) -> list[Term]:
    """Effects that cannot be separated: programmes that share schools, and other programmes."""
    titles = {row["programme"]: row["title"] for row in evaluated_programmes(tables)}
    limits = [
        Term(
            f"What {titles[row['programme_a']]} and {titles[row['programme_b']]} each did alone",
            f"{schools_words(row, 'n_schools')} {'takes' if row['n_schools'] == 1 else 'take'} part in "
            "both, so the two can be separated only in part.",
        )
        for row in tables["programme_overlap"]
        if row["programme_a"] in titles
        and row["programme_b"] in titles
        and list(titles).index(row["programme_a"]) < list(titles).index(row["programme_b"])
        and (row["n_schools"] or 0) > 0  # missing if withheld
        and of in (None, row["programme_a"], row["programme_b"])
    ]
    others = where(tables["programme"], is_evaluated=False)
    if others and any(not row["is_placebo"] for row in evaluated_programmes(tables)):
        ran = "other programme ran" if len(others) == 1 else "other programmes ran"
        limits.append(
            Term(
                "How much is due to a programme, and how much to all else its schools did",
                f"{cite(others, 'rows')} {ran} in schools of the area. What is measured is the support "
                "on top of whatever else the programme’s schools and the others did.",
            )
        )
    return limits


def coming_cohort_words(rates: list[Row]) -> str:
    """How often the method errs, by what schools were chosen on: the coming cohort, a decline, anything else.

    `rates` are the rows of `released.calibration` for one headline, at least one.
    """
    none_given = where(rates, effect_sd=0)
    (coming,) = where(none_given, selection="coming_cohort")
    (decline,) = where(none_given, selection="true_decline")
    worst = _worst_of_the_usual(none_given)
    return (
        f"In at least {cite(coming, 'count', 'n_draws')} simulations of the size nearest to this one "
        f"({simulated_size(coming)}), it then claimed an effect that was not there in "
        f"{cite(coming, 'in_100', 'false_verdict_share')}; where they were chosen for a decline that "
        f"goes on, in {cite(decline, 'in_100', 'false_verdict_share')}; in any other way that was "
        f"tried, in at most {cite(worst, 'in_100', 'false_verdict_share')}."
    )


def _worst_of_the_usual(rates: list[Row]) -> Row:
    """The row of most false verdicts without an effect, but for the two selections that defeat the method."""
    usual = [
        row
        for row in where(rates, effect_sd=0)
        if row["selection"] not in {"coming_cohort", "true_decline"}
    ]
    return max(usual, key=lambda row: float(row["false_verdict_share"]))


def _if_any_is_a_false_alarm(programmes: list[Row], tables: Tables) -> Iterator[Term]:
    """How often at least one of several verdicts claims an effect that is not there."""
    worst = [
        _worst_of_the_usual(rates)
        for programme in programmes
        if not programme["is_placebo"]
        for row in primary_headlines(programme["programme"], tables)
        if (rates := rows_about(row, tables["calibration"]))
    ]
    if len(worst) > 1:
        yield Term(
            f"Whether one of the {cite(worst, 'rows')} verdicts is a false alarm",
            "If no programme had any effect, at least one verdict would claim one in at most "
            f"{cite(worst, 'any_in_100', 'false_verdict_share')} such studies. This takes each verdict’s own "
            "rate of error from simulations (schools chosen in any way that was tried, but for knowledge of "
            "the coming pupils and for a decline that goes on) and the verdicts as independent of each "
            "other; where they share schools, it is less often.",
        )


def simulated_size(rates: Row) -> str:
    """ "18 of 60 schools in the programme, about 10 target pupils each"."""
    adjusted = ", prior attainment allowed for" if rates["is_prior_adjusted"] else ""
    if rates["is_progress"]:
        adjusted += ", results that vary between years as progress does"
    if rates["n_simulated_outcome_years"] > 1:
        adjusted += f", {cite(rates, 'count', 'n_simulated_outcome_years')} outcome years"
    return (
        f"{cite(rates, 'count', 'n_simulated_programme_schools')} of "
        f"{cite(rates, 'count', 'n_simulated_schools')} schools in the programme, about "
        f"{cite(rates, 'count', 'n_simulated_pupils_a_school')} target pupils each{adjusted}"
    )


def _if_the_coming_cohort_was_known(programmes: list[Row], tables: Tables) -> list[Term]:
    """The selection that the method cannot detect, with its simulated error rate."""
    titles_of: dict[str, list[str]] = {}
    words_of: dict[str, str] = {}
    for programme in programmes:
        for row in (
            [] if programme["is_placebo"] else primary_headlines(programme["programme"], tables)
        ):
            rates = rows_about(row, tables["calibration"])
            if rates:
                words = coming_cohort_words(rates)
                words_of.setdefault(plain(words), words)
                titles_of.setdefault(plain(words), []).append(
                    f"{programme['title']} ({key_stage_of(row)})"
                )
    return [
        Term(
            f"Whether schools in {wording.join_words(titles)} were chosen by someone who knew how "
            "the coming pupils would do",
            f"If they were, the method is often wrong. {words_of[said]}",
        )
        for said, titles in titles_of.items()
    ]
