"""Page one: the answer in plain words, one column for each programme, and one chart.

The programme pages and the technical report give the evidence for each sentence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pipelines.board.answers import (
    is_improvement,
    is_of_the_compared,
    levels_of,
    naive_row,
    two_readings,
)
from pipelines.board.changes import still_to_revise
from pipelines.board.figures import Gallery
from pipelines.board.voices import agreement_words
from pipelines.document.blocks import Block, Columns, Figure, Heading, Notice, Paragraph, Table
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, sentence, where
from pipelines.released.questions import (
    PLACEBO,
    are_schools_left_out,
    asked_of,
    evaluated_programmes,
    in_short,
    inside_words,
    measure_label,
    n_pupils_words,
    not_alike,
    others_words,
    outcome_words,
    outcome_years,
    primary_headlines,
    results_before,
    schools_words,
    two_years,
    year_before,
)
from pipelines.study.key_stages import KEY_STAGE_PUPILS, TESTS

_ASKED_SO_FAR = 12  # months, up to which a delay is given in months


def opening(tables: Tables, gallery: Gallery) -> tuple[Block, ...]:
    """The blocks of page one, under the title."""
    programmes = evaluated_programmes(tables)
    real = [row for row in programmes if not row["is_placebo"]] or programmes
    headlines = [h for row in real for h in primary_headlines(row["programme"], tables)]
    return (
        _answer(real, headlines, tables),
        *_placebos(programmes),
        *_programmes(programmes, headlines, tables, gallery),
        *_asked(tables),
    )


def _answer(real: list[Row], headlines: list[Row], tables: Tables) -> Notice:
    """The answer in large letters, and how not to read it."""
    verdicts = {str(row["verdict"]) for row in headlines}
    if verdicts <= {"cannot_tell"}:
        estimated = [row for row in headlines if wording.is_shown(row)]
        is_open = all(map(_fits_both, estimated))
        if not estimated:
            why = "There are too few results to compare so far."
        elif is_open:
            why = "Pupils may have gained, lost or stayed the same."
        else:
            why = "The results leave the question open."
        if any(_is_too_small(row, tables) for row in estimated):
            which = "The studies are" if len(real) > 1 else "The study is"
            why += f" {which} too small to show an effect worth having, so this"
        else:
            why += " This"
        is_real = not all(row["is_placebo"] for row in real)
        is_paid = any(not wording.is_missing(row["funding_gbp"]) for row in real)
        what = "the money was wasted" if is_paid else "nothing changed"
        return Notice(
            f"{why} is not a finding that {what}.",
            strong="We cannot tell yet." if is_real else "Cannot tell.",
            is_answer=True,
        )
    said = [
        f"{row['title']}: {wording.format_verdict(headline['verdict'])} "
        f"({outcome_words(headline, tables)})"
        for row in real
        for headline in primary_headlines(row["programme"], tables)
    ]
    return Notice(f"{'; '.join(said)}.", is_answer=True)


def _is_too_small(headline: Row, tables: Tables) -> bool:
    """Whether the study was unlikely to detect the smallest effect that matters."""
    asked = asked_of(headline, tables)
    smallest = None if asked is None else asked["smallest_effect"]
    return not (wording.is_missing(smallest) or wording.is_missing(headline["mde"])) and bool(
        headline["mde"] > smallest
    )


def _placebos(programmes: list[Row]) -> Iterator[Notice]:
    for row in programmes:
        if row["is_placebo"]:
            yield Notice(
                f"“{row['title']}”: {PLACEBO}. Schools were put on its list by a rule and nothing was "
                "done for them. It tests the method.",
                strong="Not a real programme.",
            )


def _programme(programme: Row, tables: Tables) -> Iterator[Block]:
    yield Heading(2, str(programme["title"]))
    yield Paragraph(_facts(programme, tables))
    for headline in primary_headlines(programme["programme"], tables):
        yield from _outcome(headline, programme, tables)
    said = agreement_words(str(programme["programme"]), tables)
    if said:
        yield Paragraph(said, strong="Schools say.")


def _facts(programme: Row, tables: Tables) -> str:
    """ "18 schools, £200,000, from January 2018. Key Stage 2 tests came four months later." """
    if programme["is_placebo"]:
        return f"{schools_words(programme, 'n_schools')} on a list. Nothing was done for them."
    facts = [schools_words(programme, "n_schools")]
    if not wording.is_missing(programme["funding_gbp"]):
        facts.append(cite(programme, "gbp", "funding_gbp"))
    if not wording.is_missing(programme["starts"]):
        facts.append(f"from {cite(programme, 'month', 'starts')}")
    return f"{', '.join(facts)}. {_until_tests(programme, tables)}".strip()


def _until_tests(programme: Row, tables: Tables) -> str:
    asked = [
        row
        for row in where(tables["measure"], programme=programme["programme"], is_primary=True)
        if not wording.is_missing(row["tests_from"])
    ]
    if not asked or wording.is_missing(programme["starts"]):
        return ""
    first = min(asked, key=lambda row: str(row["tests_from"]))
    begins, tests = (
        dt.date.fromisoformat(str(day)[:10]) for day in (programme["starts"], first["tests_from"])
    )
    months = (tests.year - begins.year) * 12 + tests.month - begins.month
    what = TESTS[first["key_stage"]][0]
    if months < 0:
        return f"{what} came before it began."
    if months == 0:
        return f"{what} came in the same month."
    if months > _ASKED_SO_FAR:
        return f"{what} came more than a year later."
    return f"{what} came {wording.in_words(months)} {'month' if months == 1 else 'months'} later."


def _outcome(headline: Row, programme: Row, tables: Tables) -> Iterator[Paragraph]:
    label = measure_label(headline["measure"], tables)
    pupils = KEY_STAGE_PUPILS[headline.measure.key_stage]
    short = in_short(headline["measure"])
    strong = f"{label}{f', {short}' if short else ''} ({pupils})."
    if not wording.is_shown(headline):
        yield Paragraph(_why_not(headline), strong=strong)
        return
    yield Paragraph(_happened(headline, programme, tables), strong=strong)
    yield Paragraph(_compared(headline, programme, tables))
    power = _power(headline, tables)
    if power:
        yield Paragraph(power)


def _why_not(headline: Row) -> str:
    """The reason in its shortest form; the programme's page gives it in full."""
    if wording.is_missing(headline["verdict_reason"]):
        return "No reason is on file."
    reason = wording.typographic(headline["verdict_reason"]).partition(":")[0]
    if any(character.isdigit() for character in reason):
        return sentence(cite(headline, "text", "verdict_reason"))
    return (
        f"{sentence(reason).rstrip('.')} to judge."
        if reason == "too few schools"
        else sentence(reason)
    )


