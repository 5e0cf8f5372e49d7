"""Files about authorities: any spelling of years and pupil groups, every row accounted for."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from pipelines.catalogue import LA_CONTEXT
from pipelines.errors.fault import StudyError
from pipelines.ingest.context_mapping import context_measures, group_of_text
from pipelines.ingest.context_years import SpelledYear, spelled_year
from pipelines.ingest.readers import ingest_table
from pipelines.store import store
from pipelines.study.measures import MEASURES
from pipelines.study.settings import PUPIL_GROUPS
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from pipelines.validation.suites import validate
from tests.tiny_study import TinyStudy

FILE = "context.csv"
NAME = "NEW_KS2_RWM_Sen_W/Osta"


def lait(value: str, **more):
    return {
        "Short Desc": NAME,
        "Data item": "",
        "Years": "2018",
        "LA and Regions": "Nowhere",
        "Values": value,
        "LA Number": 799,
        "Region": "NA",
        **more,
    }


def ees(**more):
    return {
        "time_period": 201718,
        "time_identifier": "Academic year",
        "geographic_level": "Local authority",
        "country_code": "E92000001",
        "country_name": "England",
        "region_code": "E12000008",
        "region_name": "South East",
        "old_la_code": 799,
        "new_la_code": "E06000099",
        "la_name": "Nowhere",
        "version": "Revised",
        "sex": "Total",
        "breakdown_topic": "All pupils",
        "breakdown": "Total",
        "t_pupils": 300,
        "subject": "Reading, writing and maths",
        "expected_standard_pupil_percent": "56",
        "average_scaled_score": "z",
        **more,
    }


@contextmanager
def ingested(tmp_path, rows, more=""):
    tiny = TinyStudy(tmp_path)
    tiny.add(FILE, f'kind = "la_context"\nstatus = "final"\n{more}', rows)
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, LA_CONTEXT)
        yield con, study


def faults_in(con, study):
    rules = tuple(rules_of(LA_CONTEXT, is_expected=True))
    return [fault for rule in validate(con, rules).broken for fault in faults_of(con, study, rule)]


def context(con, columns):
    return con.execute(
        f"SELECT {columns} FROM raw.la_context ORDER BY row_number, measure"
    ).fetchall()


def aside(con):
    return dict(con.execute("SELECT reason, n_rows FROM raw.set_aside").fetchall())


@pytest.mark.parametrize(
    ("text", "year", "status"),
    [
        ("2018", "2017-18", None),
        ("2017-18", "2017-18", None),
        ("2017/18", "2017-18", None),
        (" 2018 (Rev) ", "2017-18", "revised"),
        ("2018 (prov)", "2017-18", "provisional"),
        ("2018 (Final)", "2017-18", "final"),
        ("2017-18 (OT)", "2017-18", None),
        ("201718", "2017-18", None),
        ("1999-00", None, None),
        ("2099/00", "2099-00", None),
    ],
)
def test_a_year_is_the_summer_of_its_results(text, year, status):
    spelled = spelled_year(text)
    assert (spelled.academic_year, spelled.release_status) == (year, status)


@pytest.mark.parametrize("text", ["0", "2014-16", "2013/14-15/16", "2014/15-2016/17", "2015-2018"])
def test_a_span_of_years_is_recognised_and_is_not_a_year(text):
    assert spelled_year(text) == SpelledYear()


@pytest.mark.parametrize("text", ["", "summer", "20171", "201719999", "2018 (guess)", "18"])
def test_text_that_is_not_a_year_is_unknown(text):
    assert not spelled_year(text).is_known


def test_the_interactive_tool_one_figure_a_row(tmp_path):
    rows = [
        lait("12"),
        lait("36.799999999999997", **{"Short Desc": "DAP_KS4_ATT8"}),
        lait("-7.0000000000000007E-2", **{"Short Desc": "AVG_Prog8_Score", "Years": "2018 (prov)"}),
        lait("24", **{"LA Number": 970, "LA and Regions": "England"}),
        lait("20", **{"LA Number": 989, "LA and Regions": "South East"}),
        lait("-", **{"Years": "2016/17"}),
        lait("", **{"Years": "2016"}),
    ]
    with ingested(tmp_path, rows) as (con, study):
        assert not faults_in(con, study)
        found = context(
            con,
            "area_level, la_code, academic_year, release_status, pupil_group, measure, raw_text, "
            "value_status, value",
        )
    share, here = "ks2_rwm_expected", ("authority", 799)
    assert found == [
        (*here, "2017-18", "final", "sen_support", share, "12", "value", 0.12),
        (
            *(*here, "2017-18", "final", "disadvantaged", "ks4_attainment8"),
            *("36.799999999999997", "value", 36.8),
        ),
        (
            *(*here, "2017-18", "provisional", "all", "ks4_progress8"),
            *("-7.0000000000000007E-2", "value", -0.07),
        ),
        ("nation", None, "2017-18", "final", "sen_support", share, "24", "value", 0.24),
        ("region", None, "2017-18", "final", "sen_support", share, "20", "value", 0.2),
        (*here, "2016-17", "final", "sen_support", share, "-", "unavailable", None),
        (*here, "2015-16", "final", "sen_support", share, None, "unavailable", None),
    ]


def test_rows_that_are_not_kept_have_a_reason(tmp_path):
    rows = [
        lait("12"),
        lait("14.7", **{"Short Desc": "RTA", "Years": "2014-16"}),
        lait("15", Years="0"),
        dict.fromkeys(lait(""), ""),
    ]
    with ingested(tmp_path, rows) as (con, study):
        assert not faults_in(con, study)
        assert aside(con) == {
            "a figure that is none of this project's outcomes": 1,
            "a span of years, not one academic year": 1,
            "blank row": 1,
        }
        assert con.execute(
            "SELECT n_rows_in, n_rows_kept, n_rows_set_aside FROM raw.source WHERE kind = 'la_context'"
        ).fetchall() == [(4, 1, 3)]


def test_unreadable_cells_stop_the_study_with_their_place(tmp_path):
    rows = [
        lait("12"),
        lait("QQ", Years="2017"),
        lait("13", Years="twenty"),
        lait("14", **{"LA Number": 12}),
        lait("150", Years="2016"),
    ]
    with ingested(tmp_path, rows) as (con, study):
        found = {(f.row, f.column, f.found) for f in faults_in(con, study)}
    assert found == {
        (3, "Values", "'QQ'"),
        (4, "Years", "'twenty'"),
        (5, "LA Number", "'number 12'"),
        (6, "Values", "'150'"),
    }


def test_an_unknown_code_is_counted_where_no_programme_uses_the_measure(tmp_path):
    rows = [lait("12"), lait("QQ", **{"Short Desc": "AVG_Prog8_Score"})]
    with ingested(tmp_path, rows) as (con, study):
        assert not faults_in(con, study)
        assert con.execute("SELECT * FROM raw.unknown_code").fetchall() == [
            (FILE, "Values", "QQ", 1)
        ]
        assert ("unknown_elsewhere", None) in context(con, "value_status, value")


def test_one_figure_twice_is_a_fault(tmp_path):
    with ingested(tmp_path, [lait("12"), lait("13")]) as (con, study):
        (fault,) = faults_in(con, study)
    assert "appears in rows 2, 3" in fault.problem


def test_explore_education_statistics_by_subject_and_pupils(tmp_path):
    group = {"breakdown_topic": "Disadvantaged status"}
    rows = [
        ees(),
        ees(breakdown="Disadvantaged", expected_standard_pupil_percent="43", **group),
        ees(breakdown="Disadvantaged all other", expected_standard_pupil_percent="66", **group),
        ees(subject="Reading", expected_standard_pupil_percent="c", average_scaled_score="104"),
        ees(breakdown_topic="SEN status", breakdown="SEN support", expected_standard_pupil_percent="low"),
        ees(sex="Girls", expected_standard_pupil_percent="99"),
        ees(breakdown_topic="Ethnicity", breakdown="White", expected_standard_pupil_percent="99"),
        ees(geographic_level="School", expected_standard_pupil_percent="99"),
        ees(subject="Science", expected_standard_pupil_percent="99"),
        ees(geographic_level="National", expected_standard_pupil_percent="65", version="Provisional"),
    ]  # fmt: skip
    with ingested(tmp_path, rows) as (con, study):
        assert not faults_in(con, study)
        found = context(
            con,
            "row_number, area_level, release_status, pupil_group, measure, value_status, value",
        )
        reasons = aside(con)
    here = ("authority", "revised")
    assert found == [
        (2, *here, "all", "ks2_rwm_expected", "value", 0.56),
        (3, *here, "disadvantaged", "ks2_rwm_expected", "value", 0.43),
        (4, *here, "not_disadvantaged", "ks2_rwm_expected", "value", 0.66),
        (5, *here, "all", "ks2_reading_expected", "suppressed", None),
        (5, *here, "all", "ks2_reading_score", "value", 104),
        (6, *here, "sen_support", "ks2_rwm_expected", "rounds_to_zero", None),
        (11, "nation", "provisional", "all", "ks2_rwm_expected", "value", 0.65),
    ]
    assert reasons == {
        "another group of pupils than this project's": 2,
        "neither an authority, a region nor the nation": 1,
        "a figure that is none of this project's outcomes": 1,
    }


@pytest.mark.parametrize(
    ("cut", "group"),
    [
        ({"breakdown_topic": "SEN status", "breakdown": "SEN support"}, "sen_support"),
        ({"breakdown_topic": "Disadvantage", "breakdown": "Disadvantaged"}, "disadvantaged"),
        ({"sen_status": "No SEN"}, "no_sen"),
        ({"school_type": "State-funded schools"}, "all"),
    ],
)
def test_a_file_limited_to_one_group_has_that_group(tmp_path, cut, group):
    rows = [ees(**cut), ees(geographic_level="National", **cut)]
    with ingested(tmp_path, rows) as (con, study):
        assert not faults_in(con, study)
        assert context(con, "pupil_group") == [(group,), (group,)]


@pytest.mark.parametrize(
    ("cut", "named"),
    [
        ({"sex": "Girls"}, "sex is 'Girls' in every row"),
        ({"social_care_group": "CINO at 31 March"}, "social_care_group is 'CINO at 31 March'"),
        ({"school_type": "Special"}, "school_type is 'Special' in every row"),
    ],
)
def test_a_file_limited_to_another_group_is_set_aside_with_the_reason(tmp_path, cut, named):
    with ingested(tmp_path, [ees(**cut), ees(geographic_level="National", **cut)]) as found:
        (fault,) = faults_in(*found)
    assert fault.problem == "every row was set aside, so there is none that can be used"
    assert fault.found is not None
    assert fault.found.startswith("2 rows: another group of pupils than this project's (")
    assert named in fault.found
    assert fault.remedy is not None
    assert 'assume = { "pupil_group" = ' in fault.remedy


def test_a_study_can_declare_the_group_of_a_file_limited_to_one(tmp_path):
    rows = [ees(sen_type="K"), ees(sen_type="K", geographic_level="National")]
    more = 'assume = { "pupil_group" = "sen_support" }'
    with ingested(tmp_path, rows, more) as (con, study):
        assert not faults_in(con, study)
        assert context(con, "pupil_group") == [("sen_support",), ("sen_support",)]


def test_an_unknown_version_is_a_fault(tmp_path):
    with ingested(tmp_path, [ees(), ees(geographic_level="National", version="Draft 2")]) as found:
        (fault,) = faults_in(*found)
    assert (fault.row, fault.column, fault.found) == (3, "version", "'Draft 2'")


def test_a_study_may_say_what_a_long_file_calls_things(tmp_path):
    renamed = {"old_la_code": "LA no", "expected_standard_pupil_percent": "% met"}
    rows = [{renamed.get(k, k): v for k, v in ees().items()}]
    more = 'columns = { "LA no" = "old_la_code", "% met" = "expected_standard_pupil_percent" }'
    with ingested(tmp_path, rows, more) as (con, study):
        assert not faults_in(con, study)
        assert context(con, "column_name, la_code, value") == [("% met", 799, 0.56)]


def test_a_file_without_a_figure_in_use_stops_the_study(tmp_path):
    row = ees()
    del row["expected_standard_pupil_percent"], row["average_scaled_score"]
    with pytest.raises(StudyError) as raised, ingested(tmp_path, [row]):
        pass
    (fault,) = raised.value.faults
    assert fault.problem == "no column holds a figure that this project knows"


def test_a_file_without_a_status_is_a_fault(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.add(FILE, 'kind = "la_context"', [lait("12")])
    with pytest.raises(StudyError) as raised:
        tiny.write()
    assert "has no status" in raised.value.faults[0].problem


def test_the_reviewed_tables_name_known_measures_and_groups_once():
    for layout in ("lait", "ees"):
        measures = context_measures(layout)
        assert {m.measure for m in measures} <= set(MEASURES)
        assert {m.pupil_group for m in measures} <= {*PUPIL_GROUPS, ""}
        assert len({(m.name, m.subject) for m in measures}) == len(measures) > 20
    tool = context_measures("lait")
    assert len({(m.measure, m.pupil_group) for m in tool}) == len(tool)
    assert set(group_of_text("breakdown").values()) <= set(PUPIL_GROUPS)
    assert "no identified sen" not in group_of_text("sen_description")
