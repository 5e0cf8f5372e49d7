"""A study small enough to compute by hand: its files, and the steps from files to released tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.protocol.study_file import load_study
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import Study
from tests.needed_tables import build_marts, ingest, make_all, make_needed, tiny_store

Row = dict[str, object]

# On 1 September 2017 Alder converted (900001 became 900011, same LAESTAB) and Cedar merged into Dogwood.
ALDER, BIRCH, DOGWOOD, ELM, FIR = 7992001, 7992002, 7992004, 7997005, 7994006

PROTOCOL = """\
[study]
name = "tiny"
title = "A study of six schools"
local_authority = 799
local_authority_name = "Nowhere"
is_fictional = true
reference_date = 2018-09-01
as_at = 2018-10-02
outcome_year = "2017-18"
baseline_years = ["2016-17"]
minimum_cell = 6

[[programme]]
id = "send"
title = "SEND in mainstream"
fund = "SSIF"
target_group = "sen_support"
starts = 2018-01-08
expected_schools = 2
eligible_share = 0.7

  [[programme.measure]]
  name = "ks2_reading_progress"
  primary = true
  smallest_effect = 1.0

[[programme]]
id = "gap"
title = "Closing the gap"
fund = "SSIF"
target_group = "disadvantaged"

  [[programme.measure]]
  name = "ks2_rwm_expected"
  primary = true
  smallest_effect = 0.05

  [[programme.measure]]
  name = "ks4_basics_94"

[[programme]]
id = "network"
title = "Subject networks"
fund = "Local"
"""

# Claims that a test may add to the protocol; the study has none.
CLAIMS = """
[[claim]]
kind = "every_school_takes_part"
said = "every school takes part"
said_by = "minutes, 3 July 2018"
"""
REVIEW_CLAIM = """
[[claim]]
kind = "all_maintained_schools_reviewed"
said = "all but one had a review"
said_by = "minutes, 3 July 2018"
but = 1
"""

SOURCES: dict[str, str] = {
    "ks2_2017.csv": 'kind = "ks2_pupils"\nacademic_year = "2016-17"\nstatus = "final"',
    "ks2_2018.csv": 'kind = "ks2_pupils"\nacademic_year = "2017-18"\nstatus = "provisional"',
    "ks4_2018.csv": 'kind = "ks4_pupils"\nacademic_year = "2017-18"\nstatus = "school_return"',
    "register.csv": 'kind = "school_register"',
    "links.csv": 'kind = "school_links"',
    "enrolments.csv": 'kind = "enrolments"',
}


def school(urn: int, number: int, name: str, **more: object) -> Row:
    """A row of the register."""
    return {
        "URN": urn,
        "LA (code)": 799,
        "EstablishmentNumber": number,
        "EstablishmentName": name,
        "TypeOfEstablishment (name)": "Community school",
        "EstablishmentTypeGroup (name)": "Local authority maintained schools",
        "PhaseOfEducation (name)": "Primary",
        "StatutoryLowAge": 4,
        "StatutoryHighAge": 11,
        "OpenDate": "01-09-1990",
        "CloseDate": "",
        **more,
    }


def ks2_pupil(urn: int, number: int, upn: str, **more: object) -> Row:
    """A key stage 2 pupil without SEN who met every standard."""
    return {
        "LAESTAB": 7990000 + number,
        "URN": urn,
        "UPN": upn,
        "SURNAME": "Quillfeather",
        "FORENAME": "Marigold",
        "DOB": "14/02/2007",
        "PINCL_FLAG": 201,
        "SEN": "N",
        "FSM6_P": 0,
        "KS1GROUP": 2,
        "KS1AVERAGEPS": "15.5",
        "READOUTCOME": "AS",
        "MATOUTCOME": "AS",
        "WRITTAOUTCOME": "EXS",
        "READSCORE": 104,
        "MATSCORE": 103,
        "ELIGRWM": 1,
        "RWMEXP": 1,
        "READPROGSCORE_EM_ADJUSTED": "0.50",
        "WRITPROGSCORE_EM_ADJUSTED": "0.25",
        "MATPROGSCORE_EM_ADJUSTED": "-0.25",
        **more,
    }


def ks4_pupil(urn: int, number: int, upn: str, **more: object) -> Row:
    """A pupil at the end of key stage 4."""
    return {
        "LAESTAB": 7990000 + number,
        "URN": urn,
        "UPN": upn,
        "P_INCL": 201,
        "SENF": "N",
        "FSM6": 0,
        "KS2APS": "28.1",
        "ATT8SCR": "",
        "P8SCORE": "",
        "L2BASICS_94": 1,
        "L2BASICS_95": 0,
        **more,
    }


def published_ks2(urn: int, estab: int, name: str, **more: object) -> Row:
    """A school's row of a published key stage 2 table, with the headings that the tiny study uses."""
    return {
        "RECTYPE": 1,
        "LEA": 799,
        "ESTAB": estab,
        "URN": urn,
        "SCHNAME": name,
        "NFTYPE": "CY",
        "TELIG": 30,
        "TFSM6CLA1A": 10,
        "PTRWM_EXP": "60%",
        "PTRWM_EXP_FSM6CLA1A": "40%",
        **more,
    }


