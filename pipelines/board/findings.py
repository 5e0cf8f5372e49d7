"""What the released tables let a board say, as frozen dataclasses holding finished sentences.

Every sentence is computed from a row and its verdict, and every number in it is cited (`cited`). No
HTML here (`page`), no tables (`tables`): rounding and codes are put into words by `released.wording`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.board.about import (
    PLACEBO,
    evaluated_programmes,
    key_stage_name,
    key_stage_of,
    measure_label,
    outcome_words,
    primary_headlines,
    reason_words,
)
from pipelines.board.answers import anything_words, bracket_words, naive_row
from pipelines.board.limits import Limit, cannot_say
from pipelines.board.programmes import Programme, programme_words
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, capitalised, cite, plain, sentence, where


@dataclass(frozen=True)
class Findings:
    """The page's model: finished sentences, in the order in which a reader meets them."""

    title: str
    local_authority: str
    period: str
    as_at: str
    study_hash: str
    source_hash: str
    banners: tuple[tuple[str, str], ...]
    in_short: tuple[str, ...]
    programmes: tuple[Programme, ...]
    cannot_say: tuple[Limit, ...]
    not_yet_published: tuple[Limit, ...]
    what_will_change: str
    method: tuple[str, ...]


def findings(tables: Tables) -> Findings:
    """The model of the page from the released tables, keyed by name without the schema.

    Raises KeyError if a released table, or the single row of `study`, is missing.
    """
    (study,) = tables["study"]
    programmes = tuple(programme_words(row, tables) for row in evaluated_programmes(tables))
    return Findings(
        title=cite(study, "as_it_is", "title"),
        local_authority=str(study["local_authority_name"]),
        period=str(study["period"]),
        as_at="" if wording.is_missing(study["as_at"]) else f"as at {cite(study, 'date', 'as_at')}",
        study_hash=cite(study, "as_it_is", "study_hash"),
        source_hash=cite(study, "as_it_is", "source_hash"),
        banners=_banners(study, programmes, tables),
        in_short=_in_short(programmes),
        programmes=programmes,
        cannot_say=cannot_say(programmes, tables),
        not_yet_published=tuple(
            Limit(
                f"{measure_label(row['measure'], tables)}, {row['academic_year']} "
                f"({key_stage_name(row['key_stage'])})",
                sentence(cite(row, "text", "reason")),
            )
            for row in tables["not_yet_published"]
        ),
        what_will_change=_what_will_change(tables),
        method=_method(study, tables),
    )


def headline_words(tables: Tables) -> list[str]:
    """One plain-text line for each evaluated programme and key stage, as a terminal prints it."""
    lines = []
    for programme in evaluated_programmes(tables):
        for row in primary_headlines(programme["programme"], tables):
            title = programme["title"] + (f" ({PLACEBO})" if programme["is_placebo"] else "")
            about = (
                f"{title}, {outcome_words(row, tables)} ({key_stage_of(row)}, "
                f"{wording.format_status(row['release_status'])})"
            )
            verdict = wording.format_verdict(row["verdict"])
            if wording.is_missing(row["estimate_low"]):
                lines.append(f"{about}: {verdict}: {reason_words(row)}.")
                continue
            bracket = capitalised(bracket_words(row, tables))
            words = f"{about}: {verdict}. {bracket}. It {anything_words(row)}."
            naive = naive_row(row, tables)
            if naive is not None:
                says = cite(naive, "effect", "estimate_low")
                words += f" The change since last year, which is unsafe, says {says}."
            lines.append(words)
    return [plain(line) for line in lines]


def _banners(
    study: Row, programmes: tuple[Programme, ...], tables: Tables
) -> tuple[tuple[str, str], ...]:
    """What must be read before any number: (heading, text) each."""
    reached = {row["release_status"] for row in where(tables["impact"], role="headline")}
    statuses = [status for status in wording.STATUS_ORDER if status in reached]
    kinds = wording.join_words(wording.format_status(status) for status in statuses)
    banners = []
    if study["is_fictional"]:
        banners.append(
            (
                "Fictional example",
                f"{study['local_authority_name']}, its schools and its pupils are made up. "
                "Nothing here describes a real place.",
            )
        )
    banners += [
        (
            "Not a real programme",
            f"“{programme.title}”: {PLACEBO}. Schools were put on its list by a rule and "
            "nothing was done for them. It tests the method.",
        )
        for programme in programmes
        if programme.is_placebo
    ]
    made_from = f" The {study['outcome_year']} results are {kinds} figures." if kinds else ""
    if set(statuses) - {"final"}:
        made_from += " Figures that are not final can still change."
    banners.append(("Draft", f"This is a draft until a person releases it.{made_from}"))
    return tuple(banners)


