"""The outcomes that can be evaluated: name, unit, label. What pupils or schools scored is in the marts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

MeasureName = Literal[
    "ks2_rwm_expected",
    "ks2_reading_expected",
    "ks2_writing_expected",
    "ks2_maths_expected",
    "ks2_reading_progress",
    "ks2_writing_progress",
    "ks2_maths_progress",
    "ks2_progress_index",
    "ks2_reading_score",
    "ks2_maths_score",
    "ks2_sen_support_share",
    "ks4_attainment8",
    "ks4_progress8",
    "ks4_basics_94",
    "ks4_basics_95",
    "ks4_sen_support_share",
]
KeyStage = Literal["ks2", "ks4"]
Unit = Literal["share", "points"]


@dataclass(frozen=True)
class Measure:
    """An outcome; shares are 0 to 1.

    Higher is better for every one that is judged. One that is not says who the pupils are (more on
    SEN support is neither better nor worse), and no programme has it as its primary measure.
    """

    name: MeasureName
    label: str
    unit: Unit
    decimals: int
    is_judged: bool = True

    @property
    def stored_decimals(self) -> int:
        """Decimals of a stored result as people read it: a share is 0 to 1, and read as a percentage."""
        return self.decimals + (2 if self.unit == "share" else 0)

    @property
    def is_prior_adjusted(self) -> bool:
        """Whether it is counted from where pupils started, as progress is."""
        return "_progress" in self.name

    @property
    def key_stage(self) -> KeyStage:
        """The key stage whose results it is made of."""
        return "ks2" if self.name.startswith("ks2") else "ks4"


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("ks2_rwm_expected", "Expected standard in reading, writing and maths", "share", 0),
        Measure("ks2_reading_expected", "Expected standard in reading", "share", 0),
        Measure("ks2_writing_expected", "Expected standard in writing", "share", 0),
        Measure("ks2_maths_expected", "Expected standard in maths", "share", 0),
        Measure("ks2_reading_progress", "Reading progress", "points", 1),
        Measure("ks2_writing_progress", "Writing progress", "points", 1),
        Measure("ks2_maths_progress", "Maths progress", "points", 1),
        Measure(
            "ks2_progress_index",
            "Reading, writing and maths progress together (standard deviations)",
            "points",
            2,
        ),
        Measure("ks2_reading_score", "Reading scaled score", "points", 1),
        Measure("ks2_maths_score", "Maths scaled score", "points", 1),
        Measure("ks2_sen_support_share", "Pupils on SEN support", "share", 0, is_judged=False),
        Measure("ks4_attainment8", "Attainment 8", "points", 1),
        Measure("ks4_progress8", "Progress 8", "points", 2),
        Measure("ks4_basics_94", "Grade 4 or above in English and maths", "share", 0),
        Measure("ks4_basics_95", "Grade 5 or above in English and maths", "share", 0),
        Measure("ks4_sen_support_share", "Pupils on SEN support", "share", 0, is_judged=False),
    )
}
if set(MEASURES) != set(get_args(MeasureName)):  # pragma: no cover - a programming error, at import
    raise RuntimeError("pipelines/measures.py: MeasureName and MEASURES differ")
