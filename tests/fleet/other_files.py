"""A study's optional files, such as inspections, reviews, the census and evaluations."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from tests.fleet.drawing import Draw
from tests.fleet.world import AUTHORITY, World

# Written by `files` and `context_files`.
_ELSEWHERE = {"school_links", "la_context"}


def other_files(draw: Draw, world: World) -> dict[str, pd.DataFrame]:
    drawn = world.drawn
    members = world.enrolments
    # These files leave out schools that merged into another.
    local = world.schools[world.schools["is_local"] & (world.schools["merged_into"] < 0)]
    year = int(drawn.outcome_year[:4])
    made: dict[str, list[dict[str, object]]] = {kind: [] for kind in drawn.kinds - _ELSEWHERE}
    day = lambda: dt.date(year, 10, 1) + dt.timedelta(days=int(draw.integers(0, 250)))  # noqa: E731
    for _, school in local.iterrows():
        if "inspections" in made and draw.random() < 0.5:
            made["inspections"].append(
                {"urn": school["urn"],
                 "inspection_date": day() - dt.timedelta(days=int(draw.choice([0, 900]))),
                 "overall_effectiveness": int(draw.integers(1, 5))}
            )  # fmt: skip
        if "reviews" in made and draw.random() < 0.4:
            made["reviews"].append(
                {
                    "urn": school["urn"],
                    "review_date": day(),
                    "review_type": "Peer review",
                    "reviewer": "A trust",
                }
            )
        if "school_census" in made and draw.random() < 0.97:
            roll = int(draw.integers(60, 900))
            made["school_census"].append(
                {"URN": school["urn"], "LA": AUTHORITY, "NOR": roll, "TSENELK": int(roll * 0.12),
                 "TSENELSE": int(roll * 0.02),
                 "NUMFSMEVER": "SUPP" if draw.random() < 0.02 else int(roll * 0.3)}
            )  # fmt: skip
    roles = ("Headteacher", "SENCO", "Deputy headteacher")
    agree = ("Agree", "Strongly agree", "Neither agree nor disagree", "Disagree", "")
    for nth, (_, member) in enumerate(members.iterrows()):
        at = {"programme": member["programme"], "urn": member["urn"]}
        if "eligibility" in made and draw.random() < 0.9:
            for criterion in ("Requires improvement", "Named by the authority"):
                made["eligibility"].append(
                    {**at, "criterion": criterion, "met": str(draw.choice(["yes", "no", "no", "unknown"])),
                     "evidence": "On file", "judged_on": dt.date(year, 5, 1)}
                )  # fmt: skip
        if "evaluations" in made and draw.random() < 0.6:
            made["evaluations"].append(
                {**at, "submitted_on": dt.date(year + 1, 7, 1), "respondent_role": roles[nth % 3],
                 **{f"q{n}": str(draw.choice(agree)) for n in (1, 2, 3, 4)},
                 "free_text": "It was useful.",
                 "theme": str(draw.choice(["Coaching", "Time"])), "consent": "yes"}
            )  # fmt: skip
        if "statements" in made and draw.random() < 0.3:
            made["statements"].append(
                {**at, "given_on": dt.date(year + 1, 7, 2), "role": roles[nth % 3],
                 "consent": str(draw.choice(["yes", "no"])),
                 "attribution": str(draw.choice(["name", "role"])),
                 "theme": "Coaching", "tone": "positive", "quote": "Teachers plan together now."}
            )  # fmt: skip
        if "case_studies" in made and draw.random() < 0.15:
            made["case_studies"].append(
                {**at, "consent": str(draw.choice(["yes", "no"])), "context": "A school by the sea.",
                 "support_received": "Coaching.", "statement": "We plan together."}
            )  # fmt: skip
            if "case_study_support" in made:
                made["case_study_support"].append(
                    {
                        **at,
                        "from": dt.date(year + 1, 1, 8),
                        "until": dt.date(year + 1, 3, 8),
                        "support": "Coaching",
                    }
                )
    if "evaluation_questions" in made:
        made["evaluation_questions"] = [
            {"question": f"q{n}", "wording": f"Question {n}?"} for n in (1, 2, 3, 4)
        ]
    return {kind: pd.DataFrame(rows) for kind, rows in made.items()}
