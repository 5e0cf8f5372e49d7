"""Documents are built without nonsense for every possible outcome and every awkward study."""

import re

import pandas as pd
import pytest

from pipelines.charts import gallery
from pipelines.document import html
from tests.awkward_studies import STUDIES
from tests.chart_cases import MEASURES, VERDICTS, Case, leave_undrawn
from tests.packs import DOCUMENTS

NONSENSE = re.compile(r"\bnan\b|\bNone\b|&lt;NA&gt;|\bNaT\b|not available [a-z%]+")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    leave_undrawn(monkeypatch)


def words_of_page(tables: dict[str, pd.DataFrame]) -> str:
    charts = [chart for family in gallery.FAMILIES for chart in gallery.draw(family, tables)]
    pages = [html.render(made(tables, charts)) for made in DOCUMENTS.values()]
    # Put a space between cells, but not around a number within a sentence.
    bodies = " ".join(page[page.index("<body") :] for page in pages)
    apart = re.sub(r"</t[dh]>", " | ", re.sub(r"<script>.*?</script>", "", bodies, flags=re.DOTALL))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", apart))


@pytest.mark.parametrize("study", STUDIES)
def test_an_awkward_study_has_a_page(study):
    assert NONSENSE.findall(words_of_page(STUDIES[study]())) == []


@pytest.mark.parametrize("is_placebo", [False, True])
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_a_page_that_says_it(verdict, measure, is_placebo):
    words = words_of_page(Case(verdict, measure=measure, is_placebo=is_placebo).tables())
    assert NONSENSE.findall(words) == []
    said = {
        "better": "Better than the comparison schools",
        "worse": "Worse than the comparison schools",
        "no_meaningful_difference": "Any difference is too small to matter",
    }
    found = {name for name, label in said.items() if f"Verdict: {label}" in words}
    assert found == ({verdict} & said.keys())
    assert ("no such programme existed" in words.casefold()) == is_placebo
