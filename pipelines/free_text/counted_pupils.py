"""Detects texts that count pupils, in digits or words: "None of our three disadvantaged pupils passed."

A school's text could reveal a count that a table suppresses, so a person must read it first. The rules look
for a number followed by the people it counts. Other numbers, years and key stages do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_UNITS = (
    "zero nil nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNIT, _TEN = _UNITS.replace(" ", "|"), _TENS.replace(" ", "|")
# Not a year: "2018 pupils" means the pupils of 2018.
_DIGITS = r"(?<![\w£$€.,])(?!(?:19|20)\d\d\b)\d+(?:,\d{3})*(?:\.\d+)?"
_WORDS = (
    rf"\b(?:(?:{_TEN})(?: (?:{_UNIT}))?|{_UNIT}|(?:a|half a) dozen|(?:a )?hundred|(?:a )?couple|"
    r"(?:a )?pair|(?:a )?handful)"
)
_NUMBER = rf"(?:{_DIGITS}|{_WORDS})\b"
_SHARE = (
    r"\b(?:(?:a|one|two|three|four|five|six|seven|eight|nine) (?:half|third|quarter|fifth|sixth|seventh|"
    r"eighth|ninth|tenth)s?|half)\b"
)
_COUNT = re.compile(
    rf"(?P<share>{_SHARE}|{_NUMBER} ?(?:/|in|out of|of|from)(?: (?:our|the|every|these|those))? ?{_NUMBER}"
    rf"|{_NUMBER} ?(?:%|per ?cent\b)|\b(?:none|neither|both)\b)|(?P<number>{_NUMBER})"
    r"|\b(?P<single>only|sole|single|lone)\b"
)

_PEOPLE = {
    "pupil": "pupils", "child": "children", "boy": "boys", "girl": "girls", "learner": "learners",
    "student": "students", "kid": "kids", "youngster": "youngsters", "lad": "lads", "lass": "lasses",
    "candidate": "candidates", "teenager": "teenagers", "individual": "individuals",
    "sibling": "siblings", "person": "people",
}  # fmt: skip
_SINGULAR, _PLURAL = frozenset(_PEOPLE), frozenset(_PEOPLE.values())
_ONE = frozenset({"one", "1"})
_GROUPS = frozenset({"class", "cohort", "intake", "group"})
_PRONOUNS = frozenset({"them", "ours", "whom"})
# Words allowed between a number and the people it counts, besides adjectives: "of our", "of all the".
_DETERMINERS = (
    "of from our the my your their its his her these those this that all last same other more"
)
# Words that start a new phrase: nouns after them are not what was counted.
_ELSEWHERE = (
    "to for with who which what is was has have had were are be been being am in on at by into as but or "
    "than a an not did do does done it we they he she you i me us when where while if so because after "
    "before until since during every each any some no one two three staff team school time term year week "
    "day hour minute month lesson visit teacher adult parent family ta book thing course can could will "
    "would should may might must told said says helped saw"
)
# Longest distance in characters between a number and the people it counts.
_FAR = 120
# Words that look like plurals but are not, or describe pupils.
_DESCRIBES = re.compile(r"(?:needs|meals|premium|ks\d|.*(?:ous|ss|['’]s|s['’]))$")

_A_NUMBER = rf"(?:\d+|{_UNIT})"
# Numbers that name years, key stages and the like, alone or in lists, and do not count.
_LABEL = re.compile(
    rf"(?<!\bthis )(?<!\blast )(?<!\bnext )(?<!\bthat )(?<!\bschool )(?<!\bsame )(?<!\bacademic )"
    rf"\b(?:year|yr|y|ks|key stage|stage|phase|tier|level|band|age|aged|wave|class|set) ?{_A_NUMBER}"
    rf"(?:(?:,| and| or| to|/| &)+ ?{_A_NUMBER})*\b"
    rf"|\b(?:years|key stages|ages) {_A_NUMBER}(?:(?:,| and| or| to|/| &)+ ?{_A_NUMBER})+\b"
    r"|\b(?:19|20)\d\d(?:[/ ]\d\d)?\b(?!\d)|\b\d:\d\b"
)
_OLD = re.compile(rf"\b{_A_NUMBER} (?:year|yr) old(s?)\b")
# Phrases treated as one adjective.
_DESCRIPTION = re.compile(
    r"\b(?:(?:previously )?looked after|hard to reach|free school meals?|in care)\b"
)
_ONE_BY_ONE = re.compile(
    r"\bone (?:pupil|child|student|learner) (?:at a time|by one|after another)\b"
)

_LEVEL = r"(?:[a-z]+ ){0,4}(?:standards?|levels?|expectations?|expected|thresholds?|targets?)\b"
_STANDARD = (
    rf"(?:passed|failed|greater depth|(?:met|reached|achieved|attained|missed|exceeded) {_LEVEL})"
)
_RESULT = rf"(?:{_STANDARD}|made (?:[a-z]+ ){{0,2}}progress)"
_MEANWHILE = (
    r"(?: (?:of (?:them|ours|these|those)|have|has|had|also|just|only|now|even|already|still|did not|"
    r"didn['’]t|never))*"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # A number with a result counts pupils even if it does not name them: "Only two met the standard."
        rf"(?:{_SHARE}|{_NUMBER}(?: ?(?:%|per ?cent\b))?|\b(?:none|neither|both|nobody|no one|everyone|"
        rf"everybody|all of them)){_MEANWHILE} {_RESULT}",
        # With a result, none or all of a group is as revealing as a number.
        rf"\b(?:all|every|each|no)\b(?: (?!with\b)[a-z0-9'’]+){{0,6}}? (?:{'|'.join(_SINGULAR | _PLURAL)})\b"
        rf"[^.!?;\n]{{0,60}} {_STANDARD}",
        rf"\b(?:class|cohort|intake|group) of (?:just |only |about )?{_NUMBER}"
        r"(?!(?: [a-z]+){0,2} (?:schools|teachers|staff|heads|leaders|adults|visits|sessions))",
        rf"{_NUMBER} (?:\w+ )?(?:with|on|has|have|had|without) (?:an? |their |no )?"
        r"(?:sen|send|fsm|ehcps?|ehc|free school meals|pupil premium|support plans?)\b",
        rf"{_NUMBER} (?:ehcps|ehc plans|education health and care plans|send pupils?)\b",
        rf"\b(?:{'|'.join(_PLURAL)}) ?(?:\( ?(?:n ?= ?)?|: ?|= ?){_NUMBER}(?= ?(?:\)|[.,;]|$))",
        rf"\bnumber of [^.!?;\n]{{0,80}}?(?:{'|'.join(_PLURAL)}|sen|send|ehcps?|fsm)\b[^.!?;\n]{{0,80}}? "
        rf"(?:to|from|is|was|are|were|by|now) {_NUMBER}(?! [a-z]+s\b)",
        rf"\bour (?:only )?(?!one\b){_NUMBER} (?:(?:send|sen|fsm|ehcp|disadvantaged|described) )?"
        r"(?:who|did|made|passed|met|have|had|are|were|can|could|now|read|left|joined)\b",
        r"\b(?:twins|triplets)\b",
    )
)


def counts_pupils(text: str) -> bool:
    """Whether a number in the text, in digits or words, is a number or share of pupils.

    `text` is normalised (NFKC). "All" and "no" pupils count only with a result: "all our pupils" is common.
    """
    plain = _plain(text)
    return any(pattern.search(plain) for pattern in _PATTERNS) or any(_people_counted(plain))


def _plain(text: str) -> str:
    """Lower case, without punctuation between words and without numbers that are names."""
    plain = re.sub(r"[\"“”‘*_~\-‐‑–—]+|(?<!\w)['’]|['’](?!\w)", " ", text.casefold())
    plain = plain.replace("\u2044", "/")  # as NFKC writes ½
    plain = " ".join(plain.split())
    plain = _OLD.sub(lambda found: "children" if found[1] else "young", plain)
    plain = _DESCRIPTION.sub("described", plain)
    return _LABEL.sub("labelled", _ONE_BY_ONE.sub("labelled", plain))


def _people_counted(plain: str) -> Iterator[bool]:
    """For each number, whether it counts pupils."""
    for found in _COUNT.finditer(plain):
        # Up to the end of the sentence; a comma right after the number ends the phrase.
        rest = re.split(r"[.!?;:\n]|^,", plain[found.end() : found.end() + _FAR], maxsplit=1)[0]
        words = re.findall(r"[a-z0-9'’]+", rest.lstrip())[:9]
        yield _are_people(words, found)


def _are_people(words: list[str], count: re.Match[str]) -> bool:
    is_one = count["number"] in _ONE or count["single"] is not None
    is_share = count["share"] is not None
    has_of = False
    for index, word in enumerate(words):
        if word in _PLURAL:
            follows = words[index + 1] if index + 1 < len(words) else ""
            # "Both pupils and staff" does not count pupils.
            is_pair = count["share"] == "both" and follows in {"and", "or"} and not has_of
            return (has_of or not is_one) and not is_pair
        if word in _SINGULAR and words[index + 1 : index + 2] != ["premium"]:
            return is_one
        if word in _PRONOUNS or (is_share and has_of and word in _GROUPS):
            return has_of
        if is_share and word in _GROUPS and index and words[index - 1] == "the":
            return True
        has_of = has_of or (word in {"of", "from"} and index == 0)
        if word in _ELSEWHERE.split() or (word == "and" and count["share"] == "both"):
            return False
        if word in _DETERMINERS.split():
            # "In one term our pupils": "our" begins a new phrase.
            if index and not has_of and word not in {"other", "more", "same"}:
                return False
        elif word.endswith("s") and not _DESCRIBES.match(word):
            return False
    return False
