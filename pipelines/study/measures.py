"""The outcomes that can be evaluated, each declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.study.key_stages import KEY_STAGES, KeyStage

Unit = Literal["share", "points"]


@dataclass(frozen=True)
class Measure:
    """An outcome: shares run from 0 to 1, points are as published.

    `low` and `high` are the ends of the scale: no school's average lies outside them. `decimals` are the
    decimals readers see; a share is read as a percentage. A measure with `is_judged` false describes the
    pupils (more pupils on SEN support is neither better nor worse) and cannot be a primary measure.
    `is_prior_adjusted` marks measures that already allow for prior attainment, such as progress. A share
    counts pupils unless `is_rate` is set (for example the rate of sessions missed). `in_short` and `meaning`
    put a measure into plain words that its label does not explain by itself: a phrase, and sentences.
    """

    name: str
    label: str
    unit: Unit
    decimals: int
    key_stage: KeyStage
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True
    is_judged: bool = True
    is_prior_adjusted: bool = False
    is_rate: bool = False
    in_short: str = ""
    meaning: str = ""

    @property
    def counts_pupils(self) -> bool:
        """Whether the value times the number of pupils is a number of pupils."""
        return self.unit == "share" and not self.is_rate

    @property
    def stage_order(self) -> int:
        """Position of the key stage in `KEY_STAGES`."""
        return KEY_STAGES.index(self.key_stage)

    @property
    def stored_decimals(self) -> int:
        """Decimals of the stored value: a share is stored as 0 to 1 but read as a percentage."""
        return self.decimals + (2 if self.unit == "share" else 0)


# Measures that are computed from other measures, pupil by pupil.
PARTS_OF_AN_INDEX: dict[str, tuple[str, ...]] = {
    "ks2_progress_index": ("ks2_reading_progress", "ks2_writing_progress", "ks2_maths_progress"),
}


def _share(key_stage: KeyStage, name: str, label: str, *, is_judged: bool = True) -> Measure:
    return Measure(f"{key_stage}_{name}", label, "share", 0, key_stage, is_judged=is_judged)


def _ks4_subject(subject: str) -> tuple[Measure, ...]:
    """English or maths alone: passes, and the subject's part of Attainment 8 and Progress 8.

    Both subjects count twice in Attainment 8, so the maximum is 18.
    """
    stem = f"ks4_{subject.lower()}"
    return (
        Measure(f"{stem}_94", f"Grade 4 or above in {subject}", "share", 0, "ks4"),
        Measure(f"{stem}_95", f"Grade 5 or above in {subject}", "share", 0, "ks4"),
        Measure(f"{stem}_attainment8", f"Attainment 8 in {subject}", "points", 1, "ks4", 0, 18),
        Measure(
            f"{stem}_progress8",
            f"Progress 8 in {subject}",
            "points",
            2,
            "ks4",
            low=-9,
            high=9,
            is_prior_adjusted=True,
        ),
    )


def _ks2_progress(subject: str) -> Measure:
    label, name = f"{subject} progress", f"ks2_{subject.lower()}_progress"
    return Measure(name, label, "points", 1, "ks2", -30, 30, is_prior_adjusted=True)


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        _share("phonics", "expected", "Expected standard in phonics"),
        _share("ks1", "reading_expected", "Expected standard in reading"),
        _share("ks1", "writing_expected", "Expected standard in writing"),
        _share("ks1", "maths_expected", "Expected standard in maths"),
        _share("ks2", "rwm_expected", "Expected standard in reading, writing and maths"),
        _share("ks2", "reading_expected", "Expected standard in reading"),
        _share("ks2", "writing_expected", "Expected standard in writing"),
        _share("ks2", "maths_expected", "Expected standard in maths"),
        _ks2_progress("Reading"),
        _ks2_progress("Writing"),
        _ks2_progress("Maths"),
        Measure(
            "ks2_progress_index",
            "Reading, writing and maths progress together (standard deviations)",
            "points",
            2,
            "ks2",
            low=-4,
            high=4,
            is_prior_adjusted=True,
            in_short="the average of three subjects",
            meaning="The average of three subjects: each pupil’s progress in reading, writing and maths, in "
            "which a subject counts for more the less the other two already tell of it. One point is a "
            "standard deviation: as far as from a pupil in the middle to one who made more progress than "
            "five of six.",
        ),
        Measure("ks2_reading_score", "Reading scaled score", "points", 1, "ks2", 80, 120),
        Measure("ks2_maths_score", "Maths scaled score", "points", 1, "ks2", 80, 120),
        _share("ks2", "sen_support_share", "Pupils on SEN support", is_judged=False),
        # Ten subjects graded 0 to 9, and the difference from pupils with the same prior attainment.
        Measure("ks4_attainment8", "Attainment 8", "points", 1, "ks4", 0, 90),
        Measure("ks4_progress8", "Progress 8", "points", 2, "ks4", -6, 6, is_prior_adjusted=True),
        _share("ks4", "basics_94", "Grade 4 or above in English and maths"),
        _share("ks4", "basics_95", "Grade 5 or above in English and maths"),
        *_ks4_subject("English"),
        *_ks4_subject("maths"),
        _share("ks4", "sen_support_share", "Pupils on SEN support", is_judged=False),
        Measure(
            "attendance_absence",
            "Absence rate",
            "share",
            1,
            "attendance",
            higher_is_better=False,
            is_rate=True,
        ),
        Measure(
            "attendance_persistent_absence",
            "Persistent absence rate",
            "share",
            1,
            "attendance",
            higher_is_better=False,
        ),
    )
}
