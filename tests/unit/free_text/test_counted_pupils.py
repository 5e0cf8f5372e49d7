"""Which texts count pupils and so need review, and which usual ones do not."""

from __future__ import annotations

import csv
import time

import pytest

from pipelines.free_text.review import review_reasons
from pipelines.study.paths import EXAMPLE

COUNTED = "number of pupils"
COUNTS = (
    "None of our three disadvantaged pupils passed.",
    "Both of our SEND pupils read now.",
    "one in four of our SEND pupils reads alone",
    "2/3 of our children made progress.",
    "2/3 of the class met it",
    "Three pupils left.",
    "3 pupils left",
    "All three passed.",
    "Only two met the expected standard.",
    "½ of our boys can read.",
    "We have twenty-three disadvantaged children.",
    "80% of our pupils read daily.",
    "Eighty per cent of pupils read daily.",
    "One child could not join in.",
    "One of our pupils wrote a page.",
    "Two boys and a girl moved on.",
    "Two-thirds of the cohort read at home.",
    "a third of its pupils are disadvantaged",
    "half our children",
    "Half of them read at home.",
    "Not one of our Year 6 pupils passed.",
    "Not a single child passed.",
    "The only pupil with a plan did well.",
    "Neither of our looked-after children sat the test.",
    "In a class of eight it shows.",
    "Our cohort of 12 was small.",
    "Seven out of nine SEND pupils met it.",
    "4 of the 6 boys",
    "Two on SEN support passed.",
    "Three with EHCPs joined in.",
    "We wrote four EHCPs.",
    "SEND pupils (3) did well.",
    "The number of pupils on SEN support fell to five.",
    "This year three pupils passed.",
    "Our three did well: our three made progress.",
    "A couple of pupils moved.",
    "A dozen children stayed.",
    "Half a dozen learners.",
    "No disadvantaged pupil reached the expected standard.",
    "All of our SEND pupils passed.",
    "every child met the expected standard",
    "Nobody passed.",
    "Two five-year-olds learnt to read.",
    "Three very quiet, older girls spoke.",
    "Three of last year's pupils came back.",
    "three Year 6 pupils met it",
    "ONE IN FOUR CHILDREN",
    'We worked with two "hard to reach" pupils.',
    "two children were absent",
    "12 pupils' books",
    "three special educational needs pupils",
    "1 in 4 pupils",
    "0 of 8 pupils",
    "We took 3 children off.",
    "Six of them read.",
    "five, three of whom passed",
    "four young people",
    "③ pupils passed",
    "Our twins moved on.",
    "Both pupils read and write.",
    "14 out of 30 pupils",
    "Pupils: 14.",
)
ORDINARY = (
    "Both pupils and staff enjoyed it.",
    "Both disadvantaged and other pupils gained.",
    "Two years of training helped our pupils.",
    "In one term our pupils read more.",
    "Two years on, pupils read more.",
    "On day one, pupils were shy.",
    "Year 6 pupils read more.",
    "Years 5 and 6 pupils read more.",
    "Year 3, 4 and 5 children read more.",
    "In Key Stage 2 pupils do better.",
    "KS2 pupils do better.",
    "In 2018 pupils did better.",
    "In 2017-18 pupils did better.",
    "One-to-one support for pupils helps.",
    "1:1 pupil support helps.",
    "One reason pupils read more is time.",
    "All our pupils enjoyed it.",
    "Every child matters.",
    "No child is left out.",
    "Three schools, one question, no slides.",
    "Two pupil premium reviews.",
    "Six week pupil programme.",
    "three pupil progress meetings",
    "Four visits by a leader from another school.",
    "Twenty minutes a day with each child.",
    "One thing our pupils told us.",
    "Closing the gap was worth £1,200 a term; results rose from 41.5% to 47% in 2017-18.",
    "A group of three schools met.",
    "two teachers and their pupils",
    "one of the best things for pupils",
    "one of the things our pupils like",
    "Ten books for every child.",
    "We met two parents of pupils on SEN support.",
    "The first pupils to try it liked it.",
    "Reviewed pupil by pupil.",
    "One child at a time.",
    "pupils aged 7 read",
    "7 year old pupils",
    "Two student teachers helped.",
    "We had one term before the tests.",
    "half term pupils",
    "Half of our staff work with pupils.",
    "Half the staff teach pupils.",
    "The two programmes helped pupils.",
    "Only pupils on SEN support took part.",
    "One hour with pupils.",
    "Phase 3 pupils",
    "We are one school, and pupils know it.",
    "The 3 Rs matter to children.",
    "hundreds of children",
    "several pupils off the register",
    "It gave our 12 teachers time for pupils.",
    "Two children's centres closed.",
    "Every one of us learnt.",
    "One of those days.",
    "no one way suits all pupils",
    "Ofsted said we were a two-form school where pupils thrive.",
    "This was the single most useful course for our pupils.",
    "It is the only programme that asked pupils.",
    "Pupil voice: two surveys.",
    "One size does not fit every child.",
)


@pytest.mark.parametrize("text", COUNTS)
def test_a_number_of_pupils_is_held(text: str):
    assert COUNTED in review_reasons(text, [])
    assert COUNTED in review_reasons(f"It went well.\n“{text.upper()}” We think so.", [])


@pytest.mark.parametrize("text", ORDINARY)
def test_other_numbers_are_not_held(text: str):
    assert COUNTED not in review_reasons(text, [])


def test_a_number_of_pupils_is_found_among_unseen_characters():
    assert COUNTED in review_reasons("None of our th\u200bree\u00a0pupils passed.", [])
    assert COUNTED in review_reasons("３ of our pupils passed", [])


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("statements.csv", ("role", "theme", "quote")),
        ("case_studies.csv", ("context", "support_received", "statement")),
        ("case_study_support.csv", ("support",)),
        ("evaluations.csv", ("free_text",)),
    ],
)
def test_nothing_in_the_example_is_held_for_a_number(file: str, columns: tuple[str, ...]):
    with (EXAMPLE / file).open(encoding="utf-8", newline="") as lines:
        texts = ["\n".join(row[column] for column in columns) for row in csv.DictReader(lines)]
    assert len(texts) > 4
    assert [text for text in texts if COUNTED in review_reasons(text, [])] == []


@pytest.mark.parametrize(
    "piece", ["one of our ", "number of pupils ", "all our ", "twenty ", "a couple ", "1 ", "one, "]
)
def test_a_text_designed_to_be_slow_is_not(piece: str):
    began = time.process_time()
    review_reasons(piece * (100_000 // len(piece)), [])
    assert time.process_time() - began < 10