def _in_short(programmes: tuple[Programme, ...]) -> tuple[str, ...]:
    """The first sentences of the page: one common answer if there is one, else one a headline."""
    real = [programme for programme in programmes if not programme.is_placebo]
    if not real:
        return tuple(
            f"“{programme.title}” tests the method: nothing was done in these schools. The method "
            f"says ({answer.status}): {answer.verdict_words.lower()}."
            for programme in programmes
            for answer in programme.answers
        )
    verdicts = {answer.verdict for programme in real for answer in programme.answers}
    if verdicts == {"cannot_tell"}:
        titles = wording.join_words(programme.title for programme in real)
        it = "it" if len(real) == 1 else "they"
        return (
            f"We cannot tell whether {titles} helped the pupils {_they(real)} meant for.",
            f"The results leave the question open: they show neither that {it} helped nor that {it} "
            "did not. The reasons are below.",
        )
    return tuple(
        f"{programme.title}. {answer.question} ({answer.status}): {answer.verdict_words.lower()}."
        for programme in real
        for answer in programme.answers
    )


def _they(programmes: list[Programme]) -> str:
    return "it was" if len(programmes) == 1 else "they were"


def _what_will_change(tables: Tables) -> str:
    statuses = {row["release_status"] for row in where(tables["impact"], role="headline")}
    if statuses & {"school_return", "provisional"}:
        return (
            "Revised results follow. When they are put in, all of this is made again by the same "
            "rules, and what moved is listed."
        )
    if "revised" in statuses:
        return "The results used here are revised ones. Final ones can still differ a little."
    if statuses == {"final"}:
        return "The results used here are final."
    return "All of this is made again by the same rules when results are published."


def _method(study: Row, tables: Tables) -> tuple[str, ...]:
    evaluated = evaluated_programmes(tables)
    pools = [str(row["comparison_pool"]) for row in evaluated]
    overlapping = (
        "Programmes that share schools are worked out together. " if len(pools) > 1 else ""
    )
    return (
        "The rules stand in the study’s protocol, which is to be written before the results are "
        f"seen. Its fingerprint is {cite(study, 'as_it_is', 'study_hash')}: the same rules, the "
        "same fingerprint.",
        f"Results of {study['outcome_year']} are set against {study['baseline_years']}, for the "
        f"programme’s schools and for {wording.format_pools(pools)}. {overlapping}".strip(),
        *(text for pool, text in wording.POOL_METHODS.items() if pool in pools),
        "The right comparison depends on how schools came to be chosen. One comparison is right if "
        "they were chosen on the results themselves: it sets each school against schools with the "
        "same earlier results. The other is right if they were chosen on something lasting: it takes "
        "the change since the average of earlier years. If they were chosen in one of these ways, or "
        "in a mixture of them, the truth lies between the two but for chance, so both are shown. If "
        "they were chosen in some other way, both can be wrong.",
        *_how_chosen(evaluated),
        "A verdict of better or worse is given only if both comparisons agree and chance is an "
        "unlikely reason. Key stages are never mixed. Special schools are not compared with "
        "mainstream schools.",
        "Averages are over pupils: a school counts by the pupils it has. The two comparisons weigh a "
        "school by how much its result can be relied on, so they are not a difference of the averages.",
        *_of_rounding(study, tables),
        f"Figures that rest on fewer than {cite(study, 'count', 'minimum_cell')} pupils are withheld, "
        "and numbers of pupils are rounded."
        + wording.format_public_key_stages(study["public_key_stages"]),
    )


def _of_rounding(study: Row, tables: Tables) -> list[str]:
    """How far an average can be from the exact one; nothing where all results are published by school."""
    published = study["public_key_stages"]
    as_published = () if wording.is_missing(published) else str(published).split(", ")
    if {row["key_stage"] for row in tables["measure"]} <= set(as_published):
        return []
    return [
        "Percentages are of rounded numbers of pupils: of about a hundred pupils mostly within four "
        "percentage points of the exact figure, of about four hundred within one. Four of them make the "
        "change since last year. The two comparisons are worked out from exact figures."
    ]


def _how_chosen(evaluated: list[Row]) -> list[str]:
    """What the protocol says of how each programme's schools were chosen, in one paragraph."""
    said = []
    for row in evaluated:
        on = row["chosen_on"]
        if row["is_placebo"]:
            by_rule = f"those of {row['title']} by a rule"
            said.append(by_rule if wording.is_missing(on) else f"{by_rule} on the results of {on}")
        elif wording.is_missing(on):
            said.append(f"of {row['title']} it does not say how")
        else:
            said.append(f"those of {row['title']} on results of {on}")
    return [f"How schools were chosen, by the protocol: {'; '.join(said)}."] if said else []
