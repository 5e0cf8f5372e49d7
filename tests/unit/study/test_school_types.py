"""School types: one meaning per spelling, in Python and SQL, and all spellings of real files are known."""

from __future__ import annotations

import csv
import gzip

import pandas as pd

from pipelines.store import store
from pipelines.study.school_types import SCHOOL_KINDS, school_types, spelling_key


def test_python_and_sql_look_a_spelling_up_in_the_same_way():
    spellings = [known.spelling for known in school_types().values()]
    spellings += [
        "Children’s  Centre",
        "Free School – AP ",
        "01",
        "001",
        "0",
        "FUTC",
        "O'Brien's",
        "—",
    ]
    with store.connect_in_memory() as con:
        for spelling in spellings:
            assert con.execute("SELECT spelling_key(?)", [spelling]).fetchone() == (
                spelling_key(spelling),
            )
    assert spelling_key("  Free school – AP") == "free school ap"
    assert spelling_key("001") == "1"


def test_every_kind_is_one_that_the_schools_table_knows():
    assert {known.school_kind for known in school_types().values()} == set(SCHOOL_KINDS)


def test_the_maintained_types_are_those_of_the_education_acts():
    maintained = {
        known.spelling
        for known in school_types().values()
        if known.is_maintained and known.key.isalpha()
    } & {
        "CY",
        "VA",
        "VC",
        "FD",
        "CYS",
        "FDS",
        "CHS",
        "FHS",
        "PRU",
        "AC",
        "ACC",
        "F",
        "NMSS",
        "IND",
        "CTC",
    }
    assert maintained == {"CY", "VA", "VC", "FD", "CYS", "FDS", "CHS", "FHS", "PRU"}


def test_every_type_of_the_real_register_and_tables_is_known(real_data):
    with gzip.open(
        real_data / "converted" / "2017-2018_england_spine.csv.gz", "rt", encoding="utf-8"
    ) as file:
        rows = list(csv.DictReader(file))
    written = {row[name] for row in rows for name in ("MINORGROUP", "NFTYPE", "OTHERNFTYPE")}
    tables = {
        "ksp/england_ks4provisional.csv": "NFTYPE",
        "ksp/england_ks4-pupdest.csv.gz": "NFTYPE",
        "waiky8-eng-schools/england_ks2final.csv.gz": "SCHTYPE",
        "waiky8-eng-schools/england_ks4final.csv.gz": "SCHTYPE",
        "ksp/england_census.csv.gz": "SCHOOLTYPE",
        "hampshire/2021-gias.csv": "EstablishmentTypeGroup (name)",
    }
    for file, heading in tables.items():
        frame = pd.read_csv(real_data / file, dtype=str, usecols=[heading], encoding="utf-8-sig")
        written |= set(frame[heading].dropna())
    unknown = {
        text for text in written if text.strip() and spelling_key(text) not in school_types()
    }
    assert unknown == set()
    # The register's group is an independent count. Differences: academies and free schools for 16
    # to 19 (56), and service children's schools, which have no group (34).
    kinds = pd.Series([school_types()[spelling_key(row["NFTYPE"])].school_kind for row in rows])
    groups = pd.Series([row["MINORGROUP"] for row in rows]).value_counts()
    assert kinds.value_counts().to_dict() == {
        "mainstream": groups["Maintained School"] + groups["Academy"] - 56,
        "independent": groups["Independent School"],
        "special": groups["Special School"],
        "other": groups["College"] + 56 + 34,
    }
