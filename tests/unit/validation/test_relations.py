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
                assert fault.problem == relation.problem
                assert (fault.expected, fault.remedy) == (relation.expected, relation.remedy)
            if faults:
                found[relation.name] = [(f.file, f.row, f.column, f.found) for f in faults]
    return found


def _enrol(tiny: TinyStudy, **cells: object) -> None:
    tiny.tables["enrolments.csv"].append({"start_date": "", "programme": "send", **cells})


def _unregistered_school(tiny: TinyStudy) -> None:
    _enrol(tiny, urn=900098)
    _enrol(tiny, urn=900099)


def _unknown_programme(tiny: TinyStudy) -> None:
    _enrol(tiny, programme="sned", urn=900002)


def _unregistered_ks2(tiny: TinyStudy) -> None:
    tiny.tables["ks2_2018.csv"].append(ks2_pupil(900098, 2098, "X799209818001"))


def _unregistered_ks4(tiny: TinyStudy) -> None:
    tiny.tables["ks4_2018.csv"].append(ks4_pupil(900098, 4098, "X799409818001"))


PLANTED = {
    "enrolled_school_is_registered": (
        _unregistered_school,
        [("enrolments.csv", 7, "urn", "900098"), ("enrolments.csv", 8, "urn", "900099")],
    ),
    "enrolled_programme_is_in_protocol": (
        _unknown_programme,
        [("enrolments.csv", 7, "programme", "sned")],
    ),
    "ks2_pupil_school_is_registered": (
        _unregistered_ks2,
        [("ks2_2018.csv", 10, "URN", "900098")],
    ),
    "ks4_pupil_school_is_registered": (
        _unregistered_ks4,
        [("ks4_2018.csv", 4, "URN", "900098")],
    ),
}


def test_a_sound_study_breaks_none(tmp_path):
    assert broken(TinyStudy(tmp_path)) == {}


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_planted_fault_breaks_its_relation_and_no_other(tmp_path, relation: Relation):
    plant, places = PLANTED[relation.name]
    tiny = TinyStudy(tmp_path)
    plant(tiny)
    assert broken(tiny) == {relation.name: places}


def test_a_school_registered_without_its_number_cannot_be_told_and_is_a_fault(tmp_path):
    """Its results would drop out of the marts without a word."""
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"][2] = school(900002, 2002, "Birch", EstablishmentNumber="")
    assert broken(tiny) == {
        "enrolled_school_is_registered": [("enrolments.csv", 6, "urn", "900002")],
        "ks2_pupil_school_is_registered": [
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
        "enrolled_school_is_registered": [("enrolments.csv", 3, "urn", "900007")]
    }


def test_every_file_of_relations_is_declared_and_every_one_declared_has_its_file():
    assert {file.stem for file in FOLDER.glob("*.sql")} == {r.name for r in RELATIONS}
    assert set(PLANTED) == {r.name for r in RELATIONS}
    assert len({r.name for r in RELATIONS}) == len(RELATIONS)