def _happened(headline: Row, programme: Row, tables: Tables) -> str:
    """Both sides' averages in two years, the plain change, and why it misleads."""
    group = wording.format_group(headline["pupil_group"])
    compared = schools_words(headline, "n_programme_schools")
    judged = outcome_years(tables)
    together = f", over {wording.join_words(judged)} together" if len(judged) > 1 else ""
    start = f"{compared} can be compared{together}."
    levels = levels_of(headline, tables)
    years = two_years(levels, headline, tables)
    is_local = programme["comparison_pool"] == "local"
    is_of_compared = is_local and is_of_the_compared(headline, levels)
    shown = [
        f"in {year}, {cite(inside, 'value', 'mean')} and {cite(outside, 'value', 'mean')}"
        for year in years
        for inside, outside in [(levels[year]["programme"], levels[year]["rest"])]
        if wording.is_shown(inside) and wording.is_shown(outside)
    ]
    if shown:
        there = "there"
        others = "elsewhere" if is_local else "in other local schools"
        if not is_of_compared:
            which = "compared or not" if is_local else "which are not those compared"
            there, others = inside_words(programme), f"{others}, {which}"
        if are_schools_left_out(side for year in years for side in levels[year].values()):
            others += ", without a few tiny schools"
        start += f" Averages of {group} {there} and {others}: {'; '.join(shown)}."
        if not_alike(headline["measure"], years, tables):
            start += " The two years were not measured alike."
    naive = naive_row(headline, tables)
    if naive is None:
        return start
    is_of_averages = bool(shown) and is_of_compared
    return f"{start} {_plain_change(naive, programme, tables, is_of_averages=is_of_averages)}"


def _plain_change(naive: Row, programme: Row, tables: Tables, *, is_of_averages: bool) -> str:
    """The change since last year; `is_of_averages` if it follows from the averages just printed."""
    change = wording.rounded(naive["estimate_low"], naive["unit"], naive.measure.decimals)
    if change == 0:
        return f"The plain change since {year_before(tables)} is that of {others_words(programme)}."
    is_gain = is_improvement(naive)
    is_local = programme["comparison_pool"] == "local"
    among = "Among the schools compared" if is_local else f"Against {others_words(programme)}"
    what = "That" if is_of_averages else f"{among}, the change since {year_before(tables)}"
    size = cite(naive, "size", "estimate_low")
    looks = f"{what} looks like a {'gain' if is_gain else 'loss'} of {size}."
    anyway = naive["expected_anyway"]
    is_known = not wording.is_missing(anyway)
    if is_known and anyway / naive["estimate_low"] > 0:
        picked = "after a weak year" if is_gain else f"on {results_before(tables)}"
        part = _part_of(anyway, naive["estimate_low"])
        return f"{looks} If picked {picked}, {part} would have come anyway."
    if is_gain and not is_known:
        return f"{looks} Weak years tend to recover unaided, so do not trust it."
    return f"{looks} It is no fair comparison: one year can be chance, and the two sides differ."


