"""All chart families have fitting words for every possible outcome.

There is a study of one programme for each combination of verdict, other methods' findings, real
programme or placebo, measure (both units and key stages), the measure's direction, name length.
"""

import itertools
import re
from xml.etree import ElementTree

import pytest

from pipelines.charts import gallery
from pipelines.charts.chart import Chart
from tests.chart_cases import MEASURES, MOVED, OTHERS, VERDICTS, Case, check_words, leave_undrawn

# Words that scales, keys and notes may use only for that verdict.
JUDGED = re.compile(r"\b(better|worse)\b", re.I)
VERDICT_FAMILIES = ("answer", "headline_effects", "methods", "outcome_by_year")


@pytest.fixture
def undrawn(monkeypatch):
    """Skip the drawing, which does not depend on most of a combination."""
    leave_undrawn(monkeypatch)


@pytest.fixture
def unpictured(monkeypatch):
    monkeypatch.setattr(gallery, "_with_pictures", lambda charts: charts)


def check_title_against_verdict(chart: Chart, case: Case) -> None:
    title, verdict = chart.title.casefold(), case.verdict
    about = f"{chart.name}: {chart.title!r} of {case}"
    if case.is_placebo:
        assert title.startswith("no programme existed"), about
        return
    # Other methods' findings follow the verdict in the title.
    finding = title.partition("; other")[0].partition("; all")[0].partition("; some")[0]
    words = {"better": "better", "worse": "worse", "cannot_tell": "cannot tell"}
    words |= {"no_meaningful_difference": "too"}
    for other, word in words.items():
        if other == verdict:
            assert word in finding, about
        elif other in ("better", "worse") or verdict not in (None, other):
            assert word not in finding.replace("the funder", "").split(), about


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("family", gallery.FAMILIES)
@pytest.mark.usefixtures("undrawn")
def test_every_outcome_has_words(family, measure):
    flags = itertools.product((False, True), repeat=3)
    verdicts = VERDICTS if "impact" in gallery.FAMILIES[family] else VERDICTS[:1]
    drawn = 0
    for verdict, (is_placebo, higher, is_long) in itertools.product(verdicts, flags):
        # Only one family reads other methods' findings.
        for others in OTHERS if family == "methods" and not is_long else OTHERS[:1]:
            case = Case(verdict, others, measure, is_placebo, higher, is_long)
            for chart in gallery.draw(family, case.tables()):
                check_words(chart, case)
                if family in VERDICT_FAMILIES:
                    check_title_against_verdict(chart, case)
                drawn += 1
    assert drawn


def words_drawn(chart: Chart) -> str:
    root = ElementTree.fromstring(chart.svg)  # noqa: S314 - made by this project a moment ago
    texts = [t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}text")]
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("family", VERDICT_FAMILIES)
@pytest.mark.usefixtures("unpictured")
def test_no_scale_or_key_says_what_the_verdict_does_not(family, verdict):
    for measure in ("ks2_rwm_expected", "ks4_attainment8"):
        case = Case(verdict, measure=measure)
        for chart in gallery.draw(family, case.tables()):
            # An effect axis labels both of its sides.
            drawn = re.sub("← worse|better →", "", words_drawn(chart).replace(chart.title, ""))
            said = {word.casefold() for word in JUDGED.findall(drawn)}
            assert said <= {verdict}, f"{chart.name}: {said} is drawn of {verdict}"
            assert not MOVED.search(drawn), chart.name
