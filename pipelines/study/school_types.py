"""The kind of school that each type is, in every spelling used by registers and performance tables.

`school_types.csv` is reviewed by hand. It holds GIAS types and type groups of all years, their GIAS codes and
the performance tables' NFTYPE codes. `is_maintained` is blank where a spelling covers both ("Special schools"
includes maintained schools and others). An unknown spelling never counts as "no": the study must explain it,
or the run stops.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

SchoolKind = Literal["mainstream", "special", "alternative", "independent", "other"]
SCHOOL_KINDS: tuple[str, ...] = get_args(SchoolKind)

# `spelling_key` in SQL.
SPELLING_KEY_MACRO = r"""
CREATE OR REPLACE TEMP MACRO spelling_key(spelling) AS regexp_replace(trim(regexp_replace(
    regexp_replace(lower(spelling), '[''’]', '', 'g'), '[^a-z0-9]+', ' ', 'g')), '^0+([0-9])', '\1')
"""


@dataclass(frozen=True)
class SchoolType:
    """One spelling of a type, and the kind of school it means."""

    spelling: str
    school_kind: SchoolKind
    is_maintained: bool | None

    @property
    def key(self) -> str:
        """The spelling without case, dashes, apostrophes and spaces, which differ from file to file."""
        return spelling_key(self.spelling)


def spelling_key(spelling: str) -> str:
    """The lookup key of a type: lower case, no punctuation, no leading zeros."""
    plain = re.sub("[^a-z0-9]+", " ", re.sub("['’]", "", spelling.lower())).strip()
    return re.sub("^0+([0-9])", r"\1", plain)


@cache
def school_types() -> dict[str, SchoolType]:
    """Every known type by its key. Raises ValueError if the table gives one spelling two meanings."""
    known: dict[str, SchoolType] = {}
    with (Path(__file__).parent / "school_types.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            kind: SchoolKind = row["school_kind"]  # type: ignore[assignment]
            maintained = {"yes": True, "no": False, "": None}[row["is_maintained"]]
            entry = SchoolType(row["spelling"], kind, maintained)
            other = known.setdefault(entry.key, entry)
            if (other.school_kind, other.is_maintained) != (kind, maintained):
                raise ValueError(f"{entry.spelling} has two meanings in school_types.csv")
    return known
