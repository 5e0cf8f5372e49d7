"""The planner's chart: no text on another or off the sheet, and its marks are what its table says."""

from __future__ import annotations

import itertools

import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from pipelines.board.plan_page import chart_rows
from pipelines.charts import schools_and_years, style
from pipelines.planning.plan import plan_of
from pipelines.planning.plan_table import plan_rows
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE
from tests.unit.board.test_plan_page import example
from tests.unit.charts.test_layout import TOUCHING, drawn_texts

LONG = "A programme of training and support for teachers and their assistants in every school"


@pytest.mark.parametrize("smallest_effect", [None, 0.05, 1.0, 2.2, 4.0, 30.0])
def test_texts_lie_inside_the_sheet_and_on_no_other_text(
    monkeypatch: pytest.MonkeyPatch, smallest_effect: float | None
) -> None:
    kept: list[Figure] = []

    def keep(sheet: style.Sheet, *_: str) -> bytes:
        kept.append(sheet.figure)
        return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'

    monkeypatch.setattr(style.Sheet, "save", keep)
    stages = plan_of(load_study(EXAMPLE), example(smallest_effect))
    for _, rows in chart_rows(stages, plan_rows(stages)):
        schools_and_years.chart(LONG, rows, "Westhaven, 2016-17. Source: a long publisher’s name.")
    assert len(kept) == 2
    for figure in kept:
        boxes = drawn_texts(figure, monkeypatch)
        for words, box in boxes.items():
            assert 0 <= box.x0 <= box.x1 <= figure.bbox.x1, words
            assert 0 <= box.y0 <= box.y1 <= figure.bbox.y1, words
        for (one, its), (other, others) in itertools.combinations(boxes.items(), 2):
            shared = Bbox.intersection(its, others)
            is_apart = shared is None or min(shared.width, shared.height) <= TOUCHING
            assert is_apart, f"{one!r} on {other!r}"


def test_lines_go_through_the_figures_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(
        style.Sheet, "save", lambda sheet, *_: kept.append(sheet.figure) or b"<svg/>"
    )
    stages = plan_of(load_study(EXAMPLE), example())
    _, rows = next(chart_rows(stages, plan_rows(stages)))
    drawn = schools_and_years.chart("SEND in mainstream", rows, "Westhaven, 2016-17.")
    lines = [line for line in kept[0].axes[0].lines if len(line.get_xdata()) == len(drawn.data)]
    columns = [name for name in drawn.data.columns if name.startswith("Seen with")]
    assert len(lines) == len(columns) == 3
    for line, column in zip(lines, columns, strict=True):
        printed = [float(text.partition(" ")[0]) for text in drawn.data[column]]
        assert list(line.get_ydata()) == pytest.approx(printed)
