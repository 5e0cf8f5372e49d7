"""What schools answered about each programme: agreement to the right, disagreement to the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipelines.charts import style, subject
from pipelines.charts.chart import Chart, Frames
from pipelines.released.citations import Quote
from pipelines.released.wording import format_count, format_value, join_words

_NAME, _RESPONSE_RATE = "evaluation_answers", "response rate"
_NEUTRAL = "Neither agree nor disagree"
# The look of each answer's bar, in reading order. Solid and hatched bars, with a hatch for each
# side, can still be distinguished when printed in grey.
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
_LINE, _BAR, _BETWEEN, _ASIDE = 0.165, 0.22, 0.1, 0.3
_RETURNED, _EXPECTED = "Schools that answered", "Schools in the programme"


@dataclass(frozen=True)
class AnswerBar:
    """The answers of one programme's schools to one question: how many gave each answer."""

    question: str
    programme: str
    given: Mapping[str, int]

    @property
    def n(self) -> int:
        """The number of schools that answered."""
        return sum(self.given.values())

    def count(self, answers: Sequence[str]) -> int:
        """The number that gave any of these answers."""
        return sum(self.given.get(answer, 0) for answer in answers)


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart, or none where no question was answered."""
    summary, titles = tables["evaluation_summary"], subject.titles(tables)
    returned = summary[summary["question"] == _RESPONSE_RATE]
    rates = {
        row["programme"]: (int(row["n_schools"]), int(row["n_expected"]))
        for row in subject.rows(returned[returned["n_expected"].fillna(0) > 0])
    }
    asked = summary[summary["answer"].isin(_LOOKS) & summary["programme"].isin(rates)]
    given: dict[tuple[str, str], dict[str, int]] = {}
    for row in subject.rows(asked):
        key = row["question"], row["programme"]
        given.setdefault(key, {})[row["answer"]] = int(row["n_schools"])
    rows = [
        AnswerBar(question, titles[name], given[question, name])
        for question in dict.fromkeys(asked["question"])
        for name in titles
        if (question, name) in given
    ]
    drawn = {row.programme for row in rows}
    by_title = {title: rates[name] for name, title in titles.items() if title in drawn}
    if rows:
        yield _chart(tables, rows, by_title)


def _chart(tables: Frames, rows: list[AnswerBar], rates: dict[str, tuple[int, int]]) -> Chart:
    title = _title(rows, rates)
    alt_text = _alt_text(rows)
    data = pd.DataFrame([_data_row(row, *rates[row.programme]) for row in rows])
    first = {name: data["Programme"].tolist().index(name) for name in rates}
    answered = join_words(
        f"{format_count(n)} of {format_count(n_all)} schools in {name}"
        for name, (n, n_all) in rates.items()
    )
    return Chart(
        name=_NAME,
        title=title,
        alt_text=alt_text,
        caption=(
            f"Answered: {answered}. The others may think otherwise. {subject.place(tables)}, "
            f"{subject.outcome_year(tables)}. {subject.source(tables, ('evaluations',))}"
        ),
        data=data,
        svg=_draw(tables, title, rows).save(_NAME, alt_text),
        caption_from=tuple(
            Quote(format_count(n), (first[name],), column)
            for name, counts in rates.items()
            for n, column in zip(counts, (_RETURNED, _EXPECTED), strict=True)
        ),
    )


def _title(rows: Sequence[AnswerBar], rates: Mapping[str, tuple[int, int]]) -> str:
    """Whether more than half of those who answered agree, if enough answered."""
    if any(2 * n < n_all for n, n_all in rates.values()):
        return "Too few schools answered to speak for all"
    agreed = [2 * row.count(_AGREE) > row.n for row in rows]
    if not any(agreed):
        return "On no question did most schools that answered agree"
    which = "every question" if all(agreed) else "some questions, not others"
    return f"Most schools that answered agreed on {which}"


@style.styled
def _draw(tables: Frames, title: str, rows: list[AnswerBar]) -> style.Sheet:
    key_height = style.key_height(_LOOKS)
    blocks = {
        question: style.wrap(question, style.TEXT_INCHES, style.BODY_SIZE, bold=True)
        for question in dict.fromkeys(row.question for row in rows)
    }
    body = sum(_LINE * (text.count("\n") + 1) + _BETWEEN for text in blocks.values())
    body += len(rows) * (_LINE + _BAR)
    sheet = style.sheet(
        title,
        "Number of schools that gave each answer, of n that answered the question",
        subject.footer(tables, "", ("evaluations",)),
        key_height + body,
    )
    sheet.key(key_height + body, _KEY)
    axes = sheet.axes(style.SIDE, 0, style.TEXT_INCHES, body)
    axes.set_xlim(0, style.TEXT_INCHES)
    axes.set_ylim(body, 0)
    axes.axis("off")
    left, right, aside = (
        max(row.count(side) for row in rows) for side in (_DISAGREE, _AGREE, (_NEUTRAL,))
    )
    inch = (style.TEXT_INCHES - _ASIDE) / max(left + right + aside, 1)  # width of one school
    middle, y = left * inch, 0.0
    for question, text in blocks.items():
        axes.text(0, y, text, va="top", fontweight="bold", linespacing=1.25)
        y += _LINE * (text.count("\n") + 1)
        for row in rows:
            if row.question != question:
                continue
            name = style.shortened(row.programme, style.TEXT_INCHES - 0.8, style.SMALL_SIZE)
            words = f"{name}, n = {format_count(row.n)}"
            axes.text(0, y + _LINE / 2, words, va="center", fontsize=style.SMALL_SIZE)
            y += _LINE
            for side, x, school in (
                (_AGREE, middle, inch),
                (_DISAGREE, middle, -inch),
                ((_NEUTRAL,), middle + right * inch + _ASIDE, inch),
            ):
                _stack(axes, row, side, (x, y), school)
            axes.plot([middle] * 2, [y, y + _BAR - 0.02], color=style.TEXT, linewidth=1.2)
            y += _BAR
        y += _BETWEEN
    return sheet


def _stack(
    axes: Axes, row: AnswerBar, answers: Sequence[str], place: tuple[float, float], inch: float
) -> None:
    """Bars with their numbers from a place outwards, leftwards if `inch` is negative."""
    x, y = place
    for answer in answers:
        n = row.given.get(answer, 0)
        if not n:
            continue
        look = _LOOKS[answer] | {
            "linewidth": 1.2,
            "label": f"{row.programme}: {n} {answer.lower()}",
        }
        axes.add_patch(Rectangle((x, y + 0.02), n * inch, _BAR - 0.06, **look))
        if abs(n * inch) > style.text_width(str(n), style.SMALL_SIZE) + 0.04:
            axes.text(
                x + n * inch / 2,
                y + _BAR / 2 - 0.01,
                str(n),
                ha="center",
                va="center",
                fontsize=style.SMALL_SIZE,
                color=style.WHITE if answer == "Strongly agree" else style.TEXT,
                bbox=style.BEHIND_TEXT if "hatch" in look else None,
            )
        x += n * inch


def _alt_text(rows: Sequence[AnswerBar]) -> str:
    by_question: dict[str, list[str]] = {}
    for row in rows:
        said = f"{row.count(_AGREE)} of {row.n} in {row.programme}"
        by_question.setdefault(row.question.rstrip("."), []).append(said)
    parts = (f"“{question}” {join_words(said)}" for question, said in by_question.items())
    return f"Schools that agree or strongly agree, of those that answered. {'; '.join(parts)}."


def _data_row(row: AnswerBar, n_returned: int, n_expected: int) -> dict[str, str]:
    order = [*reversed(_AGREE), _NEUTRAL, *_DISAGREE]
    return {
        "Question": row.question,
        "Programme": row.programme,
        **{answer: str(row.given.get(answer, 0)) for answer in order},
        "Agree in all": str(row.count(_AGREE)),
        "Answered the question": str(row.n),
        _RETURNED: format_count(n_returned),
        _EXPECTED: format_count(n_expected),
        "Response rate": format_value(n_returned / n_expected, "share"),
    }
