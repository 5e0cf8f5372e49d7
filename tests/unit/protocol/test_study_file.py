"""Every fault of study.toml is reported with its line, expectation and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE

GOOD = """\
[study]
name = "autumn"
title = "Autumn"
local_authority = 799
local_authority_name = "Nowhere"
reference_date = 2018-09-01
outcome_year = "2017-18"
baseline_years = ["2015-16", "2016-17"]

[[programme]]
id = "send"
title = "SEND in mainstream"
fund = "SSIF"
target_group = "sen_support"

  [[programme.measure]]
  name = "ks2_reading_progress"
  primary = true
  smallest_effect = 1

[[programme]]
id = "none_such"
title = "A programme that never was"
fund = "none"
target_group = "disadvantaged"

  [programme.placebo]
  measure = "ks2_rwm_expected"
  academic_year = "2016-17"
  n_schools = 2

  [[programme.measure]]
  name = "ks2_rwm_expected"

[[not_yet_published]]
measure = "ks4_progress8"
academic_year = "2017-18"
reason = "out in October"

[[stated_total]]
fund = "SSIF"
said = "nearly half a million"
gbp = 500000

[[source]]
kind = "ks2_pupils"
file = "ks2.csv"
academic_year = "2017-18"
status = "provisional"

[[source]]
kind = "enrolments"
file = "enrolments.csv"
"""


def write(parent: Path, text: str | bytes) -> Path:
    folder = parent / "autumn"
    folder.mkdir(exist_ok=True)
    content = text.encode() if isinstance(text, str) else text
    (folder / "study.toml").write_bytes(content)
    return folder


def faults_of(parent: Path, text: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as raised:
        load_study(write(parent, text))
    return raised.value.faults


def changed(old: str, new: str) -> str:
    if GOOD.count(old) < 1:
        raise ValueError(f"the good protocol has no {old!r}")
    return GOOD.replace(old, new, 1)


def test_the_good_protocol_is_read_whole(tmp_path):
    study = load_study(write(tmp_path, GOOD))
    assert study.name == "autumn"
    assert study.years == ("2015-16", "2016-17", "2017-18")
    assert [programme.id for programme in study.evaluated_programmes] == ["send", "none_such"]
    assert study.programme[0].measure[0].smallest_effect == 1.0
    assert study.study.minimum_cell == 6
    assert study.path(study.source[0]) == tmp_path.resolve() / "autumn" / "ks2.csv"


def test_a_known_protocol_is_not_parsed_again_and_a_changed_one_is(tmp_path):
    folder = write(tmp_path, GOOD)
    known = load_study(folder)
    assert load_study(folder, known=known) is known
    later = load_study(write(tmp_path, GOOD + "\n# later\n"), known=known)
    assert later.protocol_sha256 != known.protocol_sha256
    (tmp_path / "other").mkdir()
    elsewhere = load_study(write(tmp_path / "other", GOOD), known=known)
    assert elsewhere.folder != known.folder


def test_a_byte_order_mark_is_no_fault_and_changes_the_hash(tmp_path):
    plain = load_study(write(tmp_path, GOOD))
    marked = load_study(write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()))
    assert marked.study == plain.study
    assert marked.protocol_sha256 != plain.protocol_sha256


def test_the_example_study_is_sound():
    assert load_study(EXAMPLE).study.is_fictional


# old text, new text, the text of the line the fault is at, its dotted key, words of its problem
CONTRADICTIONS = {
    "money of a fund that pays nothing": (
        'fund = "SSIF"\nsaid',
        'fund = "Lottery"\nsaid',
        'fund = "Lottery"',
        "stated_total[1].fund",
        "no programme is paid by 'Lottery'",
    ),
    "name is not the folder's": (
        'name = "autumn"',
        'name = "winter"',
        'name = "winter"',
        "study.name",
        "its folder is 'autumn'",
    ),
    "baseline year not before the outcome": (
        '"2015-16", "2016-17"]',
        '"2016-17", "2017-18"]',
        "baseline_years",
        "study.baseline_years[2]",
        "does not come before the outcome year",
    ),
    "baseline year twice": (
        '"2015-16", "2016-17"]',
        '"2016-17", "2016-17"]',
        "baseline_years",
        "study.baseline_years[2]",
        "listed twice",
    ),
    "two programmes of one id": (
        'id = "none_such"',
        'id = "send"  # again',
        'id = "send"  # again',
        "programme[2].id",
        "two programmes are called 'send'",
    ),
    "evaluated without a target group": (
        'fund = "none"\ntarget_group = "disadvantaged"',
        'fund = "none"',
        "[[programme]]",
        "programme[2]",
        "names no target_group",
    ),
    "two primary measures in a key stage": (
        "smallest_effect = 1\n",
        'smallest_effect = 1\n  [[programme.measure]]\n  name = "ks2_rwm_expected"\n  primary = true\n',
        "  [[programme.measure]]",
        "programme[1].measure",
        "more than one primary measure in ks2",
    ),
    "a primary measure that is neither better nor worse": (
        'name = "ks2_reading_progress"\n  primary = true\n  smallest_effect = 1\n',
        'name = "ks2_sen_support_share"\n  primary = true\n',
        "  primary = true",
        "programme[1].measure[1].primary",
        "neither better nor worse",
    ),
    "progress adjusted for prior attainment": (
        "smallest_effect = 1\n",
        "smallest_effect = 1\n  adjust_for_prior_attainment = true\n",
        "  adjust_for_prior_attainment = true",
        "programme[1].measure[1].adjust_for_prior_attainment",
        "counted from prior attainment already",
    ),
    "published results adjusted for prior attainment": (
        "smallest_effect = 1\n",
        'smallest_effect = 1\n  [[programme.measure]]\n  name = "ks4_attainment8"\n'
        "  adjust_for_prior_attainment = true\n",
        "  adjust_for_prior_attainment = true",
        "programme[1].measure[2].adjust_for_prior_attainment",
        "do not hold it pupil by pupil",
    ),
    "who pupils are adjusted for prior attainment": (
        "smallest_effect = 1\n",
        'smallest_effect = 1\n  [[programme.measure]]\n  name = "ks2_sen_support_share"\n'
        "  adjust_for_prior_attainment = true\n",
        "  adjust_for_prior_attainment = true",
        "programme[1].measure[2].adjust_for_prior_attainment",
        "who the pupils are",
    ),
    "a measure twice": (
        "smallest_effect = 1\n",
        'smallest_effect = 1\n  [[programme.measure]]\n  name = "ks2_reading_progress" # again\n',
        '  name = "ks2_reading_progress" # again',
        "programme[1].measure[2].name",
        "has the measure 'ks2_reading_progress' twice",
    ),
    "matched on results that nobody publishes by school": (
        'target_group = "sen_support"',
        'target_group = "sen_support"\ncomparison_pool = "matched"',
        'comparison_pool = "matched"',
        "programme[1].comparison_pool",
        "no table publishes ks2_reading_progress of the group sen_support by school",
    ),
    "a number of matches where nothing is matched": (
        'target_group = "sen_support"',
        'target_group = "sen_support"\nmatches_per_school = 3',
        "matches_per_school = 3",
        "programme[1].matches_per_school",
        "compared with local schools, which are not matched",
    ),
    "placebo on a year that is not a baseline": (
        '  academic_year = "2016-17"',
        '  academic_year = "2017-18"',
        '  academic_year = "2017-18"',
        "programme[2].placebo.academic_year",
        "not a baseline year",
    ),
    "outcome file without a year": (
        'academic_year = "2017-18"\nstatus',
        "status",
        "[[source]]",
        "source[1]",
        "has no academic_year",
    ),
    "outcome file without a status": (
        'status = "provisional"\n',
        "",
        "[[source]]",
        "source[1]",
        "has no status",
    ),
    "outcome file of another year": (
        'academic_year = "2017-18"\nstatus',
        'academic_year = "2013-14"\nstatus',
        'academic_year = "2013-14"',
        "source[1].academic_year",
        "a year the study does not use",
    ),
    "a type of school that is none": (
        "[study]\n",
        '[study]\nschool_types = { "Council school" = "Town school" }\n',
        "school_types",
        "study.school_types.Council school",
        "'Town school' is no type of school",
    ),
    "census without a year": (
        "[[source]]",
        '[[source]]\nkind = "school_census"\nfile = "c.csv"\n\n[[source]]',
        "[[source]]",
        "source[1]",
        "school_census data but has no academic_year",
    ),
    "census of another year": (
        "[[source]]",
        '[[source]]\nkind = "school_census"\nfile = "c.csv"\nacademic_year = "2018-19"\n\n[[source]]',
        'academic_year = "2018-19"',
        "source[1].academic_year",
        "a year the study does not use",
    ),
    "two files for one slot": (
        "[[source]]",
        '[[source]]\nkind = "enrolments"\nfile = "more.csv"\n\n[[source]]',
        "[[source]]",
        "source[3]",
        "are both the study's enrolments",
    ),
    "a file registered twice": (
        'file = "enrolments.csv"',
        'file = "ks2.csv"  # again',
        'file = "ks2.csv"  # again',
        "source[2].file",
        "ks2.csv is registered twice",
    ),
    "a source above data_root": (
        'file = "ks2.csv"',
        'file = "../ks2.csv"',
        'file = "../ks2.csv"',
        "source[1].file",
        "outside data_root",
    ),
    "a source at an absolute path": (
        'file = "ks2.csv"',
        'file = "/etc/hostname"',
        'file = "/etc/hostname"',
        "source[1].file",
        "outside data_root",
    ),
    "pupils and tables of one key stage": (
        "[[source]]",
        '[[source]]\nkind = "ks2_schools"\nfile = "t.csv"\nacademic_year = "2016-17"\n'
        'status = "final"\n\n[[source]]',
        "[[source]]",
        "source",
        "both pupil files and school tables for ks2",
    ),
    "no enrolments": (
        '[[source]]\nkind = "enrolments"\nfile = "enrolments.csv"\n',
        "",
        "[[source]]",
        "source",
        "no source says which schools are enrolled",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_contradiction_is_named_at_its_line(tmp_path, case):
    old, new, line, column, words = CONTRADICTIONS[case]
    text = changed(old, new)
    (fault,) = faults_of(tmp_path, text)
    assert fault.file == "study.toml"
    assert fault.column == column
    assert words in fault.problem
    assert text.splitlines()[(fault.row or 0) - 1].startswith(line)
    assert fault.expected
    assert fault.remedy


def test_nothing_to_evaluate(tmp_path):
    text = re.sub(r"  \[\[programme\.measure\]\]\n(  .*\n)+", "", GOOD)
    (fault,) = faults_of(tmp_path, text)
    assert "no programme has a measure" in fault.problem
    assert fault.expected == "at least one [[programme.measure]]"


def test_a_study_of_placebos_alone_needs_no_enrolments(tmp_path):
    start, end = (
        GOOD.index('[[programme]]\nid = "send"'),
        GOOD.index('[[programme]]\nid = "none_such"'),
    )
    text = (GOOD[:start] + GOOD[end:]).replace(
        '[[source]]\nkind = "enrolments"\nfile = "enrolments.csv"\n', ""
    )
    text = text.replace('fund = "SSIF"', 'fund = "none"')
    assert load_study(write(tmp_path, text)).source[0].kind == "ks2_pupils"


def test_a_link_out_of_data_root_is_refused(tmp_path):
    folder = write(tmp_path, GOOD)
    (tmp_path / "elsewhere.csv").write_text("programme,urn\n")
    (folder / "enrolments.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(StudyError, match=r"enrolments\.csv lies outside data_root"):
        load_study(folder)


# the text before the key, its dotted name, a known key at that place
UNKNOWN_KEYS = {
    "root": ("[study]\n", "colour", "not_yet_published"),
    "study": ('title = "Autumn"\n', "study.colour", "baseline_years"),
    "programme": ('id = "none_such"\n', "programme[2].colour", "target_group"),
    "measure": ("  primary = true\n", "programme[1].measure[1].colour", "smallest_effect"),
    "placebo": ("  n_schools = 2\n", "programme[2].placebo.colour", "n_schools"),
    "source": ('status = "provisional"\n', "source[1].colour", "sha256"),
    "stated_total": ("gbp = 500000\n", "stated_total[1].colour", "said"),
    "not_yet_published": ('reason = "out in October"\n', "not_yet_published[1].colour", "reason"),
}


@pytest.mark.parametrize("level", UNKNOWN_KEYS)
def test_an_unknown_key_is_named_at_every_level(tmp_path, level):
    anchor, dotted, known = UNKNOWN_KEYS[level]
    new = f'colour = "red"\n{anchor}' if level == "root" else f'{anchor}colour = "red"\n'
    text = changed(anchor, new)
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == dotted
    assert fault.problem == "the key 'colour' is not known here"
    assert known in (fault.expected or "")
    assert text.splitlines()[(fault.row or 0) - 1] == 'colour = "red"'
    assert "spelling" in fault.remedy


@pytest.mark.parametrize("key", ["folder", "protocol_sha256"])
def test_keys_the_loader_fills_in_are_unknown_in_the_file(tmp_path, key):
    (fault,) = faults_of(tmp_path, f'{key} = "x"\n' + GOOD)
    assert (fault.row, fault.column) == (1, key)


# old text, new text, dotted key, what was found, words of what is expected
BAD_VALUES = {
    "authority too small": ("= 799", "= 12", "study.local_authority", "12", "at least"),
    "authority as text": ("= 799", '= "799"', "study.local_authority", "'799'", "a whole number"),
    "name with a slash": ('"autumn"', '"au/tumn"', "study.name", "'au/tumn'", "small letters"),
    "date as text": ("= 2018-09-01", '= "1 Sept"', "study.reference_date", "'1 Sept'", "date"),
    "year of another form": (
        'outcome_year = "2017-18"',
        'outcome_year = "2017/18"',
        "study.outcome_year",
        "'2017/18'",
        "an academic year, as 2017-18",
    ),
    "year that spans three": (
        'outcome_year = "2017-18"',
        'outcome_year = "2017-19"',
        "study.outcome_year",
        "'2017-19'",
        "the year after it begins",
    ),
    "no baseline year": (
        '["2015-16", "2016-17"]',
        "[]",
        "study.baseline_years",
        "[]",
        "one or more",
    ),
    "unknown group": (
        '"sen_support"',
        '"sen_suport"',
        "programme[1].target_group",
        "'sen_suport'",
        "sen_support",
    ),
    "effect of nothing": (
        "smallest_effect = 1",
        "smallest_effect = 0",
        "programme[1].measure[1].smallest_effect",
        "0",
        "more than 0",
    ),
    "flag as text": (
        "primary = true",
        'primary = "yes"',
        "programme[1].measure[1].primary",
        "'yes'",
        "true or false",
    ),
    "no schools in a placebo": (
        "n_schools = 2",
        "n_schools = 0",
        "programme[2].placebo.n_schools",
        "0",
        "at least 1",
    ),
    "unknown kind": (
        '"ks2_pupils"',
        '"ks3_pupils"',
        "source[1].kind",
        "'ks3_pupils'",
        "ks2_pupils",
    ),
    "unknown status": ('"provisional"', '"draft"', "source[1].status", "'draft'", "revised"),
    "unknown comparison pool": (
        'target_group = "sen_support"',
        'target_group = "sen_support"\ncomparison_pool = "national"',
        "programme[1].comparison_pool",
        "'national'",
        "matched",
    ),
    "no match at all": (
        'target_group = "disadvantaged"',
        'target_group = "disadvantaged"\ncomparison_pool = "matched"\nmatches_per_school = 0',
        "programme[2].matches_per_school",
        "0",
        "at least 1",
    ),
    "checksum of another form": (
        'status = "provisional"',
        'status = "provisional"\nsha256 = "abc"',
        "source[1].sha256",
        "'abc'",
        "64 digits",
    ),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_an_unusable_value_is_shown_with_what_is_expected(tmp_path, case):
    old, new, dotted, found, expected = BAD_VALUES[case]
    text = changed(old, new)
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == dotted
    assert fault.problem == "the value is not usable"
    assert fault.found == found
    assert expected in (fault.expected or "")
    line = text.splitlines()[(fault.row or 0) - 1]
    assert line.strip().startswith(re.sub(r"\[\d+\]$", "", dotted).rsplit(".", 1)[-1])
    assert fault.remedy.startswith(("mend the value", "write "))


@pytest.mark.parametrize(
    ("line", "dotted", "at"),
    [
        ('outcome_year = "2017-18"\n', "study.outcome_year", "[study]"),
        ('fund = "none"\n', "programme[2].fund", "[[programme]]"),
        (
            '  name = "ks2_rwm_expected"\n',
            "programme[2].measure[1].name",
            "  [[programme.measure]]",
        ),
        ('file = "enrolments.csv"\n', "source[2].file", "[[source]]"),
        ('reason = "out in October"\n', "not_yet_published[1].reason", "[[not_yet_published]]"),
    ],
)
def test_a_missing_key_is_named_at_its_table(tmp_path, line, dotted, at):
    text = changed(line, "")
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == dotted
    assert fault.problem == f"the key {dotted.rsplit('.', 1)[-1]!r} is missing"
    assert text.splitlines()[(fault.row or 0) - 1] == at
    assert fault.remedy == "add it"


@pytest.mark.parametrize("section", ["study", "programme", "source"])
def test_a_missing_section_is_named(tmp_path, section):
    tables = re.split(r"(?m)^(?=\[)", GOOD)
    text = "".join(t for t in tables if not t.startswith((f"[{section}]", f"[[{section}]]")))
    (fault,) = faults_of(tmp_path, text)
    assert (fault.column, fault.problem) == (section, f"the key {section!r} is missing")


def test_the_line_is_right_in_the_last_programme_whose_placebo_is_inline(tmp_path):
    """A key of a later table is not mistaken for one of the table before it."""
    start, end = (
        GOOD.index("  [programme.placebo]"),
        GOOD.index('  [[programme.measure]]\n  name = "ks2_rwm'),
    )
    inline = (
        '  placebo = { measure = "ks2_rwm_expected", academic_year = "2017-18", n_schools = 2 }\n'
    )
    text = GOOD[:start] + inline + GOOD[end:]
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == "programme[2].placebo.academic_year"
    assert text.splitlines()[(fault.row or 0) - 1] == inline.rstrip("\n")


def test_all_faults_are_named_at_once(tmp_path):
    schema = changed("= 799", "= 12").replace('status = "provisional"', 'state = "x"')
    assert {fault.column for fault in faults_of(tmp_path, schema)} == {
        "study.local_authority",
        "source[1].state",
    }
    contradictory = changed('name = "autumn"', 'name = "winter"').replace(
        '"2015-16", "2016-17"]', '"2017-18", "2018-19"]'
    )
    assert [fault.column for fault in faults_of(tmp_path, contradictory)] == [
        "study.name",
        "study.baseline_years[1]",
        "study.baseline_years[2]",
        "programme[2].placebo.academic_year",
    ]


@pytest.mark.parametrize(
    ("measure", "size", "problem", "remedy"),
    [
        ("ks2_rwm_expected", "5", "is 500 percentage points", "write 0.05 if 5 percentage points"),
        ("ks2_rwm_expected", "0.5", "is 50 percentage points", "divided by 100"),
        ("ks2_rwm_expected", "0.49", None, None),
        ("ks4_attainment8", "45", "beyond the scale of ks4_attainment8, 0 to 90", "in points"),
        ("ks4_attainment8", "5", None, None),
        ("ks4_progress8", "10", "beyond the scale of ks4_progress8, -6 to 6", "in points"),
        (
            "ks2_reading_score",
            "20",
            "beyond the scale of ks2_reading_score, 80 to 120",
            "in points",
        ),
    ],
)
def test_an_impossible_smallest_effect_is_refused(tmp_path, measure, size, problem, remedy):
    text = GOOD.replace('"ks2_reading_progress"', f'"{measure}"').replace(
        "effect = 1", f"effect = {size}"
    )
    if problem is None:
        assert load_study(write(tmp_path, text)).programme[0].measure[0].smallest_effect == float(
            size
        )
        return
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == "programme[1].measure[1].smallest_effect"
    assert problem in fault.problem
    assert remedy in fault.remedy


CLAIM = """
[[claim]]
kind = "every_school_takes_part"
said = "every school takes part"
said_by = "minutes, 3 July 2018"
"""


@pytest.mark.parametrize(
    ("entry", "column", "problem"),
    [
        (CLAIM + CLAIM, "claim[2].kind", "appears twice"),
        (CLAIM + "but = 1\n", "claim[1].but", "leaves none out"),
        (
            CLAIM.replace("every_school_takes_part", "all_maintained_schools_reviewed"),
            "claim[1].kind",
            "nothing says whether",
        ),
        (CLAIM.replace("every_school_takes_part", "all_is_well"), "claim[1].kind", "not usable"),
        (CLAIM.replace('said_by = "minutes, 3 July 2018"\n', ""), "claim[1].said_by", "is missing"),
    ],
)
def test_a_claim_that_cannot_be_counted_is_refused(tmp_path, entry, column, problem):
    (fault,) = faults_of(tmp_path, GOOD + entry)
    assert fault.column == column
    assert problem in fault.problem


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("", "minimum_cell = 1000", "study.minimum_cell"),
        ("", "draws = 1_000_000_000", "study.draws"),
        ("", "draws = 9", "study.draws"),
        ("", "seed = -1", "study.seed"),
        ("", "seed = 99999999999", "study.seed"),
        ("n_schools = 2", "n_schools = 1_000_000", "programme[2].placebo.n_schools"),
        ("gbp = 500000", "gbp = 500_000_000_000", "stated_total[1].gbp"),
        ('fund = "SSIF"\n', 'fund = "SSIF"\nfunding_gbp = 5_000_000_000\n', "programme[1].funding_gbp"),
        ('fund = "SSIF"\n', 'fund = "SSIF"\nfunding_gbp = -1\n', "programme[1].funding_gbp"),
        ('fund = "SSIF"\n', 'fund = "SSIF"\nexpected_schools = 200000\n', "programme[1].expected_schools"),
        ('fund = "SSIF"\n', 'fund = "SSIF"\neligible_share = 70\n', "programme[1].eligible_share"),
    ],
)  # fmt: skip
def test_an_impossible_number_is_refused(tmp_path, old, new, column):
    text = (
        GOOD.replace(old, new, 1)
        if old
        else GOOD.replace('name = "autumn"', f'name = "autumn"\n{new}')
    )
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == column
    assert fault.expected is not None
    assert fault.expected.startswith(("at least", "at most", "more than"))


@pytest.mark.parametrize(
    ("old", "new", "found", "remedy"),
    [
        ("2018-09-01", '"01/09/2018"', "'01/09/2018'", "write 2018-09-01"),
        ("2018-09-01", '"1.9.18"', "'1.9.18'", "write 2018-09-01"),
        ("2018-09-01", '"2018-09-01"', "'2018-09-01'", "write 2018-09-01"),
        ("2018-09-01", '"1 September 2018"', "'1 September 2018'", "write 2018-09-01"),
        ('"2017-18"', '"2017/18"', "'2017/18'", 'write "2017-18"'),
        ('"2017-18"', '"2017-2018"', "'2017-2018'", 'write "2017-18"'),
        ('["2015-16", "2016-17"]', '"2016-17"', "'2016-17'", 'write ["2016-17"]'),
        ('"sen_support"', '"SEN support"', "'SEN support'", 'write "sen_support"'),
        ("= 799", '= "799"', "'799'", "write 799"),
    ],
)
def test_a_value_with_a_clear_meaning_is_shown_in_its_correct_form(
    tmp_path, old, new, found, remedy
):
    (fault,) = faults_of(tmp_path, changed(old, new))
    assert (fault.found, fault.remedy) == (found, remedy)


@pytest.mark.parametrize(
    ("old", "new", "problem", "remedy"),
    [
        (
            "2018-09-01",
            "01/09/2018",
            "the date is not written",
            "write reference_date = 2018-09-01",
        ),
        ('"2017-18"', "2017-18", "no quotation marks", 'write outcome_year = "2017-18"'),
        ("primary = true", "primary = True", "not usable", "write primary = true"),
        ('"Autumn"', "“Autumn”", "curly", 'write title = "Autumn"'),
        ('"2016-17"]', '"2016-17"', "above it is not closed", "the one above"),
        ("2018-09-01", "2018-02-30", "the date is not written", "there is no such day"),
        ("", "minimum_cell = 6,000", "the number is not written", "= 6000"),
        ("", "eligible_share = 70%", "the number is not written", "write eligible_share = 0.7"),
        ("", "minimum_cell = 6%", "not valid TOML", "data_raw/example"),
        ("smallest_effect = 1", "smallest_effect = 0,092", "decimal comma", "data_raw/example"),
        ("", "minimum_cell = 6,5", "decimal comma", "data_raw/example"),
        ('name = "autumn"', "name = ", "not valid TOML", "data_raw/example"),
        ('name = "autumn"', 'name = "autumn"\nname = "autumn"', "appears twice", "take one"),
    ],
)
def test_a_line_that_is_not_toml_is_explained_in_words(tmp_path, old, new, problem, remedy):
    text = changed(old, new) if old else GOOD.replace('name = "autumn"', f'name = "autumn"\n{new}')
    (fault,) = faults_of(tmp_path, text)
    assert problem in fault.problem
    assert remedy in fault.remedy


def test_one_fault_in_the_only_programme_is_one_fault(tmp_path):
    """Errors that follow from it are not reported, and messages contain no Python."""
    first, *others = re.split(r"(?m)^(?=\[\[programme\]\])", GOOD)
    text = first + others[0] + GOOD[GOOD.index("[[source]]") :]
    (fault,) = faults_of(tmp_path, text.replace('"sen_support"', '"sen"'))
    assert fault.column == "programme[1].target_group"
    (fault,) = faults_of(tmp_path, text.replace("[[programme]]", "[programme]"))
    assert fault.found == "a table with id, title, fund, target_group, measure"
    assert fault.remedy == "write [[programme]]"


def test_broken_toml_is_named_at_its_line(tmp_path):
    (fault,) = faults_of(tmp_path, changed('title = "Autumn"', "title = Autumn"))
    assert (fault.file, fault.row) == ("study.toml", 3)
    assert fault.problem == "the text has no quotation marks"
    assert fault.remedy == 'write title = "Autumn"'


def test_a_file_that_is_not_utf8_is_named_at_its_line(tmp_path):
    (fault,) = faults_of(tmp_path, GOOD.replace("Autumn", "Autumn\u00e9").encode("latin-1"))
    assert fault.row == 3
    assert fault.problem == "is not UTF-8 text"
    assert "UTF-8" in fault.remedy


@pytest.mark.parametrize("what", ["no folder", "no protocol", "a file"])
def test_what_is_not_a_study_folder_is_named(tmp_path, what):
    folder = tmp_path / "autumn"
    if what == "no protocol":
        folder.mkdir()
    elif what == "a file":
        folder.write_text("x")
    with pytest.raises(StudyError) as raised:
        load_study(folder)
    (fault,) = raised.value.faults
    assert fault.file == f"{folder}/study.toml"
    assert "not a study folder" in fault.problem
    assert fault.expected == "a folder that holds a study.toml"
    assert "data_raw/example/" in fault.remedy


def test_the_message_for_the_analyst_is_complete(tmp_path):
    with pytest.raises(StudyError) as raised:
        load_study(write(tmp_path, changed("= 799", "= 12")))
    assert raised.value.for_analyst() == (
        "study.toml, row 4, column study.local_authority: the value is not usable.\n"
        "    found:    12\n"
        "    expected: at least 200 and at most 999 (the authority's three-digit number)\n"
        "    to do:    mend the value"
    )
    assert str(raised.value) == (
        "study.toml, row 4, column study.local_authority: the value is not usable."
    )
