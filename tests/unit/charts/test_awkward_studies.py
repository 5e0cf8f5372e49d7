"""All chart families draw ordinary but awkward studies without an error or nonsense."""

import pytest

from pipelines.charts import gallery
from tests.awkward_studies import STUDIES
from tests.chart_cases import check_words


@pytest.mark.parametrize("study", STUDIES)
def test_an_awkward_study_is_drawn_whole(study, monkeypatch):
    monkeypatch.setattr(gallery, "_with_pictures", lambda charts: charts)
    for family, names in gallery.FAMILIES.items():
        tables = STUDIES[study]()
        for chart in gallery.draw(family, {name: tables[name] for name in names}):
            check_words(chart, study)
