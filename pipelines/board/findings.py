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
    programmes = tuple(_programme(row, tables) for row in _evaluated(tables))
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
            words = (
                f"{about}: {verdict}. {capitalised(_bracket(row, tables))}. It {_anything(row)}."
            )
            naive = _naive_row(row, tables)
            if naive is not None:
                says = cite(naive, "effect", "estimate_low")
                words += f" The change since last year, which is unsafe, says {says}."
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
    schools = _schools(programme, "n_schools")
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
    if programme["n_schools_with_census"] < programme["n_schools"]:
        n_without = cite(programme, "difference", "n_schools", "n_schools_with_census")
        return (
            f"{cannot_say}: the {census} has no figure for {n_without} of its "
            f"{_schools(programme, 'n_schools')}."
        )
    if wording.is_missing(programme["funding_gbp_per_target_pupil"]):
        return f"{cannot_say}: the {census} counts none of them, or too few to show."
    return (
        f"{cite(programme, 'gbp', 'funding_gbp')} is about "
        f"{cite(programme, 'gbp', 'funding_gbp_per_target_pupil')} for each of the "
        f"{cite(programme, 'count', 'n_target_pupils_on_roll')} {pupils} on roll in all year groups "
        f"of its {_schools(programme, 'n_schools')} ({census})."
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
    schools = _schools(programme, "n_schools")
    who = f"{cite(compared, 'count', 'n_schools') if compared else 'None'} of the {schools}"
    if n_compared == programme["n_schools"]:
        who = f"All {schools}" if n_compared > 1 else "The one school"
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
        bracket=_bracket_sentences(row, programme, status, tables) if is_estimated else "",
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
    """ "12 schools (110 such pupils)": those of the question, with a result in the outcome year."""
    schools = _schools(row, f"n_{side}_schools")
    such = " such pupils" if side == "programme" else ""
    return f"{schools} ({cite(row, 'count', f'n_{side}_pupils')}{such})"


def _schools(row: Row, column: str) -> str:
    """ "12 schools", "1 school"."""
    return f"{cite(row, 'count', column)} {'school' if row[column] == 1 else 'schools'}"


def _happened(row: Row, programme: Row, tables: Tables) -> str:
    """The two groups' own results in the two latest years there are; "" if there are none."""
    levels = _levels(row, tables)
    years = sorted(levels, reverse=True)[:2]
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
            inside, outside = f"{inside} in schools {_inside(programme)}", f"{outside} in {others}"
        said.append(f"in {year}, {inside} and {outside} ({status})")
    parts.append(f"Averages over such pupils: {'; '.join(said)}.")
    parts.append(not_alike(row["measure"], years, tables))
    return " ".join(filter(None, parts))


def _levels(row: Row, tables: Tables) -> dict[str, dict[str, Row]]:
    """Both sides' averages by year, up to the headline's, in years that both sides have."""
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


def _level(row: Row) -> str:
    return wording.WITHHELD if row["suppressed"] else cite(row, "value", "mean")


def _bracket(row: Row, tables: Tables) -> str:
    """Both ends, and which is right in which way of choosing schools."""
    ways = ("on earlier results", "for lasting quality")
    of_method = {
        method["estimator"]: method
        for method in where(rows_about(row, tables["impact"]), pupil_group=row["pupil_group"])
    }
    ends = [of_method.get(name) for name in ("ancova", "change_from_baseline_mean")]
    known = [end for end in ends if end and not wording.is_missing(end["estimate_low"])]
    if not _is_apart(row) or len(known) < len(ways):
        both = cite(row, "range", "estimate_low", "estimate_high")
        return f"{both}, if schools were chosen {' or '.join(ways)}"
    (low, low_way), (high, high_way) = sorted(
        zip(known, ways, strict=True), key=lambda end: float(end[0]["estimate_low"])
    )
    return (
        f"between {cite(low, 'signed', 'estimate_low')} if schools were chosen {low_way} and "
        f"{cite(high, 'effect', 'estimate_low')} if {high_way}"
    )


def _is_apart(row: Row) -> bool:
    """Whether the two ends of a headline read as two figures."""
    low, high = (plain(cite(row, "signed", f"estimate_{end}")) for end in ("low", "high"))
    return low != high


def _bracket_sentences(row: Row, programme: Row, status: str, tables: Tables) -> str:
    return (
        f"Compared with {_others(programme)}: {_bracket(row, tables)} ({status}). "
        f"It {_anything(row)} ({status})."
    )


def _anything(row: Row) -> str:
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
    status = wording.format_status(naive["release_status"])
    says = _naive_words(naive, row, programme, tables)
    reason = (
        "schools picked for a weak year tend to do better the year after, with or without help"
        if wording.is_missing(naive["verdict_reason"])
        else cite(naive, "text", "verdict_reason")
    )
    why = f"It is not safe to read it that way: {reason}."
    if not wording.is_missing(naive["expected_anyway"]):
        anyway = cite(naive, "effect", "expected_anyway")
        chosen_on = programme["chosen_on"]
        on_what = (
            "last year’s results" if wording.is_missing(chosen_on) else f"results of {chosen_on}"
        )
        why += f" If they were picked on {on_what}, {anyway} was to be expected anyway ({status})."
    if programme["is_placebo"]:
        why += " Nothing at all was done in these schools, and still the figure reads like this."
    if not wording.is_missing(row["estimate_low"]):
        headline = cite(row, "range", "estimate_low", "estimate_high")
        why += f" The two comparisons of the headline give {headline} ({status})."
    return NaiveReading(_question(row, tables), says, why)


def _naive_words(naive: Row, row: Row, programme: Row, tables: Tables) -> str:
    """The naive change with the averages it is the difference of, so that a reader can check it."""
    status = wording.format_status(naive["release_status"])
    change = wording.rounded(naive["estimate_low"], naive["unit"], naive["measure"])
    where_ = f"results in schools {_inside(programme)}"
    if change == 0:
        says = f"Since last year, {where_} moved in step with {_others(programme)} ({status})."
    else:
        is_gain = (change > 0) == _is_higher_better(row, tables)
        says = (
            f"Since last year, {where_} went {'up' if change > 0 else 'down'} by "
            f"{cite(naive, 'size', 'estimate_low')} compared with {_others(programme)} ({status}). "
            f"It looks like {'a gain' if is_gain else 'a loss'}."
        )
    levels = _levels(row, tables)
    years = sorted(levels)[-2:]
    if (
        programme["comparison_pool"] != "local"
        or len(years) < 2
        or years[1] != row["academic_year"]
    ):
        return says
    sides = [[levels[year][arm] for year in years] for arm in ("programme", "rest")]
    if any(level["suppressed"] for side in sides for level in side):
        return says
    (before, now), (others_before, others_now) = sides
    shown = [
        wording.rounded(level["mean"], naive["unit"], naive["measure"])
        for level in (now, before, others_now, others_before)
    ]
    by_pencil = (shown[0] - shown[1]) - (shown[2] - shown[3])
    rounding = "" if abs(by_pencil - change) < 1e-6 else ", worked out before rounding"
    return (
        f"{says} It is the difference of averages over pupils{rounding}: from {_level(before)} to "
        f"{_level(now)} in schools {_inside(programme)}, from {_level(others_before)} to "
        f"{_level(others_now)} in the others."
    )


def _is_higher_better(row: Row, tables: Tables) -> bool:
    asked = _asked(row, tables)
    return asked is None or bool(asked["higher_is_better"])


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
                f"Anything at {key_stage_name(coverage.key_stage)} about "
                + (
                    "the one school"
                    if plain(programme.n_schools) == "1"
                    else f"{coverage.left_out} of the {programme.n_schools} schools"
                )
                + f" in {programme.title}",
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
        limits.append(
            Limit(
                "Whether an effect takes longer to show",
                "These are one year’s results. Support that works slowly would not be seen yet.",
            )
        )
    if any(
        not row["is_placebo"] and not wording.is_missing(row["funding_gbp"])
        for row in _evaluated(tables)
    ):
        limits.append(
            Limit(
                "Whether the money was well spent",
                "Funding is stated as a fact. One year’s results are too uncertain to set "
                "against it.",
            )
        )
    return tuple(dict.fromkeys(limits))


def _limits_of_separation(tables: Tables) -> list[Limit]:
    """What cannot be told apart: programmes that share schools, and everything else they did."""
    titles = {row["programme"]: row["title"] for row in _evaluated(tables)}
    limits = [
        Limit(
            f"What {titles[row['programme_a']]} and {titles[row['programme_b']]} each did alone",
            f"{_schools(row, 'n_schools')} {'takes' if row['n_schools'] == 1 else 'take'} part in "
            "both, so the two can be separated only in part.",
        )
        for row in tables["programme_overlap"]
        if row["programme_a"] in titles
        and row["programme_b"] in titles
        and list(titles).index(row["programme_a"]) < list(titles).index(row["programme_b"])
        and row["n_schools"] > 0
    ]
    others = where(tables["programme"], is_evaluated=False)
    if others and any(not row["is_placebo"] for row in _evaluated(tables)):
        ran = "other programme ran" if len(others) == 1 else "other programmes ran"
        limits.append(
            Limit(
                "How much is due to a programme, and how much to all else its schools did",
                f"{cite(others, 'rows')} {ran} in schools of the area. What is measured is the support "
                "on top of whatever else the programme’s schools and the others did.",
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
    if "revised" in statuses:
        return "The results used here are revised ones. Final ones can still differ a little."
    if statuses == {"final"}:
        return "The results used here are final."
    return "All of this is made again by the same rules when results are published."


def _method(study: Row, tables: Tables) -> tuple[str, ...]:
    evaluated = _evaluated(tables)
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
        f"Figures that rest on fewer than {cite(study, 'count', 'minimum_cell')} pupils are withheld."
        + wording.format_public_key_stages(study["public_key_stages"]),
    )


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
