"""What schools answered about a programme: agreement to the right, disagreement to the left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipelines.charts import style, subject
from pipelines.charts.chart import Chart, Tables
from pipelines.released.citations import Quote
from pipelines.released.wording import format_count, format_value, join_words

_RESPONSE_RATE = "response rate"
_NEUTRAL = "Neither agree nor disagree"
# How the bar of each answer looks, in the order a reader meets them; a side is where it is drawn.
# Strong answers are solid, others hatched, each side its own way: printed in grey they stay apart.
_LOOKS: dict[str, dict[str, Any]] = {
    "Strongly disagree": {"facecolor": style.ORANGE, "edgecolor": style.ORANGE},
    "Disagree": {"facecolor": style.WHITE, "edgecolor": style.ORANGE, "hatch": "////"},
    "Agree": {"facecolor": style.WHITE, "edgecolor": style.DARK_BLUE, "hatch": "\\\\\\\\"},
    "Strongly agree": {"facecolor": style.DARK_BLUE, "edgecolor": style.DARK_BLUE},
    _NEUTRAL: {"facecolor": style.WHITE, "edgecolor": style.RULE},
}
_AGREE = ("Agree", "Strongly agree")  # from the middle outwards
_DISAGREE = ("Disagree", "Strongly disagree")
_KEY: tuple[style.KeyEntry, ...] = tuple((answer, (look,)) for answer, look in _LOOKS.items())
_QUESTION, _BAR, _BETWEEN = 0.19, 0.26, 0.14
_LEFT, _ASIDE = 0.08, 0.35
Answers = dict[str, dict[str, int]]  # number of schools by question and answer


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every programme of which a question was answered."""
    summary = tables["evaluation_summary"]
    titles = subject.titles(tables)
    for programme in titles:
        mine = summary[summary["programme"] == programme]
        asked = mine[mine["answer"].isin(_LOOKS)]
        returned = mine[mine["question"] == _RESPONSE_RATE]
        if len(asked) and (returned["n_expected"].fillna(0) > 0).any():
            answers: Answers = {}
            for row in subject.rows(asked):
                answers.setdefault(row["question"], {})[row["answer"]] = int(row["n_schools"])
            n, n_expected = (int(returned[c].iloc[0]) for c in ("n_schools", "n_expected"))
            yield _chart(tables, programme, answers, n, n_expected)


def _chart(
    tables: Tables, programme: str, answers: Answers, n_returned: int, n_expected: int
) -> Chart:
    name = f"evaluation_answers-{programme}"
    about = subject.titles(tables)[programme]
    title = _title(answers, n_returned, n_expected)
    n_of, n_all = format_count(n_returned), format_count(n_expected)
    rate = f"{n_of} of the {n_all} schools in {about} answered"
    alt_text = _alt_text(answers, rate)
    share = format_value(n_returned / n_expected, "share")
    answered = (
        Quote(n_of, (0,), "Schools that answered"),
        Quote(n_all, (0,), "Schools in the programme"),
    )
    svg = _draw(tables, title, answers, rate).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=(
            f"Number of schools that gave each answer: {rate} ({share}). Those that did not may think "
            f"otherwise. {subject.place(tables)}, {subject.outcome_year(tables)}. "
            f"{subject.source(tables, ('evaluations',))}"
        ),
        data=_data(answers).assign(
            **{
                "Schools in the programme": n_all,
                "Schools that answered": n_of,
                "Response rate": share,
            }
        ),
        svg=svg,
        title_from=answered if 2 * n_returned < n_expected else (),
        caption_from=(*answered, Quote(share, (0,), "Response rate")),
    )


def _sum(given: dict[str, int], answers: tuple[str, ...]) -> int:
    return sum(given.get(answer, 0) for answer in answers)


def _title(answers: Answers, n_returned: int, n_expected: int) -> str:
    """Whether more than half of those who answered a question agree, if enough answered."""
    if 2 * n_returned < n_expected:
        few = f"{format_count(n_returned)} of {format_count(n_expected)}"
        return f"{few} schools answered: cannot speak for all"
    agreed = [2 * _sum(given, _AGREE) > sum(given.values()) for given in answers.values()]
    if not any(agreed):
        return "On no question did most schools that answered agree"
    which = "every question" if all(agreed) else "some questions, not others"
    return f"Most schools that answered agreed on {which}"


@style.styled
def _draw(tables: Tables, title: str, answers: Answers, rate: str) -> style.Sheet:
    room = style.WIDTH_INCHES - 2 * _LEFT
    key_height = style.key_height(_LOOKS)
    questions = [style.wrap(question, room, style.BODY_SIZE) for question in answers]
    steps = [_QUESTION * (text.count("\n") + 1) + _BAR + _BETWEEN for text in questions]
    sheet = style.sheet(
        title,
        f"Number of schools that gave each answer; {rate}",
        subject.footer(tables, "", ("evaluations",)),
        key_height + sum(steps),
    )
    sheet.key(key_height + sum(steps), _KEY)
    axes = sheet.axes(0, 0, style.WIDTH_INCHES, sum(steps))
    axes.set_xlim(0, style.WIDTH_INCHES)
    axes.set_ylim(sum(steps), 0)
    axes.axis("off")
    left, right, aside = (
        max(_sum(given, side) for given in answers.values())
        for side in (_DISAGREE, _AGREE, (_NEUTRAL,))
    )
    inch = (room - _ASIDE) / max(left + right + aside, 1)  # a school's width
    middle = _LEFT + left * inch
    top = 0.05
    for text, given, step in zip(questions, answers.values(), steps, strict=True):
        axes.text(_LEFT, top, text, va="top", linespacing=1.25)
        y = top + step - _BAR - _BETWEEN
        for side, x, school in (
            (_AGREE, middle, inch),
            (_DISAGREE, middle, -inch),
            ((_NEUTRAL,), middle + right * inch + _ASIDE, inch),
        ):
            _stack(axes, {answer: given.get(answer, 0) for answer in side}, (x, y), school)
        axes.plot([middle] * 2, [y - 0.03, y + _BAR + 0.03], color=style.TEXT, linewidth=1.2)
        top += step
    return sheet


def _stack(axes: Axes, given: dict[str, int], place: tuple[float, float], inch: float) -> None:
    """Bars from a place on, to the left if a school's width is negative, each with its number."""
    x, y = place
    for answer, n in given.items():
        if not n:
            continue
        axes.add_patch(Rectangle((x, y), n * inch, _BAR, linewidth=1.2, **_LOOKS[answer]))
        if abs(n * inch) > style.text_width(str(n), style.BODY_SIZE) + 0.04:
            axes.text(
                x + n * inch / 2,
                y + _BAR / 2,
                str(n),
                ha="center",
                va="center",
                color=style.WHITE if answer == "Strongly agree" else style.TEXT,
                bbox=style.BEHIND_TEXT if "hatch" in _LOOKS[answer] else None,
            )
        x += n * inch


def _alt_text(answers: Answers, rate: str) -> str:
    parts = [
        f"“{question}” {join_words(f'{n} {answer.lower()}' for answer, n in given.items())}."
        for question, given in answers.items()
    ]
    return f"Bars of agreement and disagreement, one row a question. {rate}. {' '.join(parts)}"


def _data(answers: Answers) -> pd.DataFrame:
    order = [*reversed(_AGREE), _NEUTRAL, *_DISAGREE]
    return pd.DataFrame(
        [
            {"Question": question} | {answer: str(given.get(answer, 0)) for answer in order}
            for question, given in answers.items()
        ]
    )
