"""Look-ups in released rows for documents: what a row is about, and which rows belong together.

`board` writes the sentences about results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.study.key_stages import KEY_STAGE_LABELS
from pipelines.study.measures import MEASURES

PLACEBO = "no such programme existed"


def key_stage_name(key_stage: str) -> str:
    """ "Key Stage 2", without its school year."""
    return KEY_STAGE_LABELS[key_stage].split(" (")[0]


def outcome_years(tables: Tables) -> list[str]:
    """The years whose results are judged, oldest first."""
    return str(tables["study"][0]["outcome_years"]).split(", ")


def year_before(tables: Tables) -> str:
    """The year of the change "since last year"; its name where it precedes several outcome years."""
    if len(outcome_years(tables)) == 1:
        return "last year"
    return str(tables["study"][0]["baseline_years"]).split(", ")[-1]


def results_before(tables: Tables) -> str:
    """ "last year’s results", on which schools may have been picked."""
    return wording.results_before(year_before(tables))


def two_years(levels: Iterable[str], row: Row, tables: Tables) -> list[str]:
    """Of the years with averages, the row's own and the last before the outcome years."""
    judged = set(outcome_years(tables)) - {row["academic_year"]}
    return sorted(set(levels) - judged)[-2:]


def programme_title(row: Row, tables: Tables) -> str:
    """The title of a row's programme; its id if the study has no such programme."""
    own = where(tables["programme"], programme=row["programme"])
    return str(own[0]["title"] if own else row["programme"])


def key_stage_of(row: Row) -> str:
    """The key stage of a row's measure, by name."""
    return key_stage_name(row.measure.key_stage)


def measure_label(measure: str, tables: Tables) -> str:
    """The study's own label of a measure, or the one in the catalogue of measures."""
    own = where(tables["measure"], measure=measure)
    return str(own[0]["label"]) if own else MEASURES[measure].label


def in_sentence(label: str) -> str:
    """A label inside a sentence: "Reading progress" → "reading progress"; names keep capitals."""
    is_name = label.startswith(("Attainment 8", "Progress 8")) or label[1:2].isupper()
    return label if is_name else label[:1].lower() + label[1:]


def in_short(measure: str) -> str:
    """What a measure is, in a few words, where its label does not say; "" otherwise."""
    return MEASURES[measure].in_short if measure in MEASURES else ""


def meaning_of(measure: str) -> str:
    """What a measure is, in sentences, where its label does not say; "" otherwise."""
    return MEASURES[measure].meaning if measure in MEASURES else ""


def rows_about(headline: Row, rows: Sequence[Row]) -> list[Row]:
    """The rows for a headline's programme and measure."""
    return where(rows, programme=headline["programme"], measure=headline["measure"])


def evaluated_programmes(tables: Tables) -> list[Row]:
    """The programmes whose effect is estimated, in the protocol's order."""
    return [row for row in tables["programme"] if row["is_evaluated"]]


def primary_headlines(programme: str, tables: Tables) -> list[Row]:
    """Headline rows of a programme's primary measures, by key stage."""
    headlines = where(tables["impact"], programme=programme, role="headline")
    primary = [
        row
        for row in headlines
        if (asked := asked_of(row, tables)) is not None and asked["is_primary"]
    ]
    return sorted(primary, key=lambda row: row.measure.stage_order)


def asked_of(row: Row, tables: Tables) -> Row | None:
    """The protocol's row for a row's programme and measure."""
    asked = where(tables["measure"], programme=row["programme"], measure=row["measure"])
    return asked[0] if asked else None


def outcome_words(row: Row, tables: Tables) -> str:
    """ "reading progress of pupils on SEN support"."""
    group = wording.format_group(row["pupil_group"])
    return f"{in_sentence(measure_label(row['measure'], tables))} of {group}"


def question_words(row: Row, tables: Tables) -> str:
    """ "Key Stage 2: reading progress of pupils on SEN support"."""
    return f"{key_stage_of(row)}: {outcome_words(row, tables)}"


def reason_words(row: Row) -> str:
    """The reason for a row's verdict, or for having no estimate."""
    if wording.is_missing(row["verdict_reason"]):
        return "no reason is on file"
    return cite(row, "text", "verdict_reason")


def inside_words(programme: Row) -> str:
    """Where a programme's schools are. A placebo has only a list."""
    return "on the list" if programme["is_placebo"] else "in the programme"


def others_words(programme: Row) -> str:
    """The comparison schools, in short, for a sentence that has already described them."""
    return wording.POOL_SHORT[str(programme["comparison_pool"])]


def schools_words(row: Row, column: str) -> str:
    """ "12 schools", "1 school"."""
    return f"{cite(row, 'count', column)} {'school' if row[column] == 1 else 'schools'}"


def are_schools_left_out(levels: Iterable[Row]) -> bool:
    """Whether any average leaves out small schools, which published tables would otherwise reveal."""
    return any(level["n_schools_left_out"] > 0 for level in levels)


def is_rounded(key_stage: str, tables: Tables) -> bool:
    """Whether counts of pupils with a result of this key stage are rounded, not public by school."""
    public = tables["study"][0]["public_key_stages"]
    return wording.is_missing(public) or key_stage not in str(public).split(", ")


def is_anything_rounded(tables: Tables) -> bool:
    """Whether counts are rounded in any key stage that the study asks about."""
    return any(is_rounded(row["key_stage"], tables) for row in tables["measure"])


def is_anything_withheld(tables: Tables) -> bool:
    """Whether any released figure is printed as [c]."""
    return any(row["n_withheld"] for row in tables["withheld"]) or any(
        wording.is_missing(row["programme_in_range_share"]) for row in tables["overlap"]
    )


def n_pupils_words(row: Row, column: str, tables: Tables) -> str:
    """A number of pupils with a result: "about 111" if it is rounded, else "401"."""
    about = "about " if is_rounded(row.measure.key_stage, tables) else ""
    return f"{about}{cite(row, 'count', column)}"


def not_alike(measure: str, years: Sequence[str], tables: Tables) -> str:
    """A sentence if the years lie on both sides of a series break; otherwise ""."""
    found = [
        row
        for row in where(tables["series_break"], measure=measure)
        if years and min(years) < row["academic_year"] <= max(years)
    ]
    what = "; ".join(cite(row, "text", "what") for row in found)
    return f"These years are not measured alike: {what}." if found else ""
