"""What the released tables let a board say, as frozen dataclasses holding finished sentences.

Every sentence is computed from a row and its verdict, and every number in it is cited (`cited`). No
HTML here (`page`), no tables (`tables`): rounding and codes are put into words by `pipelines.wording`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines import wording
from pipelines.board.cited import Row, Tables, capitalised, cite, plain, sentence, where
from pipelines.board.series_breaks import not_alike
from pipelines.measures import MEASURES

KEY_STAGES = ("ks2", "ks4")
PLACEBO = "no such programme existed"


@dataclass(frozen=True)
class Coverage:
    """How many of a programme’s schools have results of one key stage that can be compared."""

    key_stage: str
    sentence: str
    why_not: str
    left_out: str
    reasons: str


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
    """What a reader would take from the change since last year, and why that is unsafe."""

    question: str
    says: str
    why_unsafe: str


@dataclass(frozen=True)
class Programme:
    """Everything the page says about one evaluated programme."""

    id: str
    title: str
    is_placebo: bool
    n_schools: str
    facts: tuple[str, ...]
    coverage: tuple[Coverage, ...]
    answers: tuple[Answer, ...]
    naive: tuple[NaiveReading, ...]


@dataclass(frozen=True)
class Limit:
    """Something the results cannot say, with the reason."""

    subject: str
    reason: str


@dataclass(frozen=True)
class Findings:
    """The page's model: finished sentences, in the order in which a reader meets them."""

    title: str
    local_authority: str
    period: str
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
    programmes = tuple(_programme(row, tables) for row in _evaluated(tables))
    return Findings(
        title=cite(study, "as_it_is", "title"),
        local_authority=str(study["local_authority_name"]),
        period=str(study["period"]),
        study_hash=cite(study, "as_it_is", "study_hash"),
        source_hash=cite(study, "as_it_is", "source_hash"),
        banners=_banners(study, programmes, tables),
        in_short=_in_short(programmes),
        programmes=programmes,
        cannot_say=_cannot_say(programmes, tables),
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
    for programme in _evaluated(tables):
        for row in _headlines(programme["programme"], tables):
            title = programme["title"] + (f" ({PLACEBO})" if programme["is_placebo"] else "")
            about = (
                f"{title}, {_outcome(row, tables)} ({key_stage_of(row)}, "
                f"{wording.format_status(row['release_status'])})"
            )
            verdict = wording.format_verdict(row["verdict"])
            if wording.is_missing(row["estimate_low"]):
                lines.append(f"{about}: {verdict}: {_reason(row)}.")
                continue
            words = f"{about}: {verdict}. {capitalised(_bracket(row))}; {_anything(row)}."
            naive = _naive_row(row, tables)
            if naive is not None:
                says = cite(naive, "effect", "estimate_low")
                words += f" The change since last year alone says {says}."
            lines.append(words)
    return [plain(line) for line in lines]


def key_stage_name(key_stage: str) -> str:
    """ "Key Stage 2", without its school year."""
    return wording.KEY_STAGE_LABELS[key_stage].split(" (")[0]


def programme_title(row: Row, tables: Tables) -> str:
    """The title of a row's programme, or its id where the study has no such programme."""
    own = where(tables["programme"], programme=row["programme"])
    return str(own[0]["title"] if own else row["programme"])


def key_stage_of(row: Row) -> str:
    """The key stage of a row's measure, by name."""
    return key_stage_name(MEASURES[row["measure"]].key_stage)


def measure_label(measure: str, tables: Tables) -> str:
    """The study's own label of a measure, else the one in the catalogue of measures."""
    own = where(tables["measure"], measure=measure)
    return str(own[0]["label"]) if own else MEASURES[measure].label


def in_sentence(label: str) -> str:
    """A label inside a sentence: "Reading progress" → "reading progress"; names keep capitals."""
    is_name = label.startswith(("Attainment 8", "Progress 8"))
    return label if is_name else label[:1].lower() + label[1:]


def _programme(programme: Row, tables: Tables) -> Programme:
    headlines = _headlines(programme["programme"], tables)
    return Programme(
        id=str(programme["programme"]),
        title=str(programme["title"]),
        is_placebo=bool(programme["is_placebo"]),
        n_schools=cite(programme, "count", "n_schools"),
        facts=_facts(programme),
        coverage=_coverage(programme, headlines, tables),
        answers=tuple(_answer(row, programme, tables) for row in headlines),
        naive=tuple(
            reading for row in headlines if (reading := _naive(row, programme, tables)) is not None
        ),
    )


def _facts(programme: Row) -> tuple[str, ...]:
    n_schools, n_expected = programme["n_schools"], programme["n_expected_schools"]
    schools = f"{cite(programme, 'count', 'n_schools')} schools"
    if not wording.is_missing(n_expected) and n_expected != n_schools:
        schools += f" on the list ({cite(programme, 'count', 'n_expected_schools')} expected)"
    facts = [f"Pupils looked at: {wording.format_group(programme['target_group'])}.", schools + "."]
    if programme["is_placebo"]:
        return tuple(facts)
    if not wording.is_missing(programme["starts"]):
        facts.append(f"Began on {cite(programme, 'date', 'starts')}.")
    if not wording.is_missing(programme["funding_gbp"]):
        money = cite(programme, "gbp", "funding_gbp")
        facts.append(f"Funding: {money} from {programme['fund']}, as stated.")
        facts.append(_money_a_pupil(programme))
    return tuple(facts)


def _money_a_pupil(programme: Row) -> str:
    """What the funding comes to for each target pupil on roll, or why that cannot be said."""
    group, year = programme["target_group"], programme["census_academic_year"]
    if group not in wording.CENSUS_GROUP_LABELS:
        return (
            f"The school census does not count {wording.format_group(group)}, so the funding cannot "
            "be set against their number."
        )
    pupils = wording.CENSUS_GROUP_LABELS[group]
    cannot_say = f"What that is for each of the {pupils} on roll cannot be said"
    if wording.is_missing(year):
        return f"{cannot_say}: no school census is on file."
    census = cite(programme, "census", "census_academic_year")
    n_schools = cite(programme, "count", "n_schools")
    if programme["n_schools_with_census"] < programme["n_schools"]:
        n_without = cite(programme, "difference", "n_schools", "n_schools_with_census")
        return (
            f"{cannot_say}: the {census} has no figure for {n_without} of its {n_schools} schools."
        )
    if wording.is_missing(programme["funding_gbp_per_target_pupil"]):
        return f"{cannot_say}: the {census} counts none of them, or too few to show."
    return (
        f"{cite(programme, 'gbp', 'funding_gbp')} is about "
        f"{cite(programme, 'gbp', 'funding_gbp_per_target_pupil')} for each of the "
        f"{cite(programme, 'count', 'n_target_pupils_on_roll')} {pupils} on roll in its "
        f"{n_schools} schools (whole schools, {census})."
    )


def coming_cohort_words(rates: list[Row]) -> str:
    """How often the method errs where schools were chosen knowing the coming cohort, and where not.

    `rates` are the rows of `released.calibration` of one headline, of which there is at least one.
    """
    none_given = where(rates, effect_sd=0)
    (coming,) = where(none_given, selection="coming_cohort")
    others = [row for row in none_given if row is not coming]
    worst = max(others, key=lambda row: float(row["false_verdict_share"]))
    return (
        f"In {cite(coming, 'count', 'n_draws')} simulations of the size nearest to this one "
        f"({simulated_size(coming)}), it then claimed an effect that was not there in "
        f"{cite(coming, 'in_100', 'false_verdict_share')}. Where they were chosen in any other way "
        f"that was tried, at most {cite(worst, 'in_100', 'false_verdict_share')}."
    )


def simulated_size(rates: Row) -> str:
    """ "18 of 60 schools in the programme, about 10 target pupils each"."""
    return (
        f"{cite(rates, 'count', 'n_simulated_programme_schools')} of "
        f"{cite(rates, 'count', 'n_simulated_schools')} schools in the programme, about "
        f"{cite(rates, 'count', 'n_simulated_pupils_a_school')} target pupils each"
    )


def _if_the_coming_cohort_was_known(
    programmes: tuple[Programme, ...], tables: Tables
) -> list[Limit]:
    """The way of choosing schools that the method cannot see through, with how often it then errs."""
    titles_of: dict[str, list[str]] = {}
    words_of: dict[str, str] = {}
    for programme in programmes:
        for row in [] if programme.is_placebo else _headlines(programme.id, tables):
            rates = rows_about(row, tables["calibration"])
            if rates:
                words = coming_cohort_words(rates)
                words_of.setdefault(plain(words), words)
                titles_of.setdefault(plain(words), []).append(
                    f"{programme.title} ({key_stage_of(row)})"
                )
    return [
        Limit(
            f"Whether schools in {wording.join_words(titles)} were chosen by someone who knew how "
            "the coming pupils would do",
            f"If they were, the method is often wrong. {words_of[said]}",
        )
        for said, titles in titles_of.items()
    ]


def rows_about(headline: Row, rows: Sequence[Row]) -> list[Row]:
    """The rows that are about a headline's programme and measure."""
    return where(rows, programme=headline["programme"], measure=headline["measure"])


def _coverage(programme: Row, headlines: list[Row], tables: Tables) -> tuple[Coverage, ...]:
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
            (
                row["release_status"]
                for row in headlines
                if MEASURES[row["measure"]].key_stage == key_stage
            ),
            None,
        )
        reasons = "; ".join(
            f"{_colon_free(row['reason'])} ({cite(row, 'count', 'n_schools')})" for row in left_out
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
    n_schools = cite(programme, "count", "n_schools")
    who = (
        f"{cite(compared, 'count', 'n_schools') if compared else 'None'} of the {n_schools} schools"
    )
    if n_compared == programme["n_schools"]:
        who = f"All {n_schools} schools"
    stage = key_stage_name(key_stage)
    if wording.is_missing(status):
        what = f"can be compared at {stage} once results are out"
    else:
        verb = "has" if n_compared == 1 else "have"
        what = f"{verb} {stage} results that can be compared"
    return f"{who} {what} ({wording.format_status(status)})."


def _answer(row: Row, programme: Row, tables: Tables) -> Answer:
    is_estimated = not wording.is_missing(row["estimate_low"])
    status = wording.format_status(row["release_status"])
    return Answer(
        key_stage=MEASURES[row["measure"]].key_stage,
        question=_question(row, tables),
        status=status,
        verdict=str(row["verdict"]),
        verdict_words=wording.capitalised(wording.format_verdict(row["verdict"])),
        compared=_compared(row, programme, status, tables) if is_estimated else "",
        happened=_happened(row, programme, tables),
        bracket=_bracket_sentences(row, programme, status) if is_estimated else "",
        power=_power(row, tables) if is_estimated else "",
        conclusion=_conclusion(row, programme),
    )


def _compared(row: Row, programme: Row, status: str, tables: Tables) -> str:
    pool = str(programme["comparison_pool"])
    sides = (
        f"{_schools_and_pupils(row, 'programme')} {_inside(programme)} are set against "
        f"{_schools_and_pupils(row, 'comparison')} {wording.POOL_PLACES[pool]} ({status})."
        f"{wording.POOL_CAVEATS[pool]}"
    )
    asked = _asked(row, tables)
    if asked is None or not asked["is_prior_adjusted"]:
        return sides
    return f"{sides} What each pupil could already do before is allowed for."


def _inside(programme: Row) -> str:
    return "on the list" if programme["is_placebo"] else "in the programme"


def _schools_and_pupils(row: Row, side: str) -> str:
    schools = cite(row, "count", f"n_{side}_schools")
    return f"{schools} schools ({cite(row, 'count', f'n_{side}_pupils')} pupils)"


def _happened(row: Row, programme: Row, tables: Tables) -> str:
    """The two groups' own results in the two latest years there are; "" if there are none."""
    levels = [
        level
        for level in where(
            tables["comparison"],
            programme=programme["programme"],
            pupil_group=row["pupil_group"],
            measure=row["measure"],
        )
        if level["academic_year"] <= row["academic_year"]
    ]
    years = sorted({level["academic_year"] for level in levels}, reverse=True)
    others = "the others" if programme["comparison_pool"] == "local" else "other local schools"
    parts = []
    for year in years[:2]:
        by_arm = {level["arm"]: level for level in where(levels, academic_year=year)}
        if {"programme", "rest"} <= set(by_arm):
            status = wording.format_status(by_arm["programme"]["release_status"])
            parts.append(
                f"In {year}: {_level(by_arm['programme'])} in schools {_inside(programme)}, "
                f"{_level(by_arm['rest'])} in {others} ({status})."
            )
    if parts:
        parts.append(not_alike(row["measure"], years[:2], tables))
    if parts and row["academic_year"] not in years:
        parts.insert(0, f"The {row['academic_year']} results are not yet published.")
    return " ".join(filter(None, parts))


def _level(row: Row) -> str:
    return wording.WITHHELD if row["suppressed"] else cite(row, "value", "mean")


def _bracket(row: Row) -> str:
    ends = cite(row, "range", "estimate_low", "estimate_high")
    return f"{ends}, whichever way the schools were chosen"


def _bracket_sentences(row: Row, programme: Row, status: str) -> str:
    return (
        f"Compared with {_others(programme)}: {_bracket(row)} ({status}). "
        f"With this many pupils it {_anything(row)} ({status})."
    )


def _anything(row: Row) -> str:
    low, high = cite(row, "signed", "ci_low"), cite(row, "signed", "ci_high")
    return f"could be anything from {low} to {high}"


def _power(row: Row, tables: Tables) -> str:
    if wording.is_missing(row["mde"]):
        return ""
    likely = cite(row, "size", "mde")
    with_what = "With this many pupils"
    if plain(cite(row, "signed", "estimate_low")) != plain(cite(row, "signed", "estimate_high")):
        with_what += " and the two comparisons this far apart"
    words = f"{with_what}, only an effect of about {likely} or more was likely to show."
    asked = _asked(row, tables)
    if asked is None or wording.is_missing(asked["smallest_effect"]):
        return words
    smallest = cite(asked, "size", "smallest_effect")
    return f"{words} The study’s protocol says that {smallest} would matter."


def _others(programme: Row) -> str:
    return wording.POOL_SHORT[str(programme["comparison_pool"])]


def _conclusion(row: Row, programme: Row) -> str:
    """The verdict as a full thought with its reason; for a placebo, whether it got it right."""
    verdict = str(row["verdict"])
    opening = {
        "cannot_tell": "We cannot tell",
        "no_meaningful_difference": f"Any difference from {_others(programme)} is too small to matter",
        "better": "Results were better than in comparable schools",
        "worse": "Results were worse than in comparable schools",
    }[verdict]
    words = [f"{opening}: {_reason(row)}."]
    is_alarm = verdict in {"better", "worse"}
    if programme["is_placebo"]:
        outcome = "a false alarm" if is_alarm else "the answer to hope for"
        words.append(f"Nothing was done in these schools, so this is {outcome}.")
    elif is_alarm:
        words.append("Something else that differed between the schools could still be part of it.")
    return " ".join(words)


def _naive_row(row: Row, tables: Tables) -> Row | None:
    """The change since last year for the same outcome; None where there is no such number."""
    matching = where(
        tables["impact"],
        role="naive",
        programme=row["programme"],
        pupil_group=row["pupil_group"],
        measure=row["measure"],
    )
    if not matching or wording.is_missing(matching[0]["estimate_low"]):
        return None
    return matching[0]


def _naive(row: Row, programme: Row, tables: Tables) -> NaiveReading | None:
    naive = _naive_row(row, tables)
    if naive is None:
        return None
    size = cite(naive, "size", "estimate_low")
    change = wording.rounded(naive["estimate_low"], naive["unit"], naive["measure"])
    status = wording.format_status(naive["release_status"])
    where = f"results in schools {_inside(programme)}"
    if change == 0:
        says = f"Since last year, {where} moved in step with {_others(programme)} ({status})."
    else:
        direction, looks = ("up", "a gain") if change > 0 else ("down", "a loss")
        says = (
            f"Since last year, {where} went {direction} by {size} compared with "
            f"{_others(programme)} ({status}). It looks like {looks}."
        )
    reason = (
        "schools picked for a weak year tend to do better the year after, with or without help"
        if wording.is_missing(naive["verdict_reason"])
        else cite(naive, "text", "verdict_reason")
    )
    why = f"It is not safe to read it that way: {reason}."
    if not wording.is_missing(naive["expected_anyway"]):
        anyway = cite(naive, "effect", "expected_anyway")
        why += f" If they were picked for that, {anyway} was to be expected anyway ({status})."
    if programme["is_placebo"]:
        why += " Nothing at all was done in these schools, and still the figure reads like this."
    if not wording.is_missing(row["estimate_low"]):
        headline = cite(row, "range", "estimate_low", "estimate_high")
        why += f" The comparisons that allow for this give {headline} ({status})."
    return NaiveReading(_question(row, tables), says, why)


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
    banners.append(
        (
            "Draft",
            f"This is a draft until a person releases it.{made_from} "
            "Figures that are not final can still change.",
        )
    )
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
        return (
            f"We cannot yet tell whether {titles} helped the pupils {_they(real)} meant for.",
            "The results leave the question open: they show neither that it helped nor that it did "
            "not. The reasons are below.",
        )
    return tuple(
        f"{programme.title}. {answer.question} ({answer.status}): {answer.verdict_words.lower()}."
        for programme in real
        for answer in programme.answers
    )


def _they(programmes: list[Programme]) -> str:
    return "it was" if len(programmes) == 1 else "they were"


def _cannot_say(programmes: tuple[Programme, ...], tables: Tables) -> tuple[Limit, ...]:
    limits = []
    for programme in programmes:
        limits += [
            Limit(
                f"Whether schools on the list “{programme.title}” differ from the others at "
                f"{key_stage_name(answer.key_stage)}"
                if programme.is_placebo
                else f"Whether {programme.title} helped at {key_stage_name(answer.key_stage)}",
                answer.conclusion,
            )
            for answer in programme.answers
            if answer.verdict == "cannot_tell"
        ]
        limits += [
            Limit(
                f"Anything at {key_stage_name(coverage.key_stage)} about {coverage.left_out} of the "
                f"{programme.n_schools} schools in {programme.title}",
                sentence(coverage.reasons),
            )
            for coverage in programme.coverage
            if coverage.left_out
        ]
    limits += _if_the_coming_cohort_was_known(programmes, tables)
    limits += _limits_of_separation(tables)
    limits += [
        Limit(
            f"How single schools did on {_outcome(row, tables)}",
            sentence(cite(row, "text", "reason")),
        )
        for row in tables["school_point_withheld"]
        if row["n_schools_shown"] == 0
    ]
    if any(not programme.is_placebo for programme in programmes):
        limits += [
            Limit(
                "Whether an effect takes longer to show",
                "These are one year’s results. Support that works slowly would not be seen yet.",
            ),
            Limit(
                "Whether the money was well spent",
                "Funding is stated as a fact. One year’s results are too uncertain to set "
                "against it.",
            ),
        ]
    return tuple(dict.fromkeys(limits))


def _limits_of_separation(tables: Tables) -> list[Limit]:
    """What cannot be told apart: programmes that share schools, and everything else they did."""
    titles = {row["programme"]: row["title"] for row in _evaluated(tables)}
    limits = [
        Limit(
            f"What {titles[row['programme_a']]} and {titles[row['programme_b']]} each did alone",
            f"{cite(row, 'count', 'n_schools')} schools take part in both. The two are "
            "worked out together, which separates them only in part.",
        )
        for row in tables["programme_overlap"]
        if row["programme_a"] in titles
        and row["programme_b"] in titles
        and list(titles).index(row["programme_a"]) < list(titles).index(row["programme_b"])
        and row["n_schools"] > 0
    ]
    others = where(tables["programme"], is_evaluated=False)
    if others:
        limits.append(
            Limit(
                "How much is due to a programme, and how much to all else its schools did",
                f"{cite(others, 'rows')} other programmes ran in these schools and in those they are "
                "compared with. What is measured is this support on top of the usual programmes.",
            )
        )
    return limits


def _what_will_change(tables: Tables) -> str:
    statuses = {row["release_status"] for row in where(tables["impact"], role="headline")}
    if statuses & {"school_return", "provisional"}:
        return (
            "Revised results follow. When they are put in, all of this is made again by the same "
            "rules, and what moved is listed."
        )
    return "The results used here are not expected to be revised again."


def _method(study: Row, tables: Tables) -> tuple[str, ...]:
    pools = [str(row["comparison_pool"]) for row in _evaluated(tables)]
    return (
        "The rules stand in the study’s protocol, which is to be written before the results are "
        f"seen. Its fingerprint is {cite(study, 'as_it_is', 'study_hash')}: the same rules, the "
        "same fingerprint.",
        f"Results of {study['outcome_year']} are set against {study['baseline_years']}, for the "
        f"programme’s schools and for {wording.format_pools(pools)} of the same kind. Programmes that "
        "share schools are worked out together.",
        *(text for pool, text in wording.POOL_METHODS.items() if pool in pools),
        "Nobody knows exactly how schools came to be chosen, and the right comparison depends on "
        "it. One comparison is right if they were chosen on the results themselves: it sets each "
        "school against schools with the same earlier results. The other is right if they were "
        "chosen on something lasting: it takes the change since the average of earlier years. "
        "The truth is likely to lie between the two, so both are shown.",
        "A verdict of better or worse is given only if both comparisons agree and chance is an "
        "unlikely reason. Key Stages 2 and 4 are never mixed. Special schools are looked at apart.",
        f"Figures that rest on fewer than {cite(study, 'count', 'minimum_cell')} pupils are withheld."
        + wording.format_public_key_stages(study["public_key_stages"]),
    )


def _evaluated(tables: Tables) -> list[Row]:
    return [row for row in tables["programme"] if row["is_evaluated"]]


def _headlines(programme: str, tables: Tables) -> list[Row]:
    """Headline rows of a programme's primary measures, by key stage."""
    headlines = where(tables["impact"], programme=programme, role="headline")
    primary = [
        row
        for row in headlines
        if (asked := _asked(row, tables)) is not None and asked["is_primary"]
    ]
    return sorted(primary, key=lambda row: MEASURES[row["measure"]].key_stage)


def _asked(row: Row, tables: Tables) -> Row | None:
    """What the protocol says of a row's programme and measure."""
    asked = where(tables["measure"], programme=row["programme"], measure=row["measure"])
    return asked[0] if asked else None


def _outcome(row: Row, tables: Tables) -> str:
    group = wording.format_group(row["pupil_group"])
    return f"{in_sentence(measure_label(row['measure'], tables))} of {group}"


def _question(row: Row, tables: Tables) -> str:
    return f"{key_stage_of(row)}: {_outcome(row, tables)}"


def _reason(row: Row) -> str:
    if wording.is_missing(row["verdict_reason"]):
        return "no reason is on file"
    return cite(row, "text", "verdict_reason")


def _colon_free(reason: object) -> str:
    """ "special school: reported apart" → "special school, reported apart", to sit in a list."""
    return wording.typographic(reason).replace(": ", ", ")
