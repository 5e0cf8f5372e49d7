"""Every rule between tables is broken by a planted fault and names its place."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from pipelines.validation.relations import (
    FOLDER,
    RELATIONS,
    Relation,
    count_broken,
    faults_of_relation,
)
from tests.needed_tables import ingest, tiny_store
from tests.tiny_study import TinyStudy, ks2_pupil, ks4_pupil, published_ks2, published_study, school

FALL = "file_is_as_long_as_last_year"
ENROLLED = "enrolled_schools_are_in_the_file"
Place = tuple[str, int | None, str, str]


def broken(tiny: TinyStudy) -> dict[str, list[tuple[object, ...]]]:
    """The places of every broken relation, by its name."""
    study = tiny.write()
    with tiny_store() as con:
        ingest(con, study)
        found = {}
        for relation in RELATIONS:
            faults = list(faults_of_relation(con, relation))
            # Where none is listed, `test_a_sound_study_breaks_none` counts too.
            assert not faults or len(faults) == count_broken(con, relation)
            for fault in faults:
                assert fault.problem == relation.rule.problem
                assert fault.expected
                assert fault.remedy == relation.rule.remedy
            if faults:
                found[relation.name] = [(f.file, f.row, f.column, f.found) for f in faults]
    return found


def _enrol(tiny: TinyStudy, **cells: object) -> None:
    tiny.tables["enrolments.csv"].append({"start_date": "", "programme": "send", **cells})


# A valid row for each table about programmes that the tiny study lacks.
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
    "case_study_support": {"from": "2018-01-15", "until": "2018-03-01", "support": "Visits"},
}
# The fault planted in a row about a programme: column, value.
PLANTED_FORMS: dict[str, tuple[str, object]] = {
    "school_is_registered": ("urn", 900098),
    "programme_is_in_protocol": ("programme", "sned"),
    "date_is_in_study": ("", "2108-07-01"),
    "date_is_after_programme_start": ("", "2018-01-05"),
    "support_has_case_study": ("urn", 900004),
    "ends_after_it_begins": ("until", "2018-01-14"),
}


def _plant_enrolment(tiny: TinyStudy, column: str, value: object) -> Place:
    _enrol(tiny, **{"programme": "send", "urn": 900002, column: value})
    return "enrolments.csv", 7, column, str(value)


def _plant_form(tiny: TinyStudy, table: str, column: str, value: object) -> Place:
    good = {"programme": "send", "urn": 900001, **FORMS[table]}
    if table == "case_study_support":
        told = [
            {"programme": "send", "urn": urn, **FORMS["case_studies"]} for urn in (900001, 900002)
        ]
        tiny.add("case_studies.csv", 'kind = "case_studies"', told)
    tiny.add(f"{table}.csv", f'kind = "{table}"', [good, good | {"urn": 900002, column: value}])
    return f"{table}.csv", 3, column, str(value)


def _plant_column(tiny: TinyStudy, table: str) -> Place:
    """School names help people to fill in the list, and occur in many lists."""
    if table == "enrolments":
        for row in tiny.tables["enrolments.csv"]:
            row.update({"School name": "Alder", "left": "", "Remarks": ""})
        return "enrolments.csv", None, "left, Remarks", "2 columns nobody reads"
    more = {"school": "Alder", "left": "", "Remarks": ""}
    if table == "reviews":
        review = {"urn": 900001, "review_type": "Peer", "reviewer": "", "review_date": "2018-02-05"}
        tiny.add("reviews.csv", 'kind = "reviews"', [review])
    elif table == "evaluation_questions":
        asked = {"question": "q1", "wording": "Was it well matched?"}
        tiny.add("evaluation_questions.csv", 'kind = "evaluation_questions"', [asked])
    else:
        _plant_form(tiny, table, "urn", 900002)
    for row in tiny.tables[f"{table}.csv"]:
        row.update(more)
    return f"{table}.csv", None, "left, Remarks", "2 columns nobody reads"


def _plant_pupil(tiny: TinyStudy, table: str, relation: Relation) -> Place:
    is_registered = relation.rule.name != "school_is_registered"
    urn = 900002 if is_registered else 900098
    if table == "ks2_pupils":
        pupil = ks2_pupil(urn, 2098, "X799209818001")
        file, row = "ks2_2018.csv", 10
    else:
        pupil = ks4_pupil(urn, 4098, "X799409818001")
        file, row = "ks4_2018.csv", 4
    if is_registered:
        pupil["LAESTAB"] = 8502098
    tiny.tables[file].append(pupil)
    if is_registered:
        return file, row, "LAESTAB", "1 row of authority 850"
    return file, row, "URN", "900098"


def _as_published(tiny: TinyStudy, *rows: dict[str, object]) -> None:
    """The study on one published table instead of pupil files."""
    published = published_study(tiny.parent, {"2017-18": list(rows)})
    tiny.protocol, tiny.sources, tiny.tables = (
        published.protocol,
        published.sources,
        published.tables,
    )


def _plant_fall(tiny: TinyStudy, table: str) -> Place:
    """A much longer file of the year before."""
    if table == "ks2_pupils":
        tiny.tables["ks2_2017.csv"] += [
            ks2_pupil(900002, 2002, f"B7992002171{n:02}") for n in range(12)
        ]
        return "ks2_2018.csv", None, "", "rows: 7"
    if table == "ks4_pupils":
        pupils = [ks4_pupil(900006, 4006, f"F7994006171{n:02}") for n in range(12)]
        tiny.add(
            "ks4_2017.csv",
            'kind = "ks4_pupils"\nacademic_year = "2016-17"\nstatus = "final"',
            pupils,
        )
        return "ks4_2018.csv", None, "", "rows: 2"
    if table == "school_census":
        for year, n_schools in (("2016-17", 3), ("2017-18", 1)):
            rows = [
                {
                    "URN": 900002 + 2 * n,
                    "LA": 799,
                    "NOR": 200,
                    "TSENELK": 20,
                    "TSENELSE": 5,
                    "NUMFSMEVER": 40,
                }
                for n in range(n_schools)
            ]
            tiny.add(
                f"census_{year}.csv", f'kind = "school_census"\nacademic_year = "{year}"', rows
            )
        return "census_2017-18.csv", None, "", "schools: 1"
    schools = [published_ks2(900001 + n, 2001 + n, "S") for n in range(3)]
    published = published_study(tiny.parent, {"2016-17": schools, "2017-18": schools[:1]})
    tiny.protocol, tiny.sources, tiny.tables = (
        published.protocol,
        published.sources,
        published.tables,
    )
    return "tables_2017-18.csv", None, "", "schools: 1"


def _plant_copied_year(tiny: TinyStudy, table: str) -> Place:
    """The same figures of 15 schools in two years, but for a few."""
    schools = range(900001, 900016)
    if table == "school_census":
        for year in ("2016-17", "2017-18"):
            rows = [
                {
                    "URN": urn,
                    "LA": 799,
                    "NOR": urn - 899800 + (year == "2017-18" and urn < 900005),
                    "TSENELK": 20,
                    "TSENELSE": 5,
                    "NUMFSMEVER": 40,
                }
                for urn in schools
            ]
            tiny.add(
                f"census_{year}.csv", f'kind = "school_census"\nacademic_year = "{year}"', rows
            )
        return "census_2017-18.csv", None, "", "11 of 15 schools as in census_2016-17.csv"
    tables = {
        year: [
            published_ks2(
                urn, urn - 898000, "S", TELIG=35 if year == "2017-18" and urn < 900005 else 30
            )
            for urn in schools
        ]
        for year in ("2016-17", "2017-18")
    }
    published = published_study(tiny.parent, tables)
    tiny.protocol, tiny.sources, tiny.tables = (
        published.protocol,
        published.sources,
        published.tables,
    )
    return "tables_2017-18.csv", None, "", "26 of 30 figures as in tables_2016-17.csv"


def _plant_other_authority(tiny: TinyStudy, rule: str) -> Place:
    is_all = rule == "programmes_are_of_the_authority"
    elsewhere = {"LA (code)": 850}
    tiny.tables["register.csv"].append(school(900099, 2099, "Away", **elsewhere))
    if is_all:
        tiny.tables["enrolments.csv"] = []
    tiny.protocol = tiny.protocol.replace("expected_schools = 2\n", "")
    _enrol(tiny, programme="send", urn=900099)
    if is_all:
        text = "no enrolled school of authority 799; most are of authority 850"
        return "enrolments.csv", None, "urn", text
    return "enrolments.csv", 7, "urn", "900099, a school of authority 850"


def _plant_published(tiny: TinyStudy, rule: str) -> Place:
    school_row = published_ks2(900001, 2001, "Alder")
    authority = school_row | {"RECTYPE": 3, "ESTAB": "", "URN": ""}
    if rule == "file_holds_the_authority":
        _as_published(tiny, school_row | {"LEA": 850})
        return "tables_2017-18.csv", None, "LEA", "schools of authority 850 alone"
    if rule == "figures_have_their_pupils":
        _as_published(tiny, school_row, school_row | {"URN": 900002, "ESTAB": 2002})
        tiny.sources["tables_2017-18.csv"] += '\nwithout = ["TFSM6CLA1A"]'
        for row in tiny.tables["tables_2017-18.csv"]:
            del row["TFSM6CLA1A"]
        found = "2 figures, none with its number of pupils"
        return "tables_2017-18.csv", None, "PTRWM_EXP_FSM6CLA1A", found
    if rule == "percentages_fit_counts":
        _as_published(tiny, school_row | {"PTRWM_EXP": "61%"})
        return "tables_2017-18.csv", 2, "PTRWM_EXP", "1 of 1 percentages, as 61% of 30 pupils"
    if rule == "value_is_on_scale":
        score = {"READ_AVERAGE": 1040, "READ_AVERAGE_FSM6CLA1A": 101}
        _as_published(tiny, school_row | score)
        asked = 'name = "ks2_rwm_expected"\n  primary = true\n  smallest_effect = 0.05'
        tiny.protocol = tiny.protocol.replace(asked, 'name = "ks2_reading_score"')
        return "tables_2017-18.csv", 2, "READ_AVERAGE", "1040"
    if rule == "cohort_is_plausible":
        _as_published(tiny, school_row | {"TELIG": 3001, "PTRWM_EXP": "SUPP"})
        return "tables_2017-18.csv", 2, "PTRWM_EXP", "3,001 pupils in one year"
    if rule == "school_has_one_row":
        _as_published(tiny, school_row, school_row)
        return "tables_2017-18.csv", 2, "URN", "the school 900001 in rows 2, 3"
    if rule == "published_type_is_given":
        _as_published(
            tiny, school_row | {"NFTYPE": ""}, school_row | {"URN": 900098, "ESTAB": 2098}
        )
        tiny.drop("register.csv")
        tiny.tables["enrolments.csv"][0]["urn"] = 900001
        return "tables_2017-18.csv", None, "NFTYPE", "1 school without a type"
    if rule == "school_type_is_known":
        _as_published(tiny, school_row | {"NFTYPE": "CYQ"})
        return "tables_2017-18.csv", 2, "NFTYPE", "CYQ"
    _as_published(tiny, school_row, authority | {"TELIG": 60})
    return "tables_2017-18.csv", 3, "PTRWM_EXP", "30 pupils in the schools' rows"


def _context_row(code: int, **cells: object) -> dict[str, object]:
    row = {"Short Desc": "DAP_NEW_KS2_RWM", "Years": 2018, "Values": 48, "LA Number": code}
    return row | {"LA and Regions": f"Authority {code}"} | cells


def _plant_neighbour(tiny: TinyStudy, *found: int) -> Place:
    """Two neighbours; 852 is mistyped as 825, which no file has."""
    rows = [_context_row(code) for code in found or (799, 852, 879)]
    tiny.add("context.csv", 'kind = "la_context"\nstatus = "final"', rows)
    neighbours = "statistical_neighbours = [\n  879,\n  825,\n]"
    tiny.protocol += f'\n[authority_context]\nmodel = "DfE, 2018"\n{neighbours}\n'
    row = tiny.protocol.splitlines().index("statistical_neighbours = [") + 1
    return "study.toml", row, "authority_context.statistical_neighbours", "825"


def _plant_unused(tiny: TinyStudy, table: str) -> Place:
    """An impossible value in a column that no programme uses."""
    if table == "ks2_pupils":
        tiny.tables["ks2_2018.csv"][1]["READSCORE"] = "1l9"
        return "ks2_2018.csv", 3, "READSCORE", "1 cell of the column"
    if table == "ks4_pupils":
        for row in tiny.tables["ks4_2018.csv"]:
            row["ATT8SCR"] = "465"
        return "ks4_2018.csv", 2, "ATT8SCR", "2 cells of the column"
    if table == "published_outcome":
        _as_published(tiny, published_ks2(900001, 2001, "Alder") | {"MAT_AVERAGE": "104%"})
        return "tables_2017-18.csv", 2, "MAT_AVERAGE", "1 cell of the column"
    if table == "la_context":
        row = _context_row(799, **{"Short Desc": "DAP_KS4_ATT8", "Values": "abc"})
        tiny.add("context.csv", 'kind = "la_context"\nstatus = "final"', [row])
        return "context.csv", 2, "Values", "1 cell of the column"
    if table == "school_census":
        counts = {"NOR": 200, "TSENELK": 20, "TSENELSE": "x", "NUMFSMEVER": 40}
        row = {"URN": 900002, "LA": 799, **counts}
        tiny.add("census.csv", 'kind = "school_census"\nacademic_year = "2017-18"', [row])
        return "census.csv", 2, "TSENELSE", "1 cell of the column"
    return (*_plant_form(tiny, table, "given_on", "in July")[:3], "1 cell of the column")


def plant(tiny: TinyStudy, relation: Relation) -> Place:
    """Break one relation in one row; returns the place: file, row, column, value."""
    table, rule = relation.table.name, relation.rule.name
    if rule == FALL:
        return _plant_fall(tiny, table)
    if rule == ENROLLED:
        tables = {
            "2016-17": [900001, 900002, 900003, 900004],
            "2017-18": [900003, 900004, 900005, 900006],
        }
        published = published_study(
            tiny.parent,
            {
                year: [published_ks2(urn, urn - 897999, "S") for urn in urns]
                for year, urns in tables.items()
            },
        )
        tiny.protocol, tiny.sources, tiny.tables = (
            published.protocol,
            published.sources,
            published.tables,
        )
        tiny.tables["enrolments.csv"] = []
        for urn in (900001, 900002):
            _enrol(tiny, programme="gap", urn=urn)
        return "tables_2017-18.csv", None, "", "enrolled schools: 0"
    if rule in {"figures_are_of_their_own_year", "census_is_of_its_own_year"}:
        return _plant_copied_year(tiny, table)
    if rule in {"enrolled_school_is_of_the_authority", "programmes_are_of_the_authority"}:
        return _plant_other_authority(tiny, rule)
    if rule == "listed_authority_is_in_a_file":
        return _plant_neighbour(tiny)
    if rule == "unused_value_is_readable":
        return _plant_unused(tiny, table)
    if table.endswith("_pupils"):
        return _plant_pupil(tiny, table, relation)
    if table == "published_outcome" or rule == "published_type_is_given":
        return _plant_published(tiny, rule)
    if rule == "registered_type_is_given":
        birch = tiny.tables["register.csv"][2]
        birch["TypeOfEstablishment (name)"] = birch["EstablishmentTypeGroup (name)"] = ""
        return "register.csv", None, relation.heading, "1 school without a type"
    if rule in {"school_type_is_known", "type_group_is_known"} and table == "school_register":
        written = {"school_type": ("City school", ""), "type_group": ("", "LA upheld schools")}
        birch, cedar = tiny.tables["register.csv"][2:4]
        for row in (birch, cedar):
            row["TypeOfEstablishment (name)"], row["EstablishmentTypeGroup (name)"] = written[
                relation.column
            ]
        found = "".join(written[relation.column]) + " (in 2 rows)"
        return "register.csv", 4, relation.heading, found
    if table == "school_register":
        for row in tiny.tables["register.csv"]:
            row["LA (code)"] = 850
        return "register.csv", None, "LA (code)", "schools of authority 850 alone"
    if rule == "every_column_is_read":
        return _plant_column(tiny, table)
    if rule == "programme_has_expected_schools":
        _enrol(tiny, urn=900002)
        return "enrolments.csv", None, "programme", "3 schools in send"
    column, value = PLANTED_FORMS[rule]
    column = relation.column if table == "enrolments" else column or relation.column
    if table == "reviews":
        review = {"urn": 900001, "review_type": "Peer", "reviewer": "", "review_date": "2018-01-05"}
        tiny.add("reviews.csv", 'kind = "reviews"', [review, review | {column: value}])
        return "reviews.csv", 3, column, str(value)
    if table == "enrolments":
        if rule == "ends_after_it_begins":
            tiny.tables["enrolments.csv"][0] |= {"start_date": "2018-01-15", column: "2018-01-08"}
            return "enrolments.csv", 2, column, "2018-01-08"
        if rule.startswith("date"):
            tiny.tables["enrolments.csv"][0][column] = value
            return "enrolments.csv", 2, column, str(value)
        # Two schools are expected; a third would break another rule.
        tiny.protocol = tiny.protocol.replace("expected_schools = 2\n", "")
        return _plant_enrolment(tiny, column, value)
    return _plant_form(tiny, table, column, value)


def test_a_sound_study_breaks_none(tmp_path):
    with tiny_store() as con:
        ingest(con, TinyStudy(tmp_path).write())
        for relation in RELATIONS:
            assert list(faults_of_relation(con, relation)) == []
            assert count_broken(con, relation) == 0


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_planted_fault_breaks_its_relation_and_no_other(tmp_path, relation: Relation):
    tiny = TinyStudy(tmp_path)
    place = plant(tiny, relation)
    found = broken(tiny)
    assert {
        name: [(f, r, (c or "").lower(), v) for f, r, c, v in places]
        for name, places in found.items()
    } == {relation.name: [(place[0], place[1], place[2].lower(), place[3])]}


def test_every_row_that_breaks_a_relation_is_listed(tmp_path):
    tiny = TinyStudy(tmp_path)
    _enrol(tiny, urn=900098)
    _enrol(tiny, urn=900099)
    tiny.protocol = tiny.protocol.replace("expected_schools = 2\n", "")
    assert broken(tiny) == {
        "enrolments_school_is_registered": [
            ("enrolments.csv", 7, "URN", "900098"),
            ("enrolments.csv", 8, "URN", "900099"),
        ]
    }


def test_a_school_registered_without_its_number_is_a_fault(tmp_path):
    """Otherwise its results would be dropped silently."""
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"][2] = school(900002, 2002, "Birch", EstablishmentNumber="")
    assert broken(tiny) == {
        "enrolments_school_is_registered": [("enrolments.csv", 6, "URN", "900002")],
        "ks2_pupils_school_is_registered": [
            ("ks2_2017.csv", 4, "URN", "900002"),
            ("ks2_2018.csv", 6, "URN", "900002"),
        ],
    }


def test_without_a_register_the_performance_tables_replace_it(tmp_path):
    tiny = published_study(tmp_path, {"2017-18": [published_ks2(900001, 2001, "Alder")]})
    tiny.drop("register.csv")
    tiny.drop("links.csv")
    tiny.tables["enrolments.csv"] = []
    _enrol(tiny, programme="gap", urn=900001)
    _enrol(tiny, programme="gap", urn=900007)
    assert broken(tiny) == {
        "enrolments_school_is_registered": [("enrolments.csv", 3, "URN", "900007")]
    }


def test_a_school_under_two_numbers_counts_once(tmp_path):
    tiny = TinyStudy(tmp_path)
    _enrol(tiny, urn=900011)  # Alder, which is enrolled as 900001
    assert broken(tiny) == {}


def test_a_programme_without_enrolments_is_named(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"] = [
        row for row in tiny.tables["enrolments.csv"] if row["programme"] != "send"
    ]
    ((file, row, column, found),) = broken(tiny)["enrolments_programme_has_expected_schools"]
    assert (file, row, column, found) == ("enrolments.csv", None, "programme", "0 schools in send")


def test_a_share_is_a_count_within_the_rounding_it_was_published_with(tmp_path):
    """19 of 31 is 61.29%: 61 and 61.3 match, 61.2 does not; 61.0 may be 61 padded with a zero."""
    for text, is_right in (
        ("61%", True),
        ("61.3%", True),
        ("61.2%", False),
        ("61.0%", True),
        ("0%", True),
    ):
        tiny = TinyStudy(tmp_path)
        _as_published(tiny, published_ks2(900001, 2001, "Alder", TELIG=31, PTRWM_EXP=text))
        assert (broken(tiny) == {}) is is_right, text


def test_schools_within_a_twentieth_of_the_authority_s_row_are_right(tmp_path):
    schools = [published_ks2(900001 + n, 2001 + n, "S", TELIG=50, PTRWM_EXP="60%") for n in (0, 1)]
    private = schools[0] | {"URN": 900003, "ESTAB": 6003, "NFTYPE": "IND"}
    for n_authority, is_right in ((100, True), (105, True), (106, False), (94, False)):
        tiny = TinyStudy(tmp_path)
        authority = schools[0] | {
            **{"RECTYPE": 3, "ESTAB": "", "URN": "", "TELIG": n_authority, "TFSM6CLA1A": 20},
            "PTRWM_EXP": "SUPP",
        }
        _as_published(tiny, *schools, private, authority)
        assert (broken(tiny) == {}) is is_right, n_authority


def test_an_unknown_programme_is_reported_with_the_known_ones(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"][0]["programme"] = "SEND"
    study = tiny.write()
    with tiny_store() as con:
        ingest(con, study)
        (fault,) = [f for r in RELATIONS for f in faults_of_relation(con, r)]
    assert (fault.row, fault.found) == (2, "SEND")
    assert fault.expected == "the id of a [[programme]]: send or gap or network"


def test_the_authority_itself_has_to_be_in_a_file_and_one_file_with_each_is_enough(tmp_path):
    tiny = TinyStudy(tmp_path)
    _plant_neighbour(tiny, 852, 879)
    assert [place[2:] for place in broken(tiny)["la_context_listed_authority_is_in_a_file"]] == [
        ("study.local_authority", "799"),
        ("authority_context.statistical_neighbours", "825"),
    ]
    tiny.add(
        "more.csv", 'kind = "la_context"\nstatus = "final"', [_context_row(799), _context_row(825)]
    )
    assert broken(tiny) == {}


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        # One school in 24 is allowed (a missing result); two are more than one in twenty.
        ({3: {"PTRWM_EXP": "61%"}}, []),
        ({3: {"PTRWM_EXP": "61%"}, 9: {"PTRWM_EXP": "59%"}}, [(5, "PTRWM_EXP", "2 of 24")]),
        # Padded as the Department prints it: 6.7% is 2 of 30, 6.74% is impossible.
        ({n: {"PTRWM_EXP": "6.70%"} for n in range(24)}, []),
        ({n: {"PTRWM_EXP": "6.74%"} for n in range(24)}, [(2, "PTRWM_EXP", "24 of 24")]),
        # With 101 pupils any whole percentage is possible; reading alone is not in use.
        ({n: {"PTRWM_EXP": "61%", "TELIG": 101} for n in range(24)}, []),
        ({n: {"PTREAD_EXP": "61%"} for n in range(24)}, []),
    ],
)
def test_impossible_percentages_are_reported_once_a_column_and_rounding_never_is(
    tmp_path, planted: dict[int, dict[str, object]], found: list[tuple[object, ...]]
):
    rows = [published_ks2(900001 + n, 2001 + n, "S") | {"PTREAD_EXP": "60%"} for n in range(24)]
    for nth, cells in planted.items():
        rows[nth] |= cells
    tiny = published_study(tmp_path, {"2017-18": rows})
    told = broken(tiny).get("published_outcome_percentages_fit_counts", [])
    assert [(row, column, str(said)[: len("2 of 24")]) for _, row, column, said in told] == [
        (row, column, said[: len("2 of 24")]) for row, column, said in found
    ]


def test_a_fall_is_reported_with_both_numbers_of_rows_schools_and_enrolled_schools(tmp_path):
    schools = [published_ks2(900001 + n, 2001 + n, "S") for n in range(20)]
    for n_kept, found, enrolled in (
        (18, None, None),
        (17, "schools: 17", None),
        (10, "rows: 10, schools: 10", None),
        (2, "rows: 2, schools: 2", "enrolled schools: 2"),
    ):
        tiny = published_study(tmp_path, {"2016-17": schools, "2017-18": schools[:n_kept]})
        tiny.tables["enrolments.csv"] = []
        for urn in (900001, 900002, 900003, 900020):
            _enrol(tiny, programme="gap", urn=urn)
        study = tiny.write()
        with tiny_store() as con:
            ingest(con, study)
            told = {
                relation.name: list(faults_of_relation(con, relation))
                for relation in RELATIONS
                if relation.name in {f"published_outcome_{FALL}", f"enrolments_{ENROLLED}"}
            }
        assert [[f.found for f in faults] for faults in told.values()] == [
            [found] if found else [],
            [enrolled] if enrolled else [],
        ]
    assert [faults[0].expected for faults in told.values()] == [
        "rows: about 20, schools: about 20, as in tables_2016-17.csv",
        "about 4, as in tables_2016-17.csv",
    ]


def test_the_checks_of_two_tables_never_wait_for_each_other():
    """Otherwise Dagster refuses the graph, because the rules of one table are one step."""
    tables = {relation.table.name for relation in RELATIONS}
    waits: dict[str, set[str]] = {name: set() for name in tables}
    for relation in RELATIONS:
        waits[relation.table.name] |= set(relation.rule.needs) & tables - {relation.table.name}
    assert set(TopologicalSorter(waits).static_order()) == tables


def test_what_warns_and_what_stops():
    warns = {r.rule.name for r in RELATIONS if r.is_warning}
    assert warns == {
        "programme_has_expected_schools",
        "date_is_in_study",
        "date_is_after_programme_start",
        FALL,
        ENROLLED,
        "percentages_fit_counts",
        "unused_value_is_readable",
        "schools_sum_to_authority",
        "every_column_is_read",
        "registered_type_is_given",
        "published_type_is_given",
        "enrolled_school_is_of_the_authority",
        "figures_have_their_pupils",
    }


def test_every_file_of_relations_is_declared_and_every_one_declared_has_its_file():
    assert {file.stem for file in FOLDER.glob("*.sql")} == {r.rule.name for r in RELATIONS}
    assert len({r.name for r in RELATIONS}) == len(RELATIONS)


def test_a_group_that_mixes_maintained_and_other_schools_is_too_vague(tmp_path):
    tiny = TinyStudy(tmp_path)
    for row in tiny.tables["register.csv"]:
        row["TypeOfEstablishment (name)"] = ""
    # The groups suffice for Alder's two URNs, Birch and so on, but not for Elm, a special school.
    assert broken(tiny) == {
        "school_register_registered_type_is_given": [
            (
                *("register.csv", None, "TypeOfEstablishment (name)"),
                "1 school of which only the group is known: Special schools",
            )
        ]
    }


@pytest.mark.parametrize("is_matched", [False, True])
def test_an_unknown_type_stops_only_where_outside_schools_are_compared(tmp_path, is_matched):
    tiny = TinyStudy(tmp_path)
    elsewhere = {"TypeOfEstablishment (name)": "City school", "LA (code)": 850}
    tiny.tables["register.csv"].append(school(900099, 2099, "Away", **elsewhere))
    if is_matched:
        pool = 'comparison_pool = "matched"\nmatches_per_school = 3\n'
        tiny.protocol = tiny.protocol.replace('id = "gap"\n', f'id = "gap"\n{pool}')
    found = broken(tiny)
    assert set(found) == ({"school_register_school_type_is_known"} if is_matched else set())


def test_a_school_elsewhere_may_be_without_a_type(tmp_path):
    tiny = TinyStudy(tmp_path)
    elsewhere = {"TypeOfEstablishment (name)": "", "EstablishmentTypeGroup (name)": ""}
    tiny.tables["register.csv"].append(
        school(900099, 2099, "Away", **elsewhere, **{"LA (code)": 850})
    )
    assert broken(tiny) == {}
