"""The measures and pupil groups that a study uses.

A fault in a column that feeds none of them does not stop the run: the value is set aside and counted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pipelines.study.measures import PARTS_OF_AN_INDEX

if TYPE_CHECKING:
    from pipelines.study.settings import Study


def measures_in_use(study: Study) -> frozenset[str]:
    """Measures that a programme is evaluated on or a placebo selected by, with the parts of an index."""
    named = {m.name for programme in study.evaluated_programmes for m in programme.measure}
    named |= {programme.placebo.measure for programme in study.programme if programme.placebo}
    parts = (PARTS_OF_AN_INDEX.get(name, ()) for name in named)
    return frozenset(named.union(*parts))


def groups_in_use(study: Study) -> frozenset[str]:
    """Target groups of programmes, and the groups that matching needs to describe cohorts."""
    groups = {str(p.target_group) for p in study.programme if p.target_group}
    if any(programme.comparison_pool == "matched" for programme in study.programme):
        groups |= {"disadvantaged", "not_disadvantaged"}
    return frozenset(groups)


def is_column_in_use(study: Study, used_for: Collection[str] | None) -> bool:
    """Whether the study needs a column that serves `used_for`; None means every study needs it."""
    if used_for is None:
        return True
    return not (measures_in_use(study) | groups_in_use(study)).isdisjoint(used_for)
