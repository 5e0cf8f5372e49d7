"""Charts of ordinary and awkward studies: drawn without nonsense, no text on another or off the sheet."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from pipelines.charts import gallery, style
from pipelines.charts.chart import Chart
from tests.awkward_studies import STUDIES
from tests.chart_cases import check_words
from tests.released_fixture import released_tables

Tables = dict[str, pd.DataFrame]
TOUCHING = 1.5  # 1/100 inch: boxes include space for letters that the words do not contain


def long_names() -> Tables:
    tables = released_tables()
    programme = tables["programme"]
    programme["title"] = [
        f"{name}: a programme of training and support for teachers and their assistants"
        for name in ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh")
    ]
    tables["measure"]["label"] = "Share of pupils who reach a standard that takes very long to say"
    tables["study"]["local_authority_name"] = "Northern and Southern Westhaven Combined Authority"
    tables["source"]["publisher"] = "A Department of Government with a Long Name and its Agencies"
    tables["priority"]["priority"] += " and everything else that goes with it in every school"
    tables["enrolment"]["school_name"] += " and Nursery, a Church of England Voluntary Academy"
    answers = tables["evaluation_summary"]
    asked = answers["question"] != "response rate"
    answers.loc[asked, "question"] += ", and we would take part in it again " * 4
    return tables


def other_verdicts() -> Tables:
    """Ranges on both sides, a method without an estimate, withheld years, fewer answers."""
    tables = released_tables()
    impact, comparison = tables["impact"], tables["comparison"]
    methods = impact["role"] == "robustness"
    figures = ["estimate_low", "estimate_high", "ci_low", "ci_high"]
    impact.loc[methods & (impact["estimator"] == "ancova"), figures] = float("nan")
    impact.loc[methods & (impact["estimator"] == "ancova"), "figure_status"] = "not_available"
    impact.loc[methods, "verdict_reason"] = "fewer than three years before the programme are known"
    comparison.loc[comparison["academic_year"] == "2016-17", "figure_status"] = "suppressed"
    tables["evaluation_summary"] = tables["evaluation_summary"].query("answer != 'Agree'")
    return tables


def drawn_texts(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> dict[str, Bbox]:
    """The box of each drawn text, by its words; ticks outside the axis are not drawn."""
    drawn: list[Text] = []
    draw: Callable[..., None] = Text.draw

    def recorded(self: Text, *arguments: object, **named: object) -> None:
        drawn.append(self)
        draw(self, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Text, "draw", recorded)
        style.styled(figure.canvas.draw)()
    seen = [text for text in drawn if text.get_visible() and text.get_text().strip()]
    return {
        f"{number}: {text.get_text()}": Text.get_window_extent(text)
        for number, text in enumerate(seen)
    }


MADE = {
    **{make.__name__: make for make in (released_tables, long_names, other_verdicts)},
    **STUDIES,
}


@dataclass(frozen=True)
class Drawn:
    """A study's charts, and the figure that each was saved from."""

    study: str
    charts: Sequence[Chart]
    figures: dict[str, Figure]


@pytest.fixture(scope="module", params=MADE)
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """Each study is drawn once for the tests of its words and of their places."""
    figures: dict[str, Figure] = {}
    save = style.Sheet.save

    def kept(sheet: style.Sheet, name: str, alt_text: str) -> bytes:
        figures[name] = sheet.figure
        return save(sheet, name, alt_text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style.Sheet, "save", kept)
        patch.setattr(gallery, "_with_pictures", lambda charts: charts)
        charts = gallery.draw_all(MADE[request.param]())
    return Drawn(request.param, charts, figures)


def test_an_awkward_study_is_drawn_whole(drawn):
    """Without an error or nonsense; each family is given only the tables it names."""
    for chart in drawn.charts:
        check_words(chart, drawn.study)
    assert {chart.name for chart in drawn.charts} == set(drawn.figures) != set()
    if drawn.study not in STUDIES:
        assert {name.partition("-")[0] for name in drawn.figures} == set(gallery.FAMILIES)


def test_texts_lie_inside_the_sheet_and_on_no_other_text(drawn, monkeypatch):
    faults = []
    for name, figure in drawn.figures.items():
        boxes = drawn_texts(figure, monkeypatch)
        assert len(boxes) > 3, name
        sheet = figure.bbox
        for words, box in boxes.items():
            if box.x0 < 0 or box.y0 < 0 or box.x1 > sheet.x1 or box.y1 > sheet.y1:
                faults.append(f"{name}: {words!r} runs off the sheet")
        for (one, its), (other, others) in itertools.combinations(boxes.items(), 2):
            shared = Bbox.intersection(its, others)
            if shared is not None and min(shared.width, shared.height) > TOUCHING:
                faults.append(f"{name}: {one!r} on {other!r}")
    assert not faults, "\n".join(faults)


def test_the_search_finds_what_overlaps_and_what_runs_off(monkeypatch):
    figure = style.sheet("A title", "A subtitle", "A footer", 1).figure
    figure.text(0.5, 0.5, "one")
    figure.text(0.51, 0.5, "another")
    figure.text(0.98, 0.5, "beyond the edge")
    boxes = list(drawn_texts(figure, monkeypatch).values())
    one, another, beyond = boxes[-3:]
    assert Bbox.intersection(one, another) is not None
    assert beyond.x1 > figure.bbox.x1
