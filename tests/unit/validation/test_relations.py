"""Every rule between tables is broken by a planted fault, and names its place."""

from __future__ import annotations

import pytest

from pipelines import store
from pipelines.validation.relations import (
    FOLDER,
    RELATIONS,
    Relation,
    count_broken,
    faults_of_relation,
)
from tests.tiny_study import (
    TinyStudy,
    ingest,
    ks2_pupil,
    ks4_pupil,
    published_ks2,
    published_study,
    school,
)


def broken(tiny: TinyStudy) -> dict[str, list[tuple[object, ...]]]:
    """The places of every broken relation, by its name."""
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest(con, study)
        found = {}
        for relation in RELATIONS:
            faults = list(faults_of_relation(con, relation))
            assert len(faults) == count_broken(con, relation)
            for fault in faults:
                assert fault.problem == relation.rule.problem
                assert fault.expected == relation.rule.expected
                assert fault.remedy == relation.rule.remedy
            if faults:
                found[relation.name] = [(f.file, f.row, f.column, f.found) for f in faults]
    return found


def _enrol(tiny: TinyStudy, **cells: object) -> None:
    tiny.tables["enrolments.csv"].append({"start_date": "", "programme": "send", **cells})


# A good row of each table about programmes that the small study has no file of.
FORMS: dict[str, dict[str, object]] = {
    "eligibility": {"criterion": "floor", "met": "yes", "evidence": "", "judged_on": ""},
    "evaluations": {
        "submitted_on": "2018-07-01",
        "respondent_role": "Headteacher",
        **{f"q{n}": "Agree" for n in (1, 2, 3, 4)},
        "free_text": "",
    },
    "statements": {
        **{"given_on": "2018-07-01", "role": "SENCO", "consent": "yes", "attribution": "role"},
        **{"theme": "Training", "tone": "mixed", "quote": "It helped some."},
    },
    "case_studies": {"consent": "yes", "context": "", "support_received": "", "statement": ""},
}
PLANTED_FORMS = {
    "school_is_registered": ("urn", 900098),
    "programme_is_in_protocol": ("programme", "sned"),
}


def _plant_enrolment(tiny: TinyStudy, column: str, value: object) -> tuple[str, int, str, str]:
    _enrol(tiny, **{"programme": "send", "urn": 900002, column: value})
    return "enrolments.csv", 7, column, str(value)


def _plant_form(
    tiny: TinyStudy, table: str, column: str, value: object
) -> tuple[str, int, str, str]:
    good = {"programme": "send", "urn": 900001, **FORMS[table]}
    tiny.add(f"{table}.csv", f'kind = "{table}"', [good, good | {"urn": 900002, column: value}])
    return f"{table}.csv", 3, column, str(value)


def _plant_pupil(tiny: TinyStudy, table: str) -> tuple[str, int, str, str]:
    if table == "ks2_pupils":
        tiny.tables["ks2_2018.csv"].append(ks2_pupil(900098, 2098, "X799209818001"))
        return "ks2_2018.csv", 10, "URN", "900098"
    tiny.tables["ks4_2018.csv"].append(ks4_pupil(900098, 4098, "X799409818001"))
    return "ks4_2018.csv", 4, "URN", "900098"


def plant(tiny: TinyStudy, relation: Relation) -> tuple[str, int, str, str]:
    """Break one relation in one row; returns its place: file, row, column, what stands there."""
    table = relation.table.name
    if table.endswith("_pupils"):
        return _plant_pupil(tiny, table)
    column, value = PLANTED_FORMS[relation.rule.name]
    if table == "enrolments":
        return _plant_enrolment(tiny, column, value)
    return _plant_form(tiny, table, column, value)


def test_a_sound_study_breaks_none(tmp_path):
    assert broken(TinyStudy(tmp_path)) == {}


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_planted_fault_breaks_its_relation_and_no_other(tmp_path, relation: Relation):
    tiny = TinyStudy(tmp_path)
    place = plant(tiny, relation)
    found = broken(tiny)
    assert {
        name: [(f, r, c.lower(), v) for f, r, c, v in places] for name, places in found.items()
    } == {relation.name: [(place[0], place[1], place[2].lower(), place[3])]}


def test_every_row_that_breaks_a_relation_is_named(tmp_path):
    tiny = TinyStudy(tmp_path)
    _enrol(tiny, urn=900098)
    _enrol(tiny, urn=900099)
    assert broken(tiny) == {
        "enrolments_school_is_registered": [
            ("enrolments.csv", 7, "URN", "900098"),
            ("enrolments.csv", 8, "URN", "900099"),
        ]
    }


def test_a_school_registered_without_its_number_cannot_be_told_and_is_a_fault(tmp_path):
    """Its results would drop out of the marts without a word."""
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"][2] = school(900002, 2002, "Birch", EstablishmentNumber="")
    assert broken(tiny) == {
        "enrolments_school_is_registered": [("enrolments.csv", 6, "URN", "900002")],
        "ks2_pupils_school_is_registered": [
            ("ks2_2017.csv", 4, "URN", "900002"),
            ("ks2_2018.csv", 6, "URN", "900002"),
        ],
    }


def test_without_a_register_the_performance_tables_stand_in_for_it(tmp_path):
    tiny = published_study(tmp_path, {"2017-18": [published_ks2(900001, 2001, "Alder")]})
    tiny.drop("register.csv")
    tiny.drop("links.csv")
    tiny.tables["enrolments.csv"] = []
    _enrol(tiny, programme="gap", urn=900001)
    _enrol(tiny, programme="gap", urn=900007)
    assert broken(tiny) == {
        "enrolments_school_is_registered": [("enrolments.csv", 3, "URN", "900007")]
    }


def test_every_file_of_relations_is_declared_and_every_one_declared_has_its_file():
    assert {file.stem for file in FOLDER.glob("*.sql")} == {r.rule.name for r in RELATIONS}
    assert set(PLANTED_FORMS) == {r.rule.name for r in RELATIONS}
    assert len({r.name for r in RELATIONS}) == len(RELATIONS)
