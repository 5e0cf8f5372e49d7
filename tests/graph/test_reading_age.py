"""The first page has a reading age of at most 14, by the higher of two formulas.

Flesch-Kincaid (1975) counts syllables, the Automated Readability Index (1967) characters, so
figures and names count in full. Both give a US school grade; adding five gives an age.
"""

import re

import readability

from tests.evaluated import Evaluated, parsed, text_of

OLDEST_READING_AGE = 14
YEARS_BEFORE_FIRST_GRADE = 5


def reading_age(paragraphs: list[str]) -> float:
    """Age in years at which the text is easy to read."""
    # A decimal point does not end a sentence; a list item does.
    sentences = [
        " ".join(re.findall(r"[\w.,’'%£+−–-]*\w[\w%]*|[.!?,;:]", part))
        for paragraph in paragraphs
        for part in re.split(r"(?<=[.!?])\s+", paragraph)
    ]
    grades = readability.getmeasures(sentences, lang="en")["readability grades"]
    return YEARS_BEFORE_FIRST_GRADE + max(grades["Kincaid"], grades["ARI"])


def test_the_answer_has_a_reading_age_of_14_or_lower(example: Evaluated) -> None:
    main = parsed(example.page("pack")).find(".//main")
    assert main is not None
    answer = list(main)[: [part.tag for part in main].index("nav")]
    paragraphs = [
        text_of(part) for block in answer for part in block.iter() if part.tag in {"p", "li"}
    ]
    assert len(paragraphs) > 10
    assert reading_age(paragraphs) <= OLDEST_READING_AGE, paragraphs


def test_words_for_statisticians_are_too_hard() -> None:
    assert (
        reading_age(
            [
                "Conditional on observable institutional characteristics, heterogeneity of "
                "treatment assignment precludes an unambiguous interpretation of differential "
                "attainment trajectories between participating and comparison establishments."
            ]
        )
        > OLDEST_READING_AGE
    )


def test_short_words_have_the_grade_that_the_formula_gives_by_hand() -> None:
    # 6 words of 20 letters in one sentence: ARI = 4.71 × 20 / 6 + 0.5 × 6 − 21.43 = −2.73.
    assert abs(reading_age(["The cat sat down on trees."]) - (5 - 2.73)) < 0.01
