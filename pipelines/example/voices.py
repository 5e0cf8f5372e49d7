"""What schools wrote: evaluation forms, statements with and without consent, case studies. All invented.

The texts fit any phase; which school gives which is random.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from pipelines.example.programmes import Membership, school_days
from pipelines.example.schools import SCHOOLS

QUESTIONS = {
    "q1": "The programme was well matched to what our school needed.",
    "q2": "Staff have changed what they do in the classroom because of it.",
    "q3": "Pupils the programme is for are doing better because of it.",
    "q4": "The support was worth the staff time it took.",
}
ANSWERS = (
    "Strongly agree",
    "Agree",
    "Neither agree nor disagree",
    "Disagree",
    "Strongly disagree",
)
_ANSWER_SHARES = {
    "q1": (0.30, 0.45, 0.15, 0.08, 0.02),
    "q2": (0.20, 0.45, 0.20, 0.12, 0.03),
    "q3": (0.10, 0.35, 0.40, 0.12, 0.03),
    "q4": (0.15, 0.35, 0.20, 0.20, 0.10),
}
N_RESPONDING = {"send": 13, "gap": 11}
_ROLES = ("Headteacher", "Deputy headteacher", "Programme lead", "Class teacher")
_ROLE_SHARES = (0.6, 0.2, 0.1, 0.1)
# theme and consent as recorded by an officer, then the text
_FREE_TEXT: tuple[tuple[str, str, str], ...] = (
    ("", "", ""),
    ("Staff time", "yes", "Good sessions, but cover was hard to find in the spring term."),
    ("Coaching", "yes", "The coaching visits helped most; the conference days helped least."),
    ("Practice", "yes", 'Staff now ask "what does this pupil need next?" before they plan.'),
    ("Evidence", "yes", "Too early to say. We had one term before the tests."),
    # Names a pupil: held for review.
    ("Practice", "yes", "Leofric in Year 4 (UPN K799000416024) can now sit through a lesson."),
    (
        "Staff time", "no",
        "Resources were well made & easy to use, though <5 of our staff could attend every session.",
    ),
    ("Other partners", "yes", "We were already doing much of this with another partner."),
    ("Coaching", "no", "The audit in the first visit was honest, useful and uncomfortable."),
    ("Staff time", "yes", "Paperwork was heavy for a small school."),
    ("", "", ""),
    ("Governors", "yes", "We would like the governors' session to be offered again."),
)  # fmt: skip

# programme, role, consent, attribution, theme, tone, quote
_STATEMENTS: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    (
        "send", "SENCO", "yes", "role", "Classroom practice", "positive",
        "Teachers come to me with ideas now, not only with problems. That is new.",
    ),
    (
        "send", "Headteacher", "yes", "name", "Leadership", "positive",
        "Having another school look hard at our provision, kindly but without flattery, "
        "moved us on more than any course.",
    ),
    (
        "send", "Class teacher", "yes", "anonymous", "Workload", "negative",
        "The ideas were good. The time was not: visits fell in assessment weeks, "
        'and "release time" meant splitting my class.',
    ),
    (
        "send", "Deputy headteacher", "yes", "role", "Evidence", "mixed",
        "We see calmer lessons and better plans.\n"
        "We do not yet see it in test results, and nobody should have promised that by May.",
    ),
    (
        "send", "Governor", "yes", "role", "Leadership", "positive",
        "For the first time governors know what to ask about pupils on SEN support.",
    ),
    (
        "send", "Headteacher", "no", "role", "Funding", "negative",
        "We spent more on cover than the programme paid us.",
    ),
    (
        "send", "Teaching assistant", "withdrawn", "anonymous", "Training", "mixed",
        "The training was for teachers; those of us who sit beside the pupils heard about it later.",
    ),
    (
        "send", "SENCO", "yes", "anonymous", "Identification", "mixed",
        "We took several pupils off the register and added others. It is a better list, "
        "but this year's figures are not last year's children.",
    ),
    (
        "gap", "Headteacher", "yes", "name", "Classroom practice", "positive",
        "We stopped buying interventions and started watching lessons. "
        "It's cheaper, harder & better.",
    ),
    (
        "gap", "Programme lead", "yes", "role", "Attendance", "mixed",
        "The work on feedback is sound, but the pupils it is for are the ones "
        "most often away, and we had nothing for that.",
    ),
    (
        "gap", "Class teacher", "yes", "anonymous", "Training", "negative",
        "Much of it was what we already did under another name.",
    ),
    (
        "gap", "Deputy headteacher", "yes", "role", "Partnership", "positive",
        "The trio visits were worth every hour: three schools, one question, no slides.",
    ),
    (
        "gap", "Headteacher", "no", "name", "Evidence", "negative",
        "I cannot point to one result that changed because of this.",
    ),
    (
        "gap", "Headteacher", "yes", "anonymous", "Sustainability", "mixed",
        "Our lead left in April, and what she had learnt left with her.",
    ),
)  # fmt: skip

# The school's consent does not cover a pupil, so both are held until an officer has read them.
_STATEMENTS_NAMING_A_PUPIL: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    (
        "send", "Class teacher", "yes", "anonymous", "Classroom practice", "positive",
        "Corin Vellacott, who would not hold a pen in September, wrote a page by himself in June.",
    ),
    (
        "gap", "Programme lead", "yes", "role", "Partnership", "mixed",
        "Ring his mother on 01632 960 417: she will tell you what changed, and what did not.",
    ),
)  # fmt: skip

# programme, consent, context, support received, statement
_CASE_STUDIES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "send", "yes",
        "A school in the north of the city whose share of pupils on SEN support had risen for three years.",
        "A provision review, six coaching visits, and a place for two staff at the November conference.",
        "We rewrote every support plan with the class teacher in the room. "
        "Whether pupils learn more we shall see next year, and the year after.",
    ),
    (
        "gap", "yes",
        "A school near the docks where most families have moved in the last five years.",
        "Lesson study in threes with two partner schools, and help to read our own data.",
        'The question we kept was "who has not spoken yet?". It costs nothing and it is asked daily.',
    ),
    (
        "gap", "no",
        "A school between two headteachers for most of the year.",
        "Four visits by a leader from another school.",
        "It kept us steady, but we would not want our story told yet.",
    ),
    (
        "gap", "withdrawn",
        "A primary school of one form of entry.",
        "A day a fortnight with a lead teacher from across the harbour.",
        "We agreed in June and have thought better of it.",
    ),
    (
        "gap", "yes",
        "A junior school of four forms of entry. Many of its pupils are disadvantaged, "
        "and most of them come from the two estates behind the market.",
        "A year of lesson study with two other schools, coaching for new teachers, and help to find out "
        "who was missing which lessons.",
        "We learnt to look at who is in the room before we look at the scheme of work. "
        "Attendance moved first. Whether results follow, we do not know yet.",
    ),
)  # fmt: skip

# Support received by each case-study school, in order: first day, last day of a period, and text.
_SUPPORT: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (
        ("2018-01-22", "", "Provision review: two visitors for a day, and a written report"),
        ("2018-02-05", "2018-06-29", "Six coaching visits to class teachers, one every three weeks"),
        ("2018-03-14", "", "Support plans rewritten with each class teacher: a day with a specialist"),
        ("2018-11-09", "", "Two places at the November conference (booked)"),
    ),
    (
        ("2017-10-02", "2018-05-25", "Lesson study in threes with two partner schools, each half term"),
        ("2018-01-16", "", "An afternoon with the authority's analyst on the school's own data"),
        # Names a pupil: held for review.
        ("2018-05-03", "", "A visit about Corin Vellacott and how he could sit the examinations"),
    ),
    (("2018-01-15", "2018-03-26", "Four visits by a leader from another school"),),
    (("2017-11-06", "2018-05-11", "A day a fortnight with a lead teacher"),),
    (
        ("2017-09-18", "", "First meeting of the three schools, with their own results on the table"),
        ("2017-10-02", "2018-04-27", "Lesson study: nine rounds of plan, watch and talk"),
        ("2017-11-13", "2018-02-09", "Coaching for four new teachers, half a day a week"),
        ("2018-03-05", "2018-03-23", "Absence reviewed pupil by pupil, with the education welfare service"),
        ("2018-06-18", "2018-07-13", "Handover: staff of the other two schools watch and write it up"),
    ),
)  # fmt: skip


def evaluation_questions() -> pd.DataFrame:
    """The wording of each question of the form."""
    return pd.DataFrame(list(QUESTIONS.items()), columns=["question", "wording"])


def evaluations(rng: np.random.Generator, membership: Membership) -> pd.DataFrame:
    """The form's export: one row per response; some schools answer twice, many not at all."""
    rows: list[tuple[object, ...]] = []
    first, last = dt.date(2018, 6, 11), dt.date(2018, 7, 20)
    for programme, n_responding in N_RESPONDING.items():
        members = rng.permutation(membership.of(programme))[:n_responding]
        responding = np.r_[members, members[:3]]  # second answers come from the SENCO
        days = school_days(rng, first, last, len(responding))
        texts = rng.permutation(len(_FREE_TEXT))
        for turn, (place, day) in enumerate(zip(responding, days, strict=True)):
            role = str(rng.choice(np.array(_ROLES), p=_ROLE_SHARES))
            answers = [
                str(rng.choice(np.array(ANSWERS), p=shares)) if rng.random() > 0.03 else ""
                for shares in _ANSWER_SHARES.values()
            ]
            theme, consent, words = _FREE_TEXT[texts[turn % len(texts)]]
            role = "SENCO" if turn >= n_responding else role
            urn = SCHOOLS[place].on(day).urn
            rows.append((programme, urn, day.isoformat(), role, *answers, words, theme, consent))
    columns = [
        "programme", "urn", "submitted_on", "respondent_role", *QUESTIONS,
        "free_text", "theme", "consent",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def statements(rng: np.random.Generator, membership: Membership) -> pd.DataFrame:
    """Statements with the consent of those who gave them."""
    speakers = {p: list(rng.permutation(membership.of(p))) for p in N_RESPONDING}
    rows = []
    # A separate stream for these days, so that adding statements does not change later draws.
    of_each = ((_STATEMENTS, rng), (_STATEMENTS_NAMING_A_PUPIL, rng.spawn(1)[0]))
    given = [
        (*statement, day)
        for texts, stream in of_each
        for statement, day in zip(
            texts,
            school_days(stream, dt.date(2018, 6, 18), dt.date(2018, 9, 20), len(texts)),
            strict=True,
        )
    ]
    for programme, *fields, day in given:
        urn = SCHOOLS[speakers[programme].pop()].on(day).urn
        rows.append((programme, urn, day.isoformat(), *fields))
    columns = [
        "programme", "urn", "given_on", "role", "consent", "attribution", "theme", "tone", "quote",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def case_studies(rng: np.random.Generator, membership: Membership) -> pd.DataFrame:
    """Case studies; two lack consent."""
    schools = {p: list(rng.permutation(membership.of(p))) for p in N_RESPONDING}
    rows = [
        (programme, SCHOOLS[schools[programme].pop()].now.urn, *fields)
        for programme, *fields in _CASE_STUDIES
    ]
    columns = ["programme", "urn", "consent", "context", "support_received", "statement"]
    return pd.DataFrame(rows, columns=columns)


def case_study_support(case_studies: pd.DataFrame) -> pd.DataFrame:
    """Support that these schools received, whether or not the case study has consent."""
    schools = zip(case_studies["programme"], case_studies["urn"], _SUPPORT, strict=True)
    rows = [(programme, urn, *line) for programme, urn, lines in schools for line in lines]
    return pd.DataFrame(rows, columns=["programme", "urn", "from", "until", "support"])
