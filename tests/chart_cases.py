"""Made studies of one programme, of every outcome one can have, and what holds of any chart's words.

Every number is invented; nothing is estimated.
"""

from __future__ import annotations

import importlib
import itertools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.catalogue.vocabulary import Verdict
from pipelines.charts import gallery
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart
from tests.released_fixture import released_tables

Tables = dict[str, pd.DataFrame]
# Unit and key stage: all four, of one group of pupils, whose gap and schools are charts of their own.
MEASURES = {
    "ks2_rwm_expected": ("ks2", "share", 0.05),
    "ks2_reading_progress": ("ks2", "points", 1.0),
    "ks4_basics_94": ("ks4", "share", 0.05),
    "ks4_attainment8": ("ks4", "points", 2.0),
}
# An interval in smallest effects that matter, of which more is better.
ANSWERS: dict[str | None, tuple[float, float]] = {
    "better": (0.4, 2.6),
    "worse": (-2.6, -0.4),
    "no_meaningful_difference": (-0.6, 0.7),
    "cannot_tell": (-1.2, 2.3),
    None: (np.nan, np.nan),
}
VERDICTS: tuple[Verdict | None, ...] = (
    "better",
    "worse",
    "no_meaningful_difference",
    "cannot_tell",
    None,
)
# What two other methods say, or nothing where both are withheld.
OTHERS: tuple[tuple[str | None, ...], ...] = (
    *itertools.combinations_with_replacement(list(ANSWERS), 2),
    (),
)
LONG = "A programme of training and support with a very long name, its funder insisted"
MOVED = re.compile(
    r"\b(rose|risen|fell|fallen|narrowed|widened|recovered|improved|declined|grew|shrank)\b", re.I
)
NOTHING = re.compile(r"\bnan\b|\bNone\b|not available|<NA>|\bNaT\b|\[c\]|…|  ")


@dataclass(frozen=True)
class Case:
    """One combination, and the study it makes."""

    verdict: Verdict | None = "cannot_tell"
    others: tuple[str | None, ...] = ("cannot_tell", "better")
    measure: str = "ks2_rwm_expected"
    is_placebo: bool = False
    higher_is_better: bool = True
    has_long_names: bool = False

    def tables(self) -> Tables:
        """The released tables of a study of one programme and one measure."""
        key_stage, unit, small = MEASURES[self.measure]
        programme, measure = (OF_ONE[name].head(1) for name in ("programme", "measure"))
        return OF_ONE | {
            "programme": programme.assign(
                title=LONG if self.has_long_names else "Closing the gap",
                is_placebo=self.is_placebo,
            ),
            "measure": measure.assign(
                measure=self.measure,
                key_stage=key_stage,
                label=LONG if self.has_long_names else "Attainment",
                unit=unit,
                smallest_effect=small,
                higher_is_better=self.higher_is_better,
            ),
            "impact": self._impact(unit, small),
            "comparison": OF_ONE[f"comparison in {unit}"].assign(measure=self.measure, unit=unit),
            "school_point": OF_ONE["school_point"].assign(measure=self.measure),
            "authority_context": OF_ONE["authority_context"].assign(
                measure=self.measure, key_stage=key_stage, unit=unit
            ),
        }

    def _impact(self, unit: str, small: float) -> pd.DataFrame:
        answers: dict[str, Any] = {"bracket": self.verdict, "change_since_last_year": "better"}
        answers |= dict(zip(("ancova", "change_from_baseline_mean"), self.others, strict=False))
        rows = OF_ONE["impact"]
        rows = rows[rows["estimator"].isin(answers)]
        turn = small if self.higher_is_better else -small
        ends = np.array([ANSWERS[answers[estimator]] for estimator in rows["estimator"]]) * turn
        low, high = ends.min(axis=1), ends.max(axis=1)
        return rows.assign(
            measure=self.measure,
            unit=unit,
            figure_status=np.where(np.isnan(low), "not_available", "shown"),
            estimate_low=low + 0.4 * (high - low),
            estimate_high=low + 0.6 * (high - low),
            ci_low=low,
            ci_high=high,
            verdict=np.where(rows["role"] == "headline", self.verdict or "cannot_tell", None),
        )


def of_one_programme() -> Tables:
    """What all combinations share, with the averages of both units."""
    tables = released_tables()
    key = ["programme", "measure"]
    for name in ("programme", "measure", "impact", "school_point"):
        tables[name] = tables[name][tables[name]["programme"] == "gap"]
    tables["impact"] = tables["impact"][tables["impact"]["measure"] == "ks2_rwm_expected"]
    cells = tables["comparison"]
    mine = cells[(cells[key] == ["gap", "ks2_rwm_expected"]).all(axis=1)]
    arms = cells[(cells[key] == ["all", "ks2_reading_progress"]).all(axis=1)]
    arms = arms.assign(pupil_group="disadvantaged")
    figures = ["mean", "ci_low", "ci_high"]
    tables["comparison in points"] = pd.concat(
        [mine.assign(**{f: mine[f] - 0.5 for f in figures}), arms]
    )
    tables["comparison in share"] = pd.concat(
        [mine, arms.assign(**{f: arms[f] / 10 + 0.5 for f in figures})]
    )
    tables["not_yet_published"] = tables["not_yet_published"].head(0)
    return tables


OF_ONE = of_one_programme()


def check_words(chart: Chart, case: object) -> None:
    """What holds of every chart's words, whatever the outcome."""
    about = f"{chart.name}: {chart.title!r} of {case}"
    assert 0 < len(chart.title.split()) <= MAX_TITLE_WORDS, about
    assert not NOTHING.search(chart.title), about
    assert chart.caption.strip(), about
    assert chart.alt_text.strip(), about
    for words in (chart.title, chart.alt_text, chart.caption):
        assert not re.search(r"\bnan\b|<NA>|\bNaT\b|\bNone\b", words), f"{about}: {words}"
        assert not MOVED.search(words), f"{about}: {words}"


def leave_undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts get their words and figures alone: a picture takes longer than all of these."""

    class Blank:
        def save(self, *_: object) -> bytes:
            return b"<svg/>"

    for family in gallery.FAMILIES:
        module = importlib.import_module(f"pipelines.charts.{family}")
        monkeypatch.setattr(module, "_draw", lambda *_: Blank())
    monkeypatch.setattr(gallery, "_with_pictures", lambda charts: charts)
    # All texts here can be drawn; `test_odd_text` has others.
    monkeypatch.setattr(gallery, "_drawable", lambda table: table)
