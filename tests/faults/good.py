"""A valid file of every kind of source, in two small studies: pupil files, and performance tables.

`planted` plants faults in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from pipelines.catalogue import RAW_TABLES, Table
from pipelines.protocol.study_file import load_study
from pipelines.study.settings import PUBLISHED_KINDS, SCHOOL_KINDS, SourceKind, Study
from tests.faults.formats import Grid
from tests.tiny_study import PROTOCOL, Row, ks2_pupil, ks4_pupil, published_ks2, school

# Name of a valid file: its kind, or a separate name for a second format.
Name = str
INTERACTIVE_TOOL: Name = "la_context_of_interactive_tool"
# Kinds without published headings are read like performance tables, under headings that each study maps
# (`tests/unit/study/test_other_measures.py`).
MAPPED: frozenset[Name] = frozenset(SCHOOL_KINDS) - frozenset(PUBLISHED_KINDS)
NAMES: tuple[Name, ...] = (
    *(kind for kind in get_args(SourceKind) if kind not in MAPPED),
    INTERACTIVE_TOOL,
)
# The publishers' own headings: explore education statistics, interactive tool.
CONTEXT: tuple[Name, ...] = ("la_context", INTERACTIVE_TOOL)
PUBLISHED: tuple[Name, ...] = ("ks2_schools", "ks4_schools")
PUPILS: tuple[Name, ...] = ("ks2_pupils", "ks4_pupils")

_RESULTS = 'academic_year = "2017-18"\nstatus = "provisional"\n'
_SCHOOLS = ((900001, 2001), (900002, 2002), (900003, 2003), (900004, 2004))
_FORM = {"programme": "send", "submitted_on": "2018-07-01", "respondent_role": "Head"}
_ANSWERS = {"q1": "Agree", "q2": "Agree", "q3": "Disagree", "q4": "Agree"}
_REVIEWED = {"reviewed_by": "A", "reviewed_on": "2018-09-20", "reviewed_text": "x"}


def _published_ks4(urn: int, estab: int, name: str) -> Row:
    return {
        **{"RECTYPE": 1, "LEA": 799, "ESTAB": estab, "URN": urn, "SCHNAME": name, "NFTYPE": "CY"},
        **{"TPUP": 100, "PTL2BASICS_94": "61%", "ATT8SCR": "46.2"},
        **{"TFSM6CLA1A": 20, "PTFSM6CLA1ABASICS_94": "45%"},
    }


def _schools_of(published: list[Row], n_pupils: Mapping[str, int]) -> list[Row]:
    """School rows and the authority's row."""
    authority = {"RECTYPE": 3, "ESTAB": "", "URN": "", "SCHNAME": "Nowhere", "NFTYPE": ""}
    return [*published, published[0] | authority | n_pupils]


def kind_of(name: Name) -> SourceKind:
    """The kind of source of a valid file."""
    return "la_context" if name in CONTEXT else name  # type: ignore[return-value]


def _of_statistics(nth: int, authority: str) -> Row:
    """An authority's row in explore education statistics."""
    return {
        **{"time_period": 201718, "time_identifier": "Academic year"},
        **{"geographic_level": "Local authority", "country_name": "England"},
        **{"region_name": "South East", "old_la_code": 799 + nth, "la_name": authority},
        **{"version": "Revised", "breakdown": "Total", "t_pupils": 300},
        **{"subject": "Reading, writing and maths", "expected_standard_pupil_percent": 56 + nth},
    }


def _of_interactive_tool(nth: int, authority: str) -> Row:
    """An authority's row in the authority interactive tool."""
    return {
        **{"Short Desc": "DAP_NEW_KS2_RWM", "Data item": "", "Years": 2018, "Region": "NA"},
        **{"LA and Regions": authority, "Values": 40 + nth, "LA Number": 799 + nth},
    }


