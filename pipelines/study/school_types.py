"""What kind of school a type is, in every spelling that registers and performance tables have used.

The reviewed table is `school_types.csv`: types of establishment and their groups as the register (GIAS) of
any year writes them, the register's numbers for them, and the performance tables' NFTYPE codes. A blank
`is_maintained` means that the spelling does not say ("Special schools" holds maintained schools and others).
A spelling in no row is never taken for a "no": the study says what it means, or the run stops.
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

# The same as `spelling_key`, for SQL. A number may stand with zeros before it.
SPELLING_KEY_MACRO = r"""
CREATE OR REPLACE TEMP MACRO spelling_key(spelling) AS regexp_replace(trim(regexp_replace(
    regexp_replace(lower(spelling), '[''’]', '', 'g'), '[^a-z0-9]+', ' ', 'g')), '^0+([0-9])', '\1')
"""


@dataclass(frozen=True)
class SchoolType:
    """One spelling of a type, and what a school of that type is."""

    spelling: str
    school_kind: SchoolKind
    is_maintained: bool | None

    @property
    def key(self) -> str:
        """The spelling without what differs from file to file: case, dashes, apostrophes, spaces."""
        return spelling_key(self.spelling)


def spelling_key(spelling: str) -> str:
    """A type as it is looked up: in lower case, without punctuation, a number without zeros before it."""
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
