"""Makes schools' texts safe and short for publication, and holds those that may identify a person.

`text_review.sql` selects the texts and applies reviewers' decisions. Rules are used rather than a language
model: they run anywhere and are reproducible. A text held needlessly costs a minute; a published name cannot
be recalled.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

from pipelines.free_text.counted_pupils import counts_pupils

LONGEST_TEXT = 1500
_SHORTENED = " … [shortened]"
_MOST_MARKS = 2

# Control, format (zero width, bidirectional, tags), private use, surrogate, unassigned.
_REMOVED_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_JOINER = "\u200d"
_EMOJI_PART = frozenset({"\ufe0f", *(chr(code) for code in range(0x1F3FB, 0x1F400))})

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_AMOUNT = re.compile(r"[+-][\d.,]+(?:%|(?: [a-z]+)*)")


def publishable_text(text: str) -> str:
    """One paragraph of at most `LONGEST_TEXT` characters, without invisible characters.

    Removes control, zero-width and direction-changing characters (except joiners in emoji), limits combining
    marks per letter, and collapses white space. A longer text is cut at a word and ends in "… [shortened]".
    """
    plain = _visible(text)
    if len(plain) <= LONGEST_TEXT:
        return plain
    kept = plain[: LONGEST_TEXT - len(_SHORTENED)]
    # A single long word is cut anywhere.
    return (kept[: kept.rfind(" ")] if " " in kept[-200:] else kept) + _SHORTENED


def inert_in_spreadsheet(text: str) -> str:
    """The text, prefixed with `'` if a spreadsheet would run it as a formula (OWASP, CSV injection).

    Signed amounts such as "+2.1 points" are unchanged.
    """
    is_formula = _FORMULA.match(text) and not _AMOUNT.fullmatch(text)
    return f"'{text}" if is_formula else text


def review_reasons(text: str, known_names: Sequence[str]) -> list[str]:
    """Reasons why a person must read the text before publication, sorted; empty if there are none.

    `known_names` are names of the study's schools, programmes and authority, which identify no person.
    """
    plain = unicodedata.normalize("NFKC", _visible(text))
    if not plain:
        return ["nothing to read"]
    reasons = set(_numbers_in(plain))
    reasons |= {reason for reason, pattern in _PATTERNS.items() if pattern.search(plain)}
    # Keep line ends, because they start sentences.
    lines = "\n".join(unicodedata.normalize("NFKC", _visible(line)) for line in text.splitlines())
    if counts_pupils(lines):
        reasons.add("number of pupils")
    if _names_someone(_without(lines, known_names)):
        reasons.add("personal name")
    return sorted(reasons)


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    kept: list[str] = []
    n_marks = 0
    for index, character in enumerate(composed):
        category = unicodedata.category(character)
        is_mark = category == "Mn" and character not in _EMOJI_PART
        if character.isspace():
            kept.append(" ")
        elif category in _REMOVED_CATEGORIES:
            if not (character == _JOINER and _joins_emoji(composed, index)):
                continue
            kept.append(character)
        elif not is_mark or n_marks < _MOST_MARKS:
            kept.append(character)
        n_marks = n_marks + 1 if is_mark else 0
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _joins_emoji(text: str, index: int) -> bool:
    def is_emoji(character: str) -> bool:
        return character in _EMOJI_PART or unicodedata.category(character) == "So"

    return 0 < index < len(text) - 1 and is_emoji(text[index - 1]) and is_emoji(text[index + 1])


# --------------------------------------------------------------------------------------- identifiers

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*"
_PATTERNS = {
    # The check letter comes first, as in the Department's guide to unique pupil numbers. It is not verified,
    # because a mistyped number can still identify a pupil.
    "UPN": re.compile(r"\b[a-z][ -]?\d{3}[ -]?\d{4}[ -]?\d{2}[ -]?\d{2}[ -]?[\da-z]\b", re.I),
    "date of birth": re.compile(
        r"\b\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d\d)\b|\b(?:19|20)\d\d([/.-])\d{1,2}\2\d{1,2}\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? (?:19|20)\d\d\b"
        rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b"
        r"|\b(?:born (?:on|in)|birthday|date of birth|d\.?o\.?b)\b",
        re.I,
    ),
    "e-mail address": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    "postcode": re.compile(r"\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b", re.I),
}
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ ().-]{0,2}\d){6,14}")


def _numbers_in(plain: str) -> Iterator[str]:
    """Kinds of long numbers other than UPNs and dates, by their check digits."""
    rest = _PATTERNS["date of birth"].sub("!", _PATTERNS["UPN"].sub("!", plain))
    for found in _LONG_NUMBER.findall(rest):
        digits = [int(digit) for digit in found if digit.isdecimal()]
        weighted = sum(
            weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)
        )
        if len(digits) == 10 and digits[-1] == (11 - weighted % 11) % 11:
            yield "NHS number"
        elif len(digits) == 10 and digits[-1] == 10 - weighted % 11:
            yield "ULN"
        else:
            yield "telephone or other long number"


# --------------------------------------------------------------------------------------------- names

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
# A full stop after a single letter marks an initial, not the end of a sentence.
_SENTENCE_END = re.compile(r"(?:^|\n|[^\W_]{2}[’”\"')]*[.!?…]+[’”\"')]*\s+[“\"‘'(]*)$|[?!]\s+$")
_NAMED_PERSON = re.compile(
    r"\b(?:pupil|child|boy|girl|lad|student|learner|son|daughter|brother|sister|mum|mother|dad|father|"
    r"parent|teacher|assistant|someone)(?: (?:is|was))? (?:called|named) \w"
    r"|\b(?:mr|mrs|mx|dr)\b\.? ?[a-z]",
    re.I,
)
_TITLE = re.compile(r"\b(?:Ms|Miss|Sir|Prof|Rev)\b\.? [A-Z]")
_DOES = re.compile(
    r" (?:is|was|has|had|did|does|can|could|now|never|loves|likes|needs|made|said|says|came|went|started|"
    r"joined|left|struggles|struggled|reads|gets|got|\(?(?:in )?year|(?:in )?y\d)\b|,? (?:who|aged)\b",
    re.I,
)
_NO_PERSON = (
    "ing", "ed", "ion", "ions", "ment", "ance", "ence", "ity", "ship", "work", "ness", "ics", "our", "age",
    "ture", "ly", "ism", "ary", "ure", "ice", "thing", "one", "ort", "ess",
)  # fmt: skip


def _listed(file: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def _given_names() -> dict[str, str]:
    """Given names in lower case; "word" or "opener" marks those that are also words or start sentences."""
    return {row["given_name"]: row["is_also"] for row in _listed("given_names.csv")}


@cache
def _ordinary_words(use: str) -> frozenset[str]:
    """Words in lower case that are not names, by column of the list, which says where a capital is normal."""
    return frozenset(row["word"] for row in _listed("ordinary_words.csv") if row[use] == "yes")


def _names_someone(text: str) -> bool:
    if _NAMED_PERSON.search(text) or _TITLE.search(text):
        return True
    for match in _WORD.finditer(text):
        word = re.sub(r"[’']s?$", "", match[0])
        is_owner = word != match[0]
        if any(
            not unicodedata.name(letter, "").startswith("LATIN")
            for letter in word
            if letter.isalpha()
        ):
            # In English text, words in another script are usually names.
            return True
        opens = _SENTENCE_END.search(text[max(0, match.start() - 12) : match.start()]) is not None
        acts = is_owner or (
            not word.casefold().endswith(_NO_PERSON)
            and _DOES.match(text[match.end() : match.end() + 12]) is not None
        )
        if _is_name(word, opens=opens, acts=acts):
            return True
    return False


def _is_name(word: str, *, opens: bool, acts: bool) -> bool:
    """Whether a word is probably a name, from its position and whether it owns or does something."""
    folded = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFD", word.casefold()))
    # Acronyms such as TAs and EHCPs are not names.
    is_capitalised = word[0].isupper() and not word.isupper() and not word[1].isupper()
    given = _given_names()
    also = next(
        (given[part] for part in (folded, *re.split(r"[’'-]", folded)) if part in given), None
    )
    if also == "":
        return True
    ordinary = _ordinary_words("is_capitalised_anywhere")
    if not is_capitalised or folded in ordinary or re.split(r"[’']", folded)[0] in ordinary:
        return False
    if not opens or also == "word":
        return True
    return acts


def _without(text: str, known_names: Iterable[str]) -> str:
    """The text with the known names replaced by "it"."""
    pattern = _pattern_of(tuple(known_names))
    return pattern.sub("it", text) if pattern else text


@lru_cache(maxsize=8)
def _pattern_of(known_names: tuple[str, ...]) -> re.Pattern[str] | None:
    whole = {" ".join(name.split()) for name in known_names}
    given, of_schools = _given_names(), _ordinary_words("is_in_school_names")
    short = {
        " ".join(word for word in name.split() if word.strip("(),").casefold() not in of_schools)
        for name in whole
    }
    # A pupil with the same name as a school's saint or tree must still be found.
    kept = whole | {name for name in short if " " in name or name.casefold() not in given}
    words = sorted((name for name in kept if len(name) > 2), key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})(?!\w)") if words else None