def _part_of(anyway: float, change: float) -> str:
    """How much of a change was to be expected, in words: readers should not add figures up."""
    part = anyway / change
    if part >= 1:
        return "all of it"
    return "most of it" if part >= 0.5 else "part of it"


def _compared(headline: Row, programme: Row, tables: Tables) -> str:
    low, high = cite(headline, "signed", "ci_low"), cite(headline, "effect", "ci_high")
    who = "" if programme["comparison_pool"] == "local" else f", against {others_words(programme)}"
    return (
        f"Two fair comparisons{who}: {two_readings(headline, tables)}. Together, chance "
        f"allows anything from {low} to {high}."
    )


def _power(headline: Row, tables: Tables) -> str:
    if wording.is_missing(headline["mde"]):
        return ""
    likely = cite(headline, "size", "mde")
    n_pupils = n_pupils_words(headline, "n_programme_pupils", tables)
    asked = asked_of(headline, tables)
    shows = f"Likely to show with {n_pupils} pupils’ results: {likely} or more."
    if asked is None or wording.is_missing(asked["smallest_effect"]):
        return shows
    smallest = cite(asked, "size", "smallest_effect")
    return f"Worth having, as fixed beforehand: {smallest}. {shows}"


def _programmes(
    programmes: list[Row], headlines: list[Row], tables: Tables, gallery: Gallery
) -> Iterator[Columns]:
    """The charts of the main comparisons side by side under a heading, then a column a programme.

    One chart of one programme stands beside its column.
    """
    columns = tuple(tuple(_programme(row, tables)) for row in programmes)
    figures: list[Figure] = [
        figure
        for programme in programmes
        for figure in gallery.of("answer", programme=str(programme["programme"]))
    ]
    if not figures:
        yield Columns(columns)
        return
    estimated = [row for row in headlines if wording.is_shown(row)]
    is_open = all(row["verdict"] == "cannot_tell" and _fits_both(row) for row in estimated)
    finding = "Not to be judged yet: gains and losses both fit"
    heading = finding if estimated and is_open else "What two fair comparisons say"
    charts = tuple((figure,) for figure in figures)
    if len(charts) == len(columns) == 1:
        yield Columns((*charts, *columns), heading=heading, level=2)
        return
    yield Columns(charts, heading=heading, level=2)
    yield Columns(columns)


def _fits_both(headline: Row) -> bool:
    """Whether the confidence interval includes both a gain and a loss."""
    return bool(headline["ci_low"] < 0 < headline["ci_high"])


def _asked(tables: Tables) -> Iterator[Table | Paragraph]:
    """The board's claims and questions with their answers, and what comes next; one row is no table."""
    rows, see = [], []
    for row in tables["claims"]:
        if row["kind"] == "expected_schools" and row["result"] == "holds":
            continue  # the bid named the right number of schools
        rows.append((cite(row, "text", "claim"), _found(row)))
        see.append("claims")
    waiting = tables["not_yet_published"]
    coming = [measure_label(row["measure"], tables) for row in waiting]
    said = (
        f"{wording.join_words(dict.fromkeys(coming))} are still to be published." if coming else ""
    )
    if to_revise := still_to_revise(tables, "school_return", "provisional"):
        said += (
            f" Revised results of {wording.join_words(to_revise)} follow; all of this is then made again "
            "by the same rules."
        )
    if any(_is_too_small(row, tables) for row in where(tables["impact"], role="headline")):
        said += " To decide: whether to measure again next year, with more schools."
    if said:
        rows.append(("What comes next", said.strip()))
        see.append("next")
    if len(rows) == 1:
        ((asked, answer),) = rows
        yield Paragraph(answer, strong=f"{asked}.")
    elif rows:
        yield Table(
            "What was asked and claimed",
            ("Asked or claimed", "Answer"),
            tuple(rows),
            see=tuple(see),
        )


def _found(row: Row) -> str:
    words = "count" if row["unit"] == "schools" else "gbp"
    result = wording.capitalised(wording.CLAIM_RESULT_LABELS[row["result"]])
    found = f"{result}: {cite(row, words, 'numerator')} of {cite(row, words, 'denominator')}."
    exceptions = row["exceptions"]
    if row["result"] == "cannot_tell" and "(not known)" in str(exceptions):
        return f"{found} Of some it is not known."
    if wording.is_missing(exceptions) or str(exceptions).count(";") > 1:
        return found
    return f"{found} Not: {cite(row, 'text', 'exceptions')}."
