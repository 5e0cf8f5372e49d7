"""The planner's page: what a study could see before it is paid for, what it would need, a draft protocol.

Every figure is cited from the two tables of `planning.plan_table`. The charts are in
`charts.schools_and_years`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipelines.board import tables as word_tables
from pipelines.board.figures import DrawnChart
from pipelines.charts.schools_and_years import chart_name
from pipelines.document.blocks import (
    Block,
    Bullets,
    Columns,
    Document,
    Figure,
    Heading,
    Item,
    Link,
    Links,
    Notice,
    Paragraph,
    Section,
    Snippet,
    Table,
    Term,
    Terms,
)
from pipelines.planning.plan import MOST_TIMES, StagePlan, draft
from pipelines.planning.plan_table import NEEDED, SEEN
from pipelines.planning.study_power import OUTCOME_YEARS
from pipelines.released import wording
from pipelines.released.citations import (
    Row,
    capitalised,
    cite,
    cite_quotes,
    sentence,
    where,
)
from pipelines.released.questions import in_sentence
from pipelines.study.key_stages import KEY_STAGE_LABELS
from pipelines.study.settings import Programme, Study

Rows = Mapping[str, Sequence[Row]]
_YEARS = tuple(f"{wording.in_words(n)} {'year' if n == 1 else 'years'}" for n in OUTCOME_YEARS)
_TIMES = {50: "fifty"}[MOST_TIMES]
_BRACKETS = (
    "First: if the two comparisons differ as much as earlier results suggest. In brackets: if both sides’ "
    "earlier results were alike, so that they agree."
)


def plan_page(
    study: Study, stages: Sequence[StagePlan], rows: Rows, charts: Sequence[DrawnChart]
) -> Document:
    """The document, from the plan, its two tables of rows and its drawn charts."""
    section = study.study
    years = wording.join_words(sorted(section.baseline_years))
    sections: list[Section] = []
    for programme in dict.fromkeys(stage.programme.id for stage in stages):
        own = [stage for stage in stages if stage.programme.id == programme]
        blocks = tuple(block for stage in own for block in _stage(stage, rows, charts))
        title = own[0].programme.title
        sections.append(Section(programme, title, blocks, starts_page=len(sections) > 0))
    sections.append(Section("how", "How this was worked out", tuple(_how(study, years))))
    return Document(
        title=f"What this study could see: {section.title}",
        description="The smallest effects a planned study would show, and what smaller ones would take.",
        kicker=f"{section.local_authority_name} · from results of {years} alone · draft",
        opening=(_opening(stages, rows), Paragraph(_first_words(years), look="lead")),
        sections=tuple(sections),
        closing=(Links((Link("All figures as a table", "power_plan.csv", "power_plan.csv"),)),),
    )


def chart_rows(stages: Sequence[StagePlan], rows: Rows) -> Iterator[tuple[Programme, list[Row]]]:
    """The rows of each chart: the best measure of each programme and key stage, then its primary one."""
    for stage in stages:
        for of_measure in _measures_in_full(stage, rows):
            yield stage.programme, [row for row in of_measure if row["size"] != "half"]


def _first_words(years: str) -> str:
    return (
        "An effect of that size would be seen eight times in ten; a smaller one less often, however real it "
        f"is. Results of {years} were read, and no others."
    )


def _opening(stages: Sequence[StagePlan], rows: Rows) -> Notice:
    """What each programme's study shows as planned, in large letters."""
    said = []
    for stage in stages:
        primary = next(iter(where(_planned(stage, rows), is_primary=True, outcome_years=1)), None)
        if primary is None or not wording.is_shown(primary):
            continue
        least = cite(primary, "size", "mde")
        words = f"{stage.programme.title} would show {least} or more of {_label(primary)}"
        if primary["smallest_effect"] is not None:
            words += f" ({cite(primary, 'size', 'smallest_effect')} would matter)"
        said.append(words)
    if not said:
        return Notice("No primary measure of the protocol can be estimated.", is_answer=True)
    return Notice(f"{'; '.join(said)}.", strong="As planned,", is_answer=True)


def _stage(stage: StagePlan, rows: Rows, charts: Sequence[DrawnChart]) -> Iterator[Block]:
    planned = where(_planned(stage, rows), outcome_years=1)
    group = wording.format_group(planned[0]["pupil_group"])
    yield Heading(3, f"{KEY_STAGE_LABELS[stage.measures[0].measure.key_stage]}: {group}")
    if not any(wording.is_shown(row) for row in planned):
        yield Paragraph(_why_nothing(planned))
        return
    in_full = _measures_in_full(stage, rows)
    yield Bullets(tuple(item for own in in_full for item in _of_measure(own, rows)))
    figures = [_figure(stage, own, charts) for own in in_full]
    yield Columns(tuple((figure,) for figure in figures if figure is not None))
    for own in in_full:
        yield _by_size(own)
    yield _by_measure(stage, rows)
    yield from _draft(stage, rows)


