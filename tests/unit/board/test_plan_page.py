"""The planner's page: every figure cited and made again, what it says where nothing is enough."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.board.plan_files import write_plan_page
from pipelines.board.plan_page import chart_rows, plan_page
from pipelines.charts import schools_and_years
from pipelines.document.blocks import Document, Snippet, blocks_of
from pipelines.impact.panel import SchoolPanel
from pipelines.planning.plan import plan_of
from pipelines.planning.plan_table import plan_rows
from pipelines.planning.study_power import MeasurePower, study_power
from pipelines.protocol.study_file import load_study
from pipelines.released import citations
from pipelines.released.citations import Reference, plain
from pipelines.study.paths import EXAMPLE
from tests.fleet.files import write_study
from tests.fleet.seeds import draw_study
from tests.packs import page_of, words_of
from tests.unit.impact.conftest import build_panel
from tests.unit.planning.test_plan import answer
from tests.unit.released.test_citations import NAMES, uncited

Panels = Callable[..., SchoolPanel]


def made(*answers: MeasurePower) -> Document:
    study = load_study(EXAMPLE)
    stages = plan_of(study, answers)
    rows = plan_rows(stages)
    charts = [
        schools_and_years.chart(programme.title, of_chart, "Westhaven, 2016-17.")
        for programme, of_chart in chart_rows(stages, rows)
    ]
    return plan_page(study, stages, rows, charts)


def example(smallest_effect: float | None = 1.0, **panel: object) -> tuple[MeasurePower, ...]:
    """A best measure, the protocol's, one of a subject, and one that cannot be estimated."""
    drawn = build_panel(**panel)
    few = build_panel(members={"send": range(4)})
    return (
        answer(drawn, "ks2_maths_score", mde_attainment_sd=0.20),
        answer(drawn, "ks2_progress_index", mde_attainment_sd=0.30),
        answer(
            drawn,
            "ks2_reading_progress",
            mde_attainment_sd=0.52,
            is_primary=True,
            smallest_effect=smallest_effect,
        ),
        answer(few, "ks4_basics_94", is_primary=True),
    )


def test_no_digit_lacks_a_reference_and_each_is_made_again_from_it() -> None:
    answers = example()
    page = page_of(made(*answers))
    for snippet in page.iter("{http://www.w3.org/1999/xhtml}pre"):
        snippet.clear()
    for snippet in page.iter("pre"):
        snippet.clear()
    bare = [NAMES.sub("", text) for text in uncited(page)]
    assert [text for text in bare if re.search(r"\d", text)] == []
    rows = plan_rows(plan_of(load_study(EXAMPLE), answers))
    n_made = 0
    for element in page.iter():
        where = element.get("data-from")
        if where and not where.startswith("charts/"):
            reference = Reference.read(where)
            cited = [row for row in rows[reference.table] if row.key in reference.rows]
            again = citations.words_of(reference.format, cited, reference.columns)
            assert again == "".join(element.itertext()), where
            n_made += 1
    assert n_made > 60


def test_it_says_what_is_seen_needed_and_best() -> None:
    document = made(*example())
    said = words_of(document)
    first = answer(build_panel(), "ks2_reading_progress").power
    assert (
        f"SEND in mainstream would show {first.mde:.1f} points or more of reading progress" in said
    )
    assert "With 15 schools, 25 others and one year of results" in said
    assert re.search(
        r"alike: \d+ schools and \d+ others with one year of results, or \d+ schools and \d+ others with "
        "three years of results; with the planned schools, ",
        said,
    )
    assert "20 (half of all schools compared)" in said
    assert (
        "An effect of that size would be seen eight times in ten; a smaller one less often" in said
    )
    assert "The average of three subjects" in said
    assert "sees the smallest effect of the measures suited: 0.30 SD of attainment" in said
    assert "the protocol’s, sees 0.52" in said
    (snippet,) = [block for block in blocks_of(document) if isinstance(block, Snippet)]
    assert snippet.code.startswith('[[programme.measure]]\nname = "ks2_progress_index"')
    assert "Too few schools" in said or "too few schools: 4 in the programme" in said