def csv_text(rows: list[Row]) -> str:
    """Rows as comma-separated text; the first row names the headings."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _tables() -> dict[str, list[Row]]:
    poor: Row = {
        "RWMEXP": 0,
        "READOUTCOME": "NS",
        "READSCORE": 95,
        "READPROGSCORE_EM_ADJUSTED": "-2.5",
    }
    return {
        "register.csv": [
            school(900001, 2001, "Alder Primary School", CloseDate="31-08-2017"),
            school(
                900011,
                2001,
                "Alder Academy",
                **{
                    "TypeOfEstablishment (name)": "Academy converter",
                    "EstablishmentTypeGroup (name)": "Academies",
                    "OpenDate": "01-09-2017",
                },
            ),
            school(900002, 2002, "Birch Primary School"),
            school(900003, 2003, "Cedar Junior School", CloseDate="31-08-2017"),
            school(900004, 2004, "Dogwood Primary School"),
            school(
                900005,
                7005,
                "Elm School",
                **{
                    "TypeOfEstablishment (name)": "Community special school",
                    "EstablishmentTypeGroup (name)": "Special schools",
                },
            ),
            school(900006, 4006, "Fir School", **{"PhaseOfEducation (name)": "Secondary"}),
        ],
        "links.csv": [
            {
                "URN": 900011,
                "LinkURN": 900001,
                "LinkType": "Predecessor",
                "LinkEstablishedDate": "",
            },
            {
                "URN": 900003,
                "LinkURN": 900004,
                "LinkType": "Successor - merged",
                "LinkEstablishedDate": "01-09-2017",
            },
        ],
        "enrolments.csv": [
            {"programme": "send", "urn": 900001, "start_date": "2018-02-01"},
            {"programme": "send", "urn": 900005, "start_date": ""},
            {"programme": "gap", "urn": 900011, "start_date": ""},
            {"programme": "gap", "urn": 900003, "start_date": ""},
            {"programme": "network", "urn": 900002, "start_date": ""},
        ],
        "ks2_2017.csv": [
            ks2_pupil(900001, 2001, "A799200117001"),
            ks2_pupil(900001, 2001, "A799200117002", FSM6_P=1, **poor),
            ks2_pupil(900002, 2002, "B799200217001"),
            ks2_pupil(900003, 2003, "C799200317001", FSM6_P=1),
            ks2_pupil(900004, 2004, "D799200417001", FSM6_P=1, **poor),
            ks2_pupil(900004, 2004, "D799200417002", FSM6_P=1, **poor),
        ],
        "ks2_2018.csv": [
            ks2_pupil(900011, 2001, "A799200118001", SEN="K", FSM6_P=1),
            ks2_pupil(900011, 2001, "A799200118002", SEN="K", **poor),
            ks2_pupil(900011, 2001, "A799200118003", SEN="E", FSM6_P=1, KS1GROUP=3),
            ks2_pupil(900011, 2001, "A799200118004", SEN="", FSM6_P="", KS1GROUP=""),
            ks2_pupil(900002, 2002, "B799200218001"),
            ks2_pupil(900004, 2004, "D799200418001", FSM6_P=1),
            ks2_pupil(900004, 2004, "D799200418002", PINCL_FLAG=202),
            ks2_pupil(900005, 7005, "E799700518001", SEN="E", READSCORE="N", READOUTCOME="B"),
        ],
        "ks4_2018.csv": [
            ks4_pupil(900006, 4006, "F799400618001", FSM6=1),
            ks4_pupil(900006, 4006, "F799400618002", L2BASICS_94=0),
        ],
    }


@dataclass
class TinyStudy:
    """The study before writing: change `protocol`, `sources` or `tables`, then call `write()`."""

    parent: Path
    protocol: str = PROTOCOL
    sources: dict[str, str] = field(default_factory=lambda: dict(SOURCES))
    tables: dict[str, list[Row]] = field(default_factory=_tables)

    @property
    def folder(self) -> Path:
        return self.parent / "tiny"

    @property
    def paths(self) -> StudyPaths:
        return StudyPaths(self.parent / "marts", "tiny")

    def add(self, file: str, source: str, rows: list[Row]) -> None:
        """Register one more file."""
        self.sources[file] = source
        self.tables[file] = rows

    def drop(self, file: str) -> None:
        """Remove a file."""
        del self.sources[file], self.tables[file]

    def write(self) -> Study:
        """Rewrite the folder and load the study."""
        self.folder.mkdir(exist_ok=True)
        entries = "".join(
            f'\n[[source]]\nfile = "{file}"\n{about}\n' for file, about in self.sources.items()
        )
        (self.folder / "study.toml").write_text(self.protocol + entries, encoding="utf-8")
        for file, rows in self.tables.items():
            (self.folder / file).write_text(csv_text(rows), encoding="utf-8")
        return load_study(self.folder)

    @contextmanager
    def marts(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Write, ingest and build every mart in memory, and keep the store open."""
        with tiny_store() as con:
            ingest(con, self.write())
            build_marts(con)
            yield con

    @contextmanager
    def released(self, *selects: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Write and release: everything, or only what these SELECTs read and are made of."""
        with tiny_store() as con:
            if selects:
                make_needed(con, self.write(), *selects)
            else:
                make_all(con, self.write())
            yield con

    def rows(self, select: str) -> list[tuple[object, ...]]:
        """The rows of a SELECT from a store with what it reads."""
        with self.released(select) as con:
            return con.execute(select).fetchall()

    def without_results(self) -> TinyStudy:
        """The same without its files of pupils, for tests of what nobody's results change."""
        for file in ("ks2_2017.csv", "ks2_2018.csv", "ks4_2018.csv"):
            self.drop(file)
        return self


def published_study(parent: Path, by_year: dict[str, list[Row]]) -> TinyStudy:
    """A study of one programme (gap) on published key stage 2 tables, without pupil files or links."""
    tiny = TinyStudy(parent)
    for name in ("ks2_2017.csv", "ks2_2018.csv", "ks4_2018.csv"):
        tiny.drop(name)
    start, end = (PROTOCOL.index(f'[[programme]]\nid = "{name}"') for name in ("send", "gap"))
    ks4_measure = '\n  [[programme.measure]]\n  name = "ks4_basics_94"\n'
    tiny.protocol = (PROTOCOL[:start] + PROTOCOL[end:]).replace(ks4_measure, "")
    tiny.tables["enrolments.csv"] = [{"programme": "gap", "urn": 900003, "start_date": ""}]
    for year, rows in by_year.items():
        about = f'kind = "ks2_schools"\nacademic_year = "{year}"\nstatus = "final"'
        tiny.add(f"tables_{year}.csv", about, rows)
    return tiny