def _planned(stage: StagePlan, rows: Rows) -> list[Row]:
    return where(
        rows[SEEN], programme=stage.programme.id, key_stage=stage.key_stage, size="planned"
    )


def _measures_in_full(stage: StagePlan, rows: Rows) -> list[list[Row]]:
    """All rows of the protocol's primary measure and of the best one, each if it has figures."""
    of_stage = where(rows[SEEN], programme=stage.programme.id, key_stage=stage.key_stage)
    kept = [
        row for row in of_stage if (row["is_best"] or row["is_primary"]) and wording.is_shown(row)
    ]
    names = dict.fromkeys(_name(row) for row in sorted(kept, key=lambda row: not row["is_primary"]))
    return [[row for row in kept if _name(row) == name] for name in names]


def _name(row: Row) -> tuple[str, bool]:
    return row["measure"], row["is_pupil_adjusted"]


def _label(row: Row) -> str:
    label = in_sentence(row.measure.label)
    return f"{label}, prior attainment allowed for" if row["is_pupil_adjusted"] else label


def _why_nothing(planned: Sequence[Row]) -> str:
    primary = (where(planned, is_primary=True) or list(planned))[0]
    return sentence(f"{_label(primary)}: {cite(primary, 'text', 'reason')}")


def _of_measure(own: Sequence[Row], rows: Rows) -> Iterator[Item]:
    """What the planned study sees on a measure, and what the smallest effect that matters would take."""
    (first,) = where(own, size="planned", outcome_years=1)
    role = "the protocol’s primary measure" if first["is_primary"] else "sees the smallest effect"
    schools = cite(first, "count", "n_programme_schools")
    yield Item(
        f"With {schools} schools, {cite(first, 'count', 'n_comparison_schools')} others and one year of "
        f"results, {cite(first, 'size', 'mde')} or more would show eight times in ten; "
        f"{cite(first, 'size', 'mde_if_ends_agree')} if both sides’ earlier results were alike.",
        strong=f"{capitalised(_label(first))} ({role}).",
    )
    if first.measure.meaning:
        yield Item(first.measure.meaning)
    needs = [
        row
        for row in where(rows[NEEDED], programme=first["programme"], measure=first["measure"])
        if row["is_pupil_adjusted"] == first["is_pupil_adjusted"]
    ]
    if not needs:
        return
    as_it_is, alike = (where(needs, is_alike=is_alike) for is_alike in (False, True))
    yield Item(
        f"{_need(as_it_is, first)} If both sides’ earlier results were alike: {_need(alike, None)}",
        strong=f"To see {cite(needs[0], 'size', 'smallest_effect')}:",
    )


def _need(needs: Sequence[Row], first: Row | None) -> str:
    """The schools that the smallest effect takes, by years, or the years that the planned schools need."""
    by_years = {row["outcome_years"]: row for row in needs}
    known = [row for row in needs if row["n_programme_schools"] is not None]
    years = needs[0]["years_at_planned_size"]
    here = (
        f"with the planned schools, {_YEARS[years - 1]} of results are enough."
        if years is not None and years > 1
        else "the planned schools are enough with one year."
        if years is not None
        else "with the planned schools, not even three years would do."
    )
    if years == 1:
        return here
    if not known:
        if first is not None and first["distance"] is not None and _is_too_far(first):
            return (
                "no number of schools or years would do, since the two comparisons themselves lie "
                f"{cite(first, 'size', 'distance')} apart."
            )
        return f"more than {_TIMES} times as many schools; {here}"
    said = []
    for place in (1, 3):
        row = by_years[place]
        if row["n_programme_schools"] is not None:
            said.append(
                f"{cite(row, 'count', 'n_programme_schools')} schools and "
                f"{cite(row, 'count', 'n_comparison_schools')} others with {_YEARS[place - 1]} of results"
            )
    return f"{', or '.join(said)}; {here}"


def _is_too_far(first: Row) -> bool:
    return bool(first["distance"] >= first["smallest_effect"])


def _figure(stage: StagePlan, own: Sequence[Row], charts: Sequence[DrawnChart]) -> Figure | None:
    chart = next((chart for chart in charts if chart.name == chart_name(own[0])), None)
    if chart is None:
        return None
    title = cite_quotes(chart.title, chart.name, chart.title_from)
    label = f"{title} ({stage.programme.title}, {_label(own[0])})"
    return Figure(
        name=chart.name,
        label=label,
        title=title,
        alt_text=chart.alt_text,
        caption=chart.caption,
        svg=chart.svg,
        table=word_tables.of_chart(chart.name, label, chart.data),
        has_files=False,
    )


