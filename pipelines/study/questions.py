"""What a study asks of its files: the measures and groups of pupils that some figure of it rests on.

A fault in a column that feeds none of them stops nothing: its value is set aside and counted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pipelines.study.measures import PARTS_OF_AN_INDEX

if TYPE_CHECKING:
    from pipelines.study.settings import Study


def measures_asked(study: Study) -> frozenset[str]:
    """Measures a programme is evaluated on, or a placebo's schools chosen by; an index with its parts."""
    named = {m.name for programme in study.evaluated_programmes for m in programme.measure}
    named |= {programme.placebo.measure for programme in study.programme if programme.placebo}
    parts = (PARTS_OF_AN_INDEX.get(name, ()) for name in named)
    return frozenset(named.union(*parts))


def groups_asked(study: Study) -> frozenset[str]:
    """Groups of pupils: of the programmes; and those that tell cohorts apart where schools are matched."""
    groups = {str(p.target_group) for p in study.programme if p.target_group}
    if any(programme.comparison_pool == "matched" for programme in study.programme):
        groups |= {"disadvantaged", "not_disadvantaged"}
    return frozenset(groups)


def is_column_asked(study: Study, used_for: Collection[str] | None) -> bool:
    """Whether anything of a study rests on a column that is used for these; None: always."""
    if used_for is None:
        return True
    return not (measures_asked(study) | groups_asked(study)).isdisjoint(used_for)
