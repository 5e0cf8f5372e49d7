"""What comes next and when, the authority beside others, the glossary and the contacts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pipelines.board.authority_context import in_short
from pipelines.board.changes import NOTHING, changes, still_to_revise
from pipelines.board.figures import Gallery
from pipelines.document.blocks import (
    Block,
    Columns,
    Heading,
    Paragraph,
    Section,
    Term,
    Terms,
)
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, sentence, where
from pipelines.released.questions import (
    is_anything_withheld,
    key_stage_name,
    meaning_of,
    measure_label,
    results_before,
)


def outlook(tables: Tables, gallery: Gallery) -> Section:
    """The last section of the pack."""
    return Section("next", "What comes next", tuple(_blocks(tables, gallery)), starts_page=True)


def not_yet_published(tables: Tables) -> tuple[Term, ...]:
    """Results that the study needs and that are not yet published."""
    return tuple(
        Term(
            f"{measure_label(row['measure'], tables)}, {row['academic_year']} "
            f"({key_stage_name(row['key_stage'])})",
            sentence(cite(row, "text", "reason")),
        )
        for row in tables["not_yet_published"]
    )


def what_will_change(tables: Tables) -> str:
    """Whether the results can still be revised; releases on file already do not count as to come."""
    statuses = {row["release_status"] for row in where(tables["impact"], role="headline")}
    if waiting := still_to_revise(tables, "school_return", "provisional"):
        return (
            f"Revised results of {wording.join_words(waiting)} follow. When they are put in, all of this "
            "is made again by the same rules, and what moved is listed."
        )
    if still_to_revise(tables, "revised"):
        return "The results used here are revised ones. Final ones can still differ a little."
    if statuses == {"final"}:
        return "The results used here are final."
    if any(not wording.is_missing(status) for status in statuses):
        return "Later results than those used here are on file already: no others are awaited."
    return "All of this is made again by the same rules when results are published."


def _blocks(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    yield from _coming(tables)
    cells = tuple(filter(None, (_support(gallery), _beside_others(tables, gallery))))
    words = (Heading(3, "Words used"), Terms(words_used(tables)))
    if len(cells) == 1:  # a lone chart shares its row with the words
        yield Columns((*cells, words))
    else:
        yield from [Columns(cells)] * bool(cells)
        yield from words
    yield Paragraph(_who_to_ask(tables["study"][0]))


def _coming(tables: Tables) -> Iterator[Block]:
    waiting = not_yet_published(tables)
    if waiting:
        yield Terms(waiting)
    yield Paragraph(what_will_change(tables))
    yield from (Paragraph(text) for text in changes(tables).sentences if text != NOTHING)


def _support(gallery: Gallery) -> tuple[Block, ...]:
    charts = gallery.of("support_timeline")
    return (Heading(3, "When support began, and when tests came"), *charts) if charts else ()


def _beside_others(tables: Tables, gallery: Gallery) -> tuple[Block, ...]:
    """The authority's results of the programmes' own pupils: the first chart, and all in words."""
    said = in_short(tables)
    if not said:
        return ()
    main = dict.fromkeys(
        (programme["target_group"], row["measure"])
        for programme in where(tables["programme"], is_evaluated=True)
        for row in where(tables["measure"], programme=programme["programme"], is_primary=True)
    )
    charts = [
        figure
        for group, measure in main
        for figure in gallery.of("authority_context", programme=str(group), measure=measure)
    ]
    return (
        Heading(3, "The authority beside others"),
        *charts[:1],
        *(Paragraph(text) for text in said),
    )


def _who_to_ask(study: Row) -> str:
    if wording.is_missing(study["contact"]) or not study["contact"]:
        return "Questions: to whoever gave you this pack."
    return f"Questions: {cite(study, 'as_it_is', 'contact')}."


def _other_schools(pools: Collection[str]) -> Iterator[Term]:
    """Who the schools outside the programme are, in the averages and in the comparisons."""
    who = (
        "State-funded mainstream schools of the area that are not in the programme and have results. "
        "They may take part in other programmes."
    )
    if "matched" not in pools:
        yield Term("Other schools", who)
        return
    are_all_matched = set(pools) == {"matched"}
    which = (
        "no programme is compared with them"
        if are_all_matched
        else "not every programme is compared with them"
    )
    yield Term("Other local schools", f"{who} Their averages are printed, but {which}.")
    yield Term(
        wording.capitalised(wording.POOL_LABELS["matched"]),
        "State-funded mainstream schools elsewhere, in none of these programmes, that were most like the "
        "programme’s schools before. The effect is estimated from these.",
    )


def words_used(tables: Tables) -> tuple[Term, ...]:
    """The glossary: terms as this study uses them, and measures whose label does not explain itself."""
    (study,) = tables["study"]
    confidence = cite(study, "percent", "confidence_share")
    minimum_cell = cite(study, "count", "minimum_cell")
    evaluated = where(tables["programme"], is_evaluated=True)
    groups = {row["target_group"] for row in evaluated}
    words = [
        Term(
            "Cannot tell",
            "The results leave the question open. It does not mean that the support did nothing.",
        ),
        Term(
            f"If picked on {results_before(tables)}, if picked for a lasting need",
            "The two usual ways of choosing schools. Each has its own fair comparison. If schools were "
            "chosen in some other way, both can be wrong.",
        ),
        Term(
            "Allowing for chance",
            f"How far off a comparison could be by chance, at the usual {confidence} level.",
        ),
        Term(
            "Fixed beforehand, the study’s protocol",
            "The rules of this study: whose results, of which years, and what effect would matter. They "
            "are to be written down before the results are seen.",
        ),
        *_other_schools({str(row["comparison_pool"]) for row in evaluated}),
    ]
    in_use = dict.fromkeys(row["measure"] for row in tables["measure"])
    words += [
        Term(measure_label(measure, tables), meaning)
        for measure in in_use
        if (meaning := meaning_of(measure))
    ]
    if "disadvantaged" in groups:
        means = wording.disadvantage_means(row["kind"] for row in tables["source"])
        words.append(Term("Disadvantaged pupils", f"Pupils recorded in the results as {means}."))
    if "sen_support" in groups:
        words.append(
            Term(
                "SEN support",
                "Help in school for a special educational need, without an education, health and care "
                "(EHC) plan.",
            )
        )
    if is_anything_withheld(tables):
        words.append(
            Term(
                wording.WITHHELD,
                f"Withheld, so that no pupil is recognised: fewer than {minimum_cell} pupils, or a figure "
                "that would give such a number away.",
            )
        )
    return tuple(words)