def test_where_the_ends_lie_too_far_apart_no_number_of_schools_is_promised() -> None:
    def weaker(mean):
        return (
            mean - (mean[:, :1] * 0 + 3.0) * (range(len(mean)) < 15 * (mean[:, 0] * 0 + 1))[:, None]
        )

    said = words_of(made(*example(0.2, change=weaker)))
    assert (
        "no number of schools or years would do, since the two comparisons themselves lie" in said
    )


def test_without_a_smallest_effect_nothing_is_said_to_be_needed() -> None:
    said = words_of(made(*example(None)))
    assert "To see" not in said
    assert "would matter)" not in said


def test_where_the_planned_schools_are_enough_it_says_so() -> None:
    said = words_of(made(*example(50.0)))
    assert "the planned schools are enough with one year" in said


def test_what_is_withheld_is_not_on_the_page() -> None:
    found = answer(build_panel(members={"send": range(9)}), "ks2_reading_progress", is_primary=True)
    document = made(found)
    said = words_of(document)
    assert "withheld: an estimate from fewer than 10 schools on a side" in said
    assert "No primary measure of the protocol can be estimated." in said
    assert f"{found.power.mde:.1f}" not in said
    assert document.figures == ()


def test_the_files_are_there_and_the_paper_says_the_same(tmp_path: Path) -> None:
    from pypdf import PdfReader  # noqa: PLC0415

    page, paper = write_plan_page(load_study(EXAMPLE), example(), tmp_path / "x" / "power.html")
    assert {file.name for file in page.parent.iterdir()} == {
        "power.html", "power.pdf", "power_plan.csv", "power_needs.csv",
    }  # fmt: skip
    text = " ".join("".join(p.extract_text() for p in PdfReader(paper).pages).split())
    assert "With 15 schools, 25 others and one year of results" in text
    assert 'name = "ks2_progress_index"' in text
    assert page.read_text(encoding="utf-8").count("<pre>") == 1


@pytest.mark.parametrize("smallest_effect", [None, 1.0, 2.5, 40.0])
def test_a_chart_says_its_finding_from_its_own_figures(smallest_effect: float | None) -> None:
    study = load_study(EXAMPLE)
    stages = plan_of(study, example(smallest_effect))
    rows = plan_rows(stages)
    for programme, of_chart in chart_rows(stages, rows):
        drawn = schools_and_years.chart(programme.title, of_chart, "Westhaven, 2016-17.")
        assert len(drawn.data) == 5
        assert plain(drawn.title).startswith("15 schools show")
        assert ("matter" in drawn.title) == (of_chart[0]["smallest_effect"] is not None)
        for quote in drawn.title_from:
            assert quote.is_in(drawn.data)


@pytest.mark.parametrize("seed", [2, 131], ids=["two releases", "many key stages"])
def test_a_drawn_study_has_a_page_without_a_bare_number(seed: int, tmp_path: Path) -> None:
    study = load_study(write_study(draw_study(seed), tmp_path))
    answers = study_power(study, tmp_path / "scratch")
    write_plan_page(study, answers, tmp_path / "power.html")
    text = (tmp_path / "power.html").read_text(encoding="utf-8")
    page = ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    for snippet in page.iter("pre"):
        snippet.clear()
    names = re.compile(rf"\(Year 2\)|Key Stage 1|{re.escape(study.study.title)}")
    said = [NAMES.sub("", names.sub("", text)) for text in uncited(page)]
    assert [text for text in said if re.search(r"\d|\bnan\b|\bNone\b", text)] == []
    assert "would show eight times in ten" in " ".join(said)


def test_two_forms_of_one_measure_have_a_chart_each() -> None:
    drawn = build_panel()
    primary = answer(drawn, "ks2_rwm_expected", mde_attainment_sd=0.5, is_primary=True)
    adjusted = replace(primary, is_pupil_adjusted=True, mde_attainment_sd=0.4, is_primary=False)
    document = made(adjusted, primary)
    assert len({figure.name for figure in document.figures}) == 2