def _by_size(own: Sequence[Row]) -> Table:
    sizes = dict.fromkeys(row["size"] for row in own)
    return Table(
        f"{capitalised(_label(own[0]))}: smallest effect seen, in {wording.UNIT_LABELS[own[0]['unit']]}, by "
        "schools and years of results",
        ("Schools in the programme", "Other schools", *map(capitalised, _YEARS)),
        tuple(
            (
                _size_words(of_size[0]),
                cite(of_size[0], "count", "n_comparison_schools"),
                *(_both(row) for row in of_size),
            )
            for of_size in (where(own, size=size) for size in sizes)
        ),
        note=_BRACKETS,
    )


def _size_words(row: Row) -> str:
    n = cite(row, "count", "n_programme_schools")
    if row["size"] == "planned":
        return f"{n} (as planned)"
    return f"{n} (half of all schools compared)" if row["size"] == "half" else n


def _both(row: Row) -> str:
    return f"{cite(row, 'bare', 'mde')} ({cite(row, 'bare', 'mde_if_ends_agree')})"


def _by_measure(stage: StagePlan, rows: Rows) -> Table:
    planned = _planned(stage, rows)
    names = dict.fromkeys(_name(row) for row in planned if wording.is_shown(row))
    lines = []
    for name in names:
        own = [row for row in planned if _name(row) == name]
        marks = [
            words
            for words, column in (
                ("the protocol’s", "is_primary"),
                ("sees the smallest effect", "is_best"),
            )
            if own[0][column]
        ]
        lines.append(
            (
                capitalised(_label(own[0])) + (f" ({', '.join(marks)})" if marks else ""),
                wording.UNIT_LABELS[own[0]["unit"]],
                *(_both(row) for row in own),
                wording.NOT_AVAILABLE
                if own[0]["mde_attainment_sd"] is None
                else cite(own[0], "sd_size", "mde_attainment_sd"),
            )
        )
    return Table(
        "Every measure with the planned schools",
        ("Measure", "In", *map(capitalised, _YEARS), "One year, in SDs of attainment"),
        tuple(lines),
        note=f"{_BRACKETS} Standard deviations (SD) of the pupils’ attainment make measures comparable.",
    )


def _draft(stage: StagePlan, rows: Rows) -> Iterator[Block]:
    planned = where(_planned(stage, rows), outcome_years=1)
    best = next(iter(where(planned, is_best=True)), None)
    if best is None:
        return
    yield Heading(4, "Draft for the protocol")
    sees = f"{cite(best, 'sd_size', 'mde_attainment_sd')} SD of attainment"
    why = f"{capitalised(_label(best))} sees the smallest effect of the measures suited: {sees}"
    primary = next(iter(where(planned, is_primary=True)), None)
    if best["is_primary"]:
        why += ". It is the protocol’s primary measure already."
    elif primary is not None and primary["mde_attainment_sd"] is not None:
        why += (
            f", where {_label(primary)}, the protocol’s, sees "
            f"{cite(primary, 'sd_size', 'mde_attainment_sd')}."
        )
    else:
        why += "."
    yield Paragraph(
        f"{why} A measure of one subject is suited only where the protocol asks for it. Choose another if "
        "this is not what the programme is to change: before results are seen, and with the smallest effect "
        "that would matter."
    )
    yield Snippet("\n".join(line.removeprefix("  ") for line in draft(stage)))


def _how(study: Study, years: str) -> Iterator[Block]:
    matched = [p.title for p in study.evaluated_programmes if p.comparison_pool == "matched"]
    yield Terms(
        (
            Term(
                "What is read",
                f"Results of {years}. The latest stands in for {study.study.outcome_year}: as many schools "
                "and pupils are expected. The outcome year’s files are not opened.",
            ),
            Term(
                "Seen",
                "The headline, which needs both of its comparisons to agree, leaves zero out in eight of ten "
                "such studies, at the usual error level of one in twenty.",
            ),
            Term(
                "Why the two comparisons may differ",
                "One sets schools against schools with the same earlier results, the other takes the change "
                "since earlier years. Where the programme’s schools were weaker before, the two differ by "
                "what would have faded anyway. No number of schools or years removes that; schools chosen by "
                "lot, or on both sides alike, do.",
            ),
            Term(
                "More years",
                "The effect is taken to be the same in each. Chance of the pupils tested, and what passes "
                "from year to year in a school, average out. What lasts in a school does not.",
            ),
            Term(
                "More schools",
                "They are taken to be like these, with as many pupils. An authority may not have as many.",
            ),
            *(
                [
                    Term(
                        "Similar schools elsewhere",
                        f"{wording.join_words(matched)}: computed with local comparison schools, since "
                        "similar schools are chosen once there are outcomes.",
                    )
                ]
                if matched
                else []
            ),
            *(
                [
                    Term(
                        "One earlier year",
                        "It cannot show what lasts in a school, so nothing is assumed to last (the worst "
                        "case).",
                    )
                ]
                if len(study.study.baseline_years) == 1
                else []
            ),
        )
    )