@cache
def rows() -> dict[Name, list[Row]]:
    """Records of a valid file of each kind; programmes are those of the first study or of both."""
    names = ("Alder", "Birch", "Cèdre", "Dogwood")
    ks2 = [published_ks2(urn, n, name) for (urn, n), name in zip(_SCHOOLS, names, strict=True)]
    ks4 = [_published_ks4(urn, n, name) for (urn, n), name in zip(_SCHOOLS, names, strict=True)]
    ks4_authority = {"RECTYPE": 4, "TPUP": 400, "TFSM6CLA1A": 80}
    return {
        "ks2_pupils": [ks2_pupil(u, n, f"A7992001180{n}", SURNAME="Zoë") for u, n in _SCHOOLS],
        "ks4_pupils": [
            ks4_pupil(u, n, f"B7992001180{n}", ATT8SCR="46.5", P8SCORE="0.1") for u, n in _SCHOOLS
        ],
        "ks2_schools": _schools_of(ks2, {"TELIG": 120, "TFSM6CLA1A": 40}),
        "ks4_schools": [*ks4, _schools_of(ks4, {})[-1] | ks4_authority],
        "school_register": [
            school(urn, number, name, CloseDate="31-08-2030")
            for (urn, number), name in zip(_SCHOOLS, names, strict=True)
        ],
        "school_links": [
            {
                **{"URN": urn, "LinkURN": urn + 100, "LinkType": "Predecessor"},
                "LinkEstablishedDate": "01-09-2017",
            }
            for urn, _ in _SCHOOLS
        ],
        "school_corrections": [
            {
                **{"urn": urn + 100, "school_urn": "separate", "reason": "Another site"},
                **{"decided_by": "Analyst", "decided_on": "2018-09-20"},
            }
            for urn, _ in _SCHOOLS
        ],
        "la_context": [_of_statistics(nth, name) for nth, name in enumerate(names)],
        INTERACTIVE_TOOL: [_of_interactive_tool(nth, name) for nth, name in enumerate(names)],
        "school_census": [
            {
                **{"URN": urn, "LA": 799, "NOR": 200, "TSENELK": 20, "TSENELSE": 5},
                "NUMFSMEVER": 40,
            }
            for urn, _ in _SCHOOLS
        ],
        "inspections": [
            {"urn": urn, "inspection_date": "2016-03-14", "overall_effectiveness": 2}
            for urn, _ in _SCHOOLS
        ],
        "enrolments": [
            {
                **{"programme": programme, "urn": 900001 + n, "start_date": "2018-02-01"},
                **{"end_date": "2018-08-31", "status": "completed"},
            }
            for programme, n in (("send", 0), ("send", 1), ("gap", 2), ("gap", 3))
        ],
        "eligibility": [
            {
                **{"programme": "send", "urn": urn, "criterion": "Floor", "met": "yes"},
                **{"evidence": "Letter", "judged_on": "2017-10-18"},
            }
            for urn, _ in _SCHOOLS
        ],
        "reviews": [
            {"urn": urn, "review_date": "2017-11-02", "review_type": "Peer", "reviewer": "Adviser"}
            for urn, _ in _SCHOOLS
        ],
        "evaluations": [
            {
                **{"urn": urn, **_FORM, **_ANSWERS, "free_text": "It helped, some"},
                **{"theme": "Training", "consent": "yes", **_REVIEWED},
            }
            for urn, _ in _SCHOOLS
        ],
        "evaluation_questions": [
            {"question": f"q{n}", "wording": f"Question {n}, as asked"} for n in (1, 2, 3, 4)
        ],
        "statements": [
            {
                **{"programme": "send", "urn": urn, "given_on": "2018-09-14", "role": "SENCO"},
                **{"consent": "yes", "attribution": "role", "theme": "Practice", "tone": "mixed"},
                **{"quote": "That is new", **_REVIEWED},
            }
            for urn, _ in _SCHOOLS
        ],
        "case_studies": [
            {
                **{"programme": "send", "urn": urn, "consent": "yes", "context": "A school"},
                **{"support_received": "Visits", "statement": "It helped", **_REVIEWED},
            }
            for urn, _ in _SCHOOLS
        ],
        "case_study_support": [
            {
                **{"programme": "send", "urn": urn, "from": "2018-02-05", "until": "2018-06-29"},
                **{"support": "A day a week", **_REVIEWED},
            }
            for urn, _ in _SCHOOLS
        ],
    }


@cache
def grid_of(kind: Name) -> tuple[tuple[str, ...], ...]:
    """Heading and records as text."""
    records = rows()[kind]
    return (tuple(records[0]), *(tuple(str(cell) for cell in row.values()) for row in records))


def fresh(kind: Name) -> Grid:
    """A copy to spoil."""
    return [list(row) for row in grid_of(kind)]


def table_of(kind: Name) -> Table:
    """The table that a kind is read into."""
    return next(table for table in RAW_TABLES if kind_of(kind) in table.source_kinds)


@dataclass(frozen=True)
class GoodStudy:
    """A study of valid files: its kinds, and its protocol with one file in another format."""

    name: str
    kinds: tuple[Name, ...]

    def protocol(self, kind: Name | None = None, file_format: str = "csv", more: str = "") -> str:
        """The text of study.toml; the file of `kind` in `file_format`, with `more` lines in its entry."""
        programmes = re.sub('name = "tiny"', f'name = "{self.name}"', PROTOCOL)
        if self.name == "published":
            # Results of pupils on SEN support are not published by school.
            programmes = programmes.replace('"sen_support"', '"disadvantaged"')
            programmes = programmes.replace(
                'name = "ks2_reading_progress"', 'name = "ks4_basics_94"'
            ).replace("smallest_effect = 1.0", "smallest_effect = 0.05")
        entries = []
        for each in self.kinds:
            file = file_of(each, file_format if each == kind else "csv")
            dated = _RESULTS if each in (*PUPILS, *PUBLISHED) else ""
            dated = 'academic_year = "2017-18"\n' if each == "school_census" else dated
            dated = 'status = "final"\n' if each in CONTEXT else dated
            dated += more if each == kind else ""
            entries.append(f'\n[[source]]\nkind = "{kind_of(each)}"\nfile = "{file}"\n{dated}')
        return programmes + "".join(entries)


def file_of(kind: Name, file_format: str) -> str:
    """The name of a kind's file."""
    return f"{kind}.{file_format}"


# One format of la_context per study, because a table is read from all its files.
_PUBLIC = (*PUBLISHED, INTERACTIVE_TOOL)
STUDIES = (
    GoodStudy("pupils", tuple(kind for kind in rows() if kind not in _PUBLIC)),
    GoodStudy("published", (*_PUBLIC, "school_register", "enrolments")),
)


@cache
def loaded(good: GoodStudy) -> Study:
    """A study's protocol without files."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / good.name
        place.mkdir()
        (place / "study.toml").write_text(good.protocol(), encoding="utf-8")
        return load_study(place)


def study_of(kind: Name) -> GoodStudy:
    """The study used for a kind's faults."""
    return STUDIES[kind in _PUBLIC]
