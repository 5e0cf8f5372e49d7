"""One evaluated programme in sentences: what it is, its funding, and its schools compared."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.catalogue.comparison_reason import LEFT_OUT_LABELS
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.released.questions import primary_headlines, schools_words
from pipelines.study.key_stages import AT_KEY_STAGE, KEY_STAGE_RESULTS, KEY_STAGES


@dataclass(frozen=True)
class Coverage:
    """How many of a programme's schools have comparable results at one key stage."""

    key_stage: str
    sentence: str
    why_not: str
    left_out: str
    reasons: str


def facts_of(programme: Row) -> tuple[str, ...]:
    """The programme's pupils, schools, start and funding, a sentence each."""
    n_schools, n_expected = programme["n_schools"], programme["n_expected_schools"]
    schools = schools_words(programme, "n_schools")
    if not wording.is_missing(n_expected) and n_expected != n_schools:
        schools += f" on the list ({cite(programme, 'count', 'n_expected_schools')} expected)"
    facts = [
        f"Pupils looked at: {wording.format_group(programme['target_group'])}.",
        f"{schools}. {_how_chosen(programme)}",
    ]
    if programme["is_placebo"]:
        return tuple(facts)
    if not wording.is_missing(programme["starts"]):
        facts.append(f"Began on {cite(programme, 'date', 'starts')}.")
    if not wording.is_missing(programme["funding_gbp"]):
        money = cite(programme, "gbp", "funding_gbp")
        facts.append(f"Funding, as stated: {money}. Paid by: {programme['fund']}.")
        facts.append(_money_a_pupil(programme))
    return tuple(facts)


def _how_chosen(programme: Row) -> str:
    """What its schools were chosen on, which decides which of the two comparisons is unbiased."""
    on = programme["chosen_on"]
    if programme["is_placebo"]:
        return (
            "They were picked by a rule."
            if wording.is_missing(on)
            else f"Picked by a rule on the results of {on}."
        )
    if wording.is_missing(on):
        return "It is not on record how they were picked."
    return f"The rules fixed beforehand say: picked on results of {on}."


def _money_a_pupil(programme: Row) -> str:
    """The funding for each target pupil on roll, or why it cannot be given."""
    group, year = programme["target_group"], programme["census_academic_year"]
    if group not in wording.CENSUS_GROUP_LABELS:
        return (
            f"The school census does not count {wording.format_group(group)}, so the funding cannot "
            "be set against their number."
        )
    pupils = "pupils" if group == "all" else wording.CENSUS_GROUP_LABELS[group]
    cannot_say = f"What that is for each of the {pupils} on roll cannot be said"
    if wording.is_missing(year):
        return f"{cannot_say}: no school census is on file."
    census = cite(programme, "census", "census_academic_year")
    if programme["n_schools_with_census"] < programme["n_schools"]:
        n_without = cite(programme, "difference", "n_schools", "n_schools_with_census")
        return (
            f"{cannot_say}: the {census} has no figure for {n_without} of its "
            f"{schools_words(programme, 'n_schools')}."
        )
    if wording.is_missing(programme["funding_gbp_per_target_pupil"]):
        return f"{cannot_say}: the {census} counts none of them, or too few to show."
    return (
        f"{cite(programme, 'gbp', 'funding_gbp')} is about "
        f"{cite(programme, 'gbp', 'funding_gbp_per_target_pupil')} for each of the "
        f"{cite(programme, 'count', 'n_target_pupils_on_roll')} {pupils} on roll in all year groups "
        f"of its {schools_words(programme, 'n_schools')} ({census})."
    )


def coverage_of(programme: Row, tables: Tables) -> tuple[Coverage, ...]:
    """Which of a programme's schools can be compared, for each key stage, and why others cannot."""
    headlines = primary_headlines(programme["programme"], tables)
    coverage = []
    for key_stage in KEY_STAGES:
        counts = where(
            tables["school_count"], programme=programme["programme"], key_stage=key_stage
        )
        if not counts:
            continue
        compared = where(counts, reason="compared")
        left_out = [row for row in counts if row["reason"] != "compared"]
        status = next(
            (row["release_status"] for row in headlines if row.measure.key_stage == key_stage),
            None,
        )
        reasons = "; ".join(
            f"{_colon_free(LEFT_OUT_LABELS[row['reason']])} ({cite(row, 'count', 'n_schools')})"
            for row in left_out
        )
        n_left_out = cite(left_out, "count", "n_schools") if left_out else ""
        who = f"The other {n_left_out} cannot be" if compared else "Why not"
        coverage.append(
            Coverage(
                key_stage=key_stage,
                sentence=_coverage_sentence(programme, key_stage, compared, status),
                why_not=f"{who}: {reasons}." if left_out else "",
                left_out=n_left_out,
                reasons=reasons,
            )
        )
    return tuple(coverage)


def _coverage_sentence(
    programme: Row, key_stage: str, compared: list[Row], status: str | None
) -> str:
    """ "11 of the 18 schools have Key Stage 2 results that can be compared (provisional)." """
    n_compared = sum(row["n_schools"] for row in compared)
    schools = schools_words(programme, "n_schools")
    who = f"{cite(compared, 'count', 'n_schools') if compared else 'None'} of the {schools}"
    if n_compared == programme["n_schools"]:
        who = f"All {schools}" if n_compared > 1 else "The one school"
    if wording.is_missing(status):
        when = "once results are out" if compared else "yet"
        what = f"can be compared {AT_KEY_STAGE[key_stage]} {when}"
    else:
        verb = "has" if n_compared == 1 else "have"
        what = f"{verb} {KEY_STAGE_RESULTS[key_stage]} that can be compared"
    return f"{who} {what} ({wording.format_status(status)})."


def _colon_free(reason: object) -> str:
    """ "special school: reported apart" → "special school, reported apart", for use in a list."""
    return wording.typographic(reason).replace(": ", ", ")
