"""Contents of released tables: consent, claims, evaluations, counts, revisions."""

from __future__ import annotations

from math import floor

import pytest

from pipelines.catalogue import RELEASED_TABLES
from pipelines.disclosure import gate
from pipelines.impact.score_interval import CONFIDENCE
from pipelines.released import making
from tests.tiny_study import CLAIMS, REVIEW_CLAIM, Row, TinyStudy, ks2_pupil, school
from tests.unit.disclosure.made import after_the_gate, made

STATEMENT = {
    "programme": "send",
    "urn": 900001,
    "given_on": "2018-07-01",
    "role": "SENCO",
    "consent": "yes",
    "attribution": "role",
    "theme": "Practice",
    "tone": "positive",
    "quote": "It helped.",
}
CASE = {
    "programme": "send",
    "urn": 900001,
    "consent": "yes",
    "context": "A school",
    "support_received": "Visits",
    "statement": "We learnt.",
}
SUPPORT = {
    "programme": "send",
    "urn": 900001,
    "from": "2018-02-05",
    "until": "2018-03-23",
    "support": "Six visits",
}
FORM = {
    "programme": "send",
    "urn": 900001,
    "submitted_on": "2018-07-01",
    "respondent_role": "Head",
    "q1": "Agree",
    "q2": "Agree",
    "q3": "Disagree",
    "q4": "",
    "free_text": "Never to be released: Marigold did well.",
}


def released(tiny: TinyStudy, select: str) -> list[tuple[object, ...]]:
    return tiny.rows(select)


def test_the_confidence_level_shown_is_the_engine_s():
    assert f"{CONFIDENCE} AS confidence_share" in making.select_of("study")


# ------------------------------------------------------------------------------------------- consent


def test_without_consent_nothing_is_released(tmp_path):
    tiny = TinyStudy(tmp_path)
    refusals = ("no", "withdrawn", "NO", "Withdrawn")
    tiny.add(
        "s.csv",
        'kind = "statements"',
        [STATEMENT, *({**STATEMENT, "consent": no, "quote": "Not for print."} for no in refusals)],
    )
    tiny.add(
        "c.csv",
        'kind = "case_studies"',
        [
            CASE,
            *(
                {**CASE, "urn": 900002 + n, "consent": no, "statement": "Not for print."}
                for n, no in enumerate(refusals)
            ),
        ],
    )
    with tiny.released("released.statements", "released.case_studies") as con:
        assert con.execute("SELECT quote FROM released.statements").fetchall() == [("It helped.",)]
        assert con.execute("SELECT statement FROM released.case_studies").fetchall() == [
            ("We learnt.",)
        ]


def test_a_statement_is_attributed_as_agreed(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.add(
        "s.csv",
        'kind = "statements"',
        [
            {**STATEMENT, "attribution": "name"},
            {**STATEMENT, "attribution": "role"},
            {**STATEMENT, "attribution": "anonymous"},
            {**STATEMENT, "attribution": "role", "role": ""},
        ],
    )
    assert released(tiny, "SELECT attribution FROM released.statements") == [
        ("SENCO, Alder Academy",),
        ("SENCO",),
        ("A school",),
        ("A member of staff",),
    ]


# -------------------------------------------------------------------------------------------- claims


def eligibility(tmp_path, met: list[str | None], share: str = "0.7") -> tuple[object, ...]:
    """The eligibility claim for one school per entry of `met`; None means no evidence."""
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol = tiny.protocol.replace("eligible_share = 0.7", f"eligible_share = {share}")
    urns = [900100 + n for n in range(len(met))]
    tiny.tables["register.csv"] += [
        school(urn, urn - 900000 + 2000, f"School {n:02}") for n, urn in enumerate(urns)
    ]
    tiny.tables["enrolments.csv"] = [
        {"programme": "send", "urn": urn, "start_date": ""} for urn in urns
    ]
    tiny.add(
        "eligibility.csv",
        'kind = "eligibility"',
        [
            {
                "programme": "send",
                "urn": urn,
                "criterion": "Progress 8",
                "met": answer,
                "evidence": "",
                "judged_on": "",
            }
            for urn, answer in zip(urns, met, strict=True)
            if answer
        ],
    )
    (row,) = released(
        tiny,
        "SELECT claim, numerator, denominator, result, exceptions FROM released.claims "
        "WHERE claim LIKE '%eligible'",
    )
    return row


def test_thirteen_of_eighteen_hold(tmp_path):
    claim, numerator, denominator, result, exceptions = eligibility(
        tmp_path, ["yes"] * 13 + ["no"] * 5
    )
    assert claim == "SEND in mainstream: at least 70% of its schools were eligible"
    assert (numerator, denominator, result) == (13, 18, "holds")
    assert exceptions == "School 13; School 14; School 15; School 16; School 17"


def test_twelve_of_eighteen_fail(tmp_path):
    assert eligibility(tmp_path, ["yes"] * 12 + ["no"] * 6)[1:4] == (12, 18, "fails")


@pytest.mark.parametrize("unknown", ["unknown", None], ids=["said to be unknown", "not listed"])
def test_twelve_of_eighteen_and_one_unknown_are_undecided(tmp_path, unknown):
    row = eligibility(tmp_path, ["yes"] * 12 + ["no"] * 5 + [unknown])
    assert row[1:4] == (12, 18, "cannot_tell")
    assert str(row[4]).endswith("School 17 (not known)")


def test_eleven_of_eighteen_and_one_unknown_fail(tmp_path):
    assert eligibility(tmp_path, ["yes"] * 11 + ["no"] * 6 + ["unknown"])[3] == "fails"


@pytest.mark.parametrize(
    ("n_yes", "n", "share", "result"),
    [(14, 25, "0.56", "holds"), (13, 25, "0.56", "fails"), (7, 10, "0.7", "holds")],
)
def test_an_exact_share_holds_despite_binary_rounding(tmp_path, n_yes, n, share, result):
    """0.56 of 25 is 14.000000000000002 in binary."""
    row = eligibility(tmp_path, ["yes"] * n_yes + ["no"] * (n - n_yes), share)
    assert row[1:4] == (n_yes, n, result)


def test_one_criterion_met_is_enough(tmp_path):
    tiny = TinyStudy(tmp_path)
    entry = {"programme": "send", "urn": 900001, "evidence": "", "judged_on": ""}
    tiny.add(
        "eligibility.csv",
        'kind = "eligibility"',
        [
            {**entry, "criterion": "a", "met": "no"},
            {**entry, "criterion": "b", "met": "yes"},
            {**entry, "criterion": "a", "met": "unknown", "urn": 900005},
            {**entry, "criterion": "b", "met": "no", "urn": 900005},
        ],
    )
    assert released(
        tiny,
        "SELECT numerator, result, exceptions FROM released.claims WHERE claim LIKE '%eligible'",
    ) == [(1, "cannot_tell", "Elm School (not known)")]


def test_a_claim_that_was_not_made_is_not_checked(tmp_path):
    """Programmes' own statements are checked always, those about all schools only if study.toml has the
    claim.
    """
    tiny = TinyStudy(tmp_path)
    visit = {"urn": 900002, "inspection_date": "2018-01-01", "overall_effectiveness": 2}
    tiny.add("inspections.csv", 'kind = "inspections"', [visit])
    select = "SELECT claim, said, said_by FROM released.claims"
    assert released(tiny, select) == [("SEND in mainstream: 2 schools take part", None, None)]
    tiny.protocol = tiny.protocol.replace("expected_schools = 2\n", "")
    assert released(tiny, select) == []


def test_the_claim_and_its_source_are_beside_the_count(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace("expected_schools = 2\n", "") + CLAIMS
    assert released(tiny, "SELECT said, said_by FROM released.claims") == [
        ("every school takes part", "minutes, 3 July 2018")
    ]


def test_expected_schools_and_coverage(tmp_path):
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol += CLAIMS
    found = {
        claim: rest
        for claim, *rest in released(
            tiny,
            "SELECT claim, numerator, denominator, result, exceptions FROM released.claims",
        )
    }
    assert found == {
        "SEND in mainstream: 2 schools take part": [2, 2, "holds", None],
        "Every school takes part in one or more programmes": [4, 5, "fails", "Fir School"],
    }


REVIEWED = (
    "SELECT numerator, denominator, result, exceptions FROM released.claims WHERE claim LIKE 'All%'"
)


@pytest.mark.parametrize(
    ("visits", "result"),
    [
        # Maintained and open: Birch, Dogwood, Elm, Fir. Cedar is now Dogwood; Alder is an academy.
        ({900002: "2017-09-01", 900003: "2018-08-31", 900005: "2018-01-01"}, (3, 4, "holds")),
        ({900002: "2017-08-31", 900003: "2018-09-01", 900005: "2018-01-01"}, (1, 4, "fails")),
        ({900002: "2018-01-01", 900011: "2018-01-01", 900005: "2018-01-01"}, (2, 4, "fails")),
    ],
)
def test_all_maintained_schools_but_one_were_visited_in_the_year(tmp_path, visits, result):
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol += REVIEW_CLAIM
    (first, date), *others = visits.items()
    tiny.add(
        "inspections.csv",
        'kind = "inspections"',
        [{"urn": first, "inspection_date": date, "overall_effectiveness": 2}],
    )
    tiny.add(
        "reviews.csv",
        'kind = "reviews"',
        [
            {"urn": urn, "review_date": date, "review_type": "Peer", "reviewer": ""}
            for urn, date in others
        ],
    )
    (row,) = released(tiny, REVIEWED)
    assert row[:3] == result
    assert "Fir School" in str(row[3])


@pytest.mark.parametrize(
    ("but", "claim", "result"),
    [
        (0, "All maintained schools were inspected or externally reviewed in 2017-18", "fails"),
        (
            2,
            "All maintained schools but 2 were inspected or externally reviewed in 2017-18",
            "fails",
        ),
        (
            3,
            "All maintained schools but 3 were inspected or externally reviewed in 2017-18",
            "holds",
        ),
    ],
)
def test_the_claim_leaves_out_as_many_as_it_says(tmp_path, but, claim, result):
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol += REVIEW_CLAIM.replace("but = 1", f"but = {but}")
    visit = {"urn": 900002, "inspection_date": "2018-01-01", "overall_effectiveness": 2}
    tiny.add("inspections.csv", 'kind = "inspections"', [visit])
    assert released(
        tiny,
        "SELECT claim, numerator, denominator, result FROM released.claims WHERE claim LIKE 'All%'",
    ) == [(claim, 1, 4, result)]


def test_of_a_long_list_of_schools_the_first_are_named_and_the_others_counted(tmp_path):
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol += CLAIMS
    tiny.tables["register.csv"] += [
        school(900100 + n, 2100 + n, f"Extra {n:02}") for n in range(50)
    ]
    (exceptions,) = released(
        tiny, "SELECT exceptions FROM released.claims WHERE claim LIKE 'Every school%'"
    )[0]
    names = str(exceptions).split("; ")
    # Fir and fifty others are in no programme.
    assert names == [*(f"Extra {n:02}" for n in range(40)), "and 11 more"]


def test_a_visit_after_the_reference_date_does_not_count(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace("2018-09-01", "2018-07-03") + REVIEW_CLAIM
    tiny.add(
        "inspections.csv",
        'kind = "inspections"',
        [
            {"urn": urn, "inspection_date": f"2018-07-0{day}", "overall_effectiveness": 2}
            for urn, day in ((900002, 3), (900004, 4))
        ],
    )
    ((n_visited, n_maintained, *_),) = released(tiny, REVIEWED)
    assert (n_visited, n_maintained) == (1, 4)


def money(tmp_path, send: int | None, gap: int | None, said: int) -> tuple[object, ...]:
    """The claim that two SSIF programmes bring a total, with the funding stated for each."""
    tiny = TinyStudy(tmp_path).without_results()
    for programme, gbp in (("send", send), ("gap", gap)):
        if gbp is not None:
            named = f'id = "{programme}"\n'
            tiny.protocol = tiny.protocol.replace(named, f"{named}funding_gbp = {gbp}\n")
    tiny.protocol += f'\n[[stated_total]]\nfund = "SSIF"\nsaid = "nearly £0.5m"\ngbp = {said}\n'
    (row,) = released(
        tiny,
        "SELECT claim, numerator, denominator, result, exceptions FROM released.claims "
        "WHERE unit = 'gbp'",
    )
    assert row[0] == "SSIF: its programmes together bring nearly £0.5m"
    return row[1:]


@pytest.mark.parametrize(
    ("send", "gap", "said", "found"),
    [
        (200_000, 300_000, 500_000, (500_000, 500_000, "holds", None)),
        (
            200_000,
            200_000,
            500_000,
            (
                400_000,
                500_000,
                "cannot_tell",
                "Stated: SEND in mainstream £200,000; Closing the gap £200,000; "
                "£100,000 is stated of no programme",
            ),
        ),
        (
            300_000,
            250_000,
            500_000,
            (
                550_000,
                500_000,
                "cannot_tell",
                "Stated: SEND in mainstream £300,000; Closing the gap £250,000; "
                "£50,000 more than was said",
            ),
        ),
        (
            500_000,
            None,
            500_000,
            (
                500_000,
                500_000,
                "cannot_tell",
                "Stated: SEND in mainstream £500,000; Closing the gap (funding not stated)",
            ),
        ),
        (
            None,
            None,
            500_000,
            (
                0,
                500_000,
                "cannot_tell",
                "Stated: SEND in mainstream (funding not stated); "
                "Closing the gap (funding not stated); £500,000 is stated of no programme",
            ),
        ),
    ],
)
def test_claimed_and_stated_funding_are_compared_and_no_gap_is_filled(
    tmp_path, send, gap, said, found
):
    assert money(tmp_path, send, gap, said) == found


def test_a_claim_without_its_source_is_not_listed(tmp_path):
    assert released(TinyStudy(tmp_path), REVIEWED) == []


# --------------------------------------------------------------------------------------- evaluations


def test_two_forms_of_one_school_count_once_and_the_last_one_counts(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.add(
        "forms.csv",
        'kind = "evaluations"',
        [
            {**FORM, "submitted_on": "2018-07-20", "q1": "Strongly agree"},
            {**FORM, "submitted_on": "2018-07-01", "urn": 900011, "q1": "Disagree"},
            {**FORM, "urn": 900005},
        ],
    )
    tiny.add(
        "questions.csv", 'kind = "evaluation_questions"', [{"question": "q1", "wording": "Useful?"}]
    )
    found = released(
        tiny, "SELECT question, answer, n_schools, n_expected FROM released.evaluation_summary"
    )
    assert found == [
        ("response rate", "returned", 2, 2),
        ("Useful?", "Strongly agree", 1, 2),
        ("Useful?", "Agree", 1, 2),
        ("q2", "Agree", 2, 2),
        ("q3", "Disagree", 2, 2),
    ]


def test_free_text_is_released_nowhere(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.add("forms.csv", 'kind = "evaluations"', [FORM])
    with tiny.released() as con:
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'released'"
        ).fetchall()
        assert len(tables) == len(RELEASED_TABLES)
        for (name,) in tables:
            assert "Marigold" not in con.execute(f"FROM released.{name}").df().to_string()


# ---------------------------------------------------------------------------------------- counts


def test_programmes_and_their_overlap(tmp_path):
    with TinyStudy(tmp_path).released("released.programme", "released.programme_overlap") as con:
        assert con.execute(
            "SELECT programme, is_evaluated, n_schools, n_ks2_schools, n_ks4_schools "
            "FROM released.programme"
        ).fetchall() == [
            ("send", True, 2, 2, 0),
            ("gap", True, 2, 2, 0),
            ("network", False, 1, 1, 0),
        ]
        overlap = con.execute("SELECT * FROM released.programme_overlap").fetchall()
    assert {(a, b): n for a, b, n in overlap} == {
        ("send", "send"): 2,
        ("send", "gap"): 1,
        ("send", "network"): 0,
        ("gap", "send"): 1,
        ("gap", "gap"): 2,
        ("gap", "network"): 0,
        ("network", "send"): 0,
        ("network", "gap"): 0,
        ("network", "network"): 1,
    }


def test_who_takes_part_is_named_with_nothing_about_results(tmp_path):
    found = released(
        TinyStudy(tmp_path), "SELECT school_name, urn, programme FROM released.enrolment"
    )
    assert found == [
        ("Alder Academy", 900011, "send"),
        ("Alder Academy", 900011, "gap"),
        ("Birch Primary School", 900002, "network"),
        ("Dogwood Primary School", 900004, "gap"),
        ("Elm School", 900005, "send"),
        ("Fir School", 900006, None),
    ]


def test_schools_of_one_name_are_distinguished_by_their_number(tmp_path):
    tiny = TinyStudy(tmp_path)
    for row in tiny.tables["register.csv"]:
        if row["URN"] == 900002:
            row["EstablishmentName"] = "Dogwood Primary School"
    found = released(tiny, "SELECT DISTINCT school_name FROM released.enrolment ORDER BY ALL")
    assert found == [
        ("Alder Academy",),
        ("Dogwood Primary School (900002)",),
        ("Dogwood Primary School (900004)",),
        ("Elm School",),
        ("Fir School",),
    ]


def prioritised(tmp_path, more: dict[int, int]) -> list[tuple[object, ...]]:
    """What each priority reached, with additional disadvantaged pupils by the school's last digit."""
    tiny = TinyStudy(tmp_path)
    for programme, priority in (("send", "Inclusion"), ("gap", "Gaps"), ("network", "Gaps")):
        named = f'id = "{programme}"\n'
        tiny.protocol = tiny.protocol.replace(named, f'{named}priority = "{priority}"\n')
    for number, n in more.items():
        urn = 900011 if number == 1 else 900000 + number
        tiny.tables["ks2_2018.csv"] += [
            ks2_pupil(urn, 2000 + number, f"G7992{number:03}180{i:02}", FSM6_P=1) for i in range(n)
        ]
    return released(tiny, "FROM released.priority")


def test_a_priority_reaches_the_schools_of_all_its_programmes_and_few_pupils_are_withheld(tmp_path):
    assert prioritised(tmp_path, {}) == [
        ("Inclusion", 1, 2, 5, "sen_support", None, None, "suppressed"),
        ("Gaps", 2, 3, 5, "disadvantaged", None, None, "suppressed"),
    ]


def test_the_pupils_of_a_priority_are_rounded_and_of_its_evaluated_programme_alone(tmp_path):
    """In the programme Alder has 2 and Dogwood 1; Birch is in a network, Fir has 1 and is in none.

    With twelve more, the programme has 15 (shown as 15) of 30 (shown as 33).
    """
    (_, gaps) = prioritised(tmp_path, {1: 12, 2: 14})
    assert gaps == ("Gaps", 2, 3, 5, "disadvantaged", 15, 0.45, "shown")


ON_ROLL = (
    "INSERT INTO mart.outcome BY NAME SELECT * REPLACE ('attendance' AS key_stage, "
    "'attendance_absence' AS measure, 7 * n_pupils AS n_pupils) FROM mart.outcome"
)
FOR_WHOM = "SELECT n_target_pupils, target_pupil_share FROM released.priority"


def test_pupils_on_roll_count_only_where_no_other_stage_is_in_use():
    """With 20 pupils in each of six schools, 60 are in the programme's; 420 are on their roll."""
    with made(dict.fromkeys(range(1, 7), 20)).store() as con:
        con.execute("UPDATE protocol.programme SET priority = 'Gaps'")
        con.execute("UPDATE mart.programme_school SET is_placebo = false")
        con.execute(ON_ROLL)
        assert after_the_gate(con, FOR_WHOM) == [
            {"n_target_pupils": 63, "target_pupil_share": 0.51}
        ]
        con.execute("UPDATE protocol.programme_measure SET key_stage = 'attendance'")
        assert after_the_gate(con, FOR_WHOM) == [
            {"n_target_pupils": 423, "target_pupil_share": 0.5}
        ]


def test_a_priority_without_pupils_has_zero_and_not_a_rounded_few():
    """No pupil is identified, and the middle of that class would be printed as three."""
    with made(dict.fromkeys(range(1, 7), 20)).store() as con:
        con.execute("UPDATE protocol.programme SET priority = 'Gaps'")
        con.execute("UPDATE mart.programme_school SET is_placebo = false")
        con.execute(
            "UPDATE mart.outcome SET n_pupils = 0 "
            "WHERE school_id IN (SELECT school_id FROM mart.programme_school)"
        )
        assert after_the_gate(con, FOR_WHOM) == [{"n_target_pupils": 0, "target_pupil_share": 0.0}]
        assert gate.count_small(con, "priority") == 0


def census(urn: int, **counts: object) -> Row:
    row: Row = {"URN": urn, "LA": 799, "NOR": 200, "TSENELK": 30, "TSENELSE": 5, "NUMFSMEVER": 70}
    return row | counts


FUNDED = (
    "SELECT n_schools, census_academic_year, n_schools_with_census, n_target_pupils_on_roll, "
    "funding_gbp_per_target_pupil FROM released.programme WHERE programme = 'send'"
)


def funded(tmp_path, rows: list[Row], target: str = "sen_support") -> tuple[object, ...]:
    """The programme of Alder (converted in between) and Elm, with £6,500."""
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol = tiny.protocol.replace(
        'target_group = "sen_support"', f'target_group = "{target}"\nfunding_gbp = 6500', 1
    )
    if rows:
        tiny.add("census.csv", 'kind = "school_census"\nacademic_year = "2017-18"', rows)
    (row,) = released(tiny, FUNDED)
    return row


@pytest.mark.parametrize(
    ("target", "n_pupils"),
    [("sen_support", 50), ("ehc_plan", 10), ("disadvantaged", 130), ("all", 400)],
)
def test_money_is_divided_by_the_target_pupils_of_whole_schools(tmp_path, target, n_pupils):
    rows = [census(900011), census(900005, TSENELK=20, NUMFSMEVER=60), census(900002)]
    assert funded(tmp_path, rows, target) == (
        2,
        "2017-18",
        2,
        n_pupils,
        floor(6500 / n_pupils + 0.5),
    )


def test_all_pupils_on_roll_are_counted_for_every_programme_whose_schools_the_census_has(tmp_path):
    tiny = TinyStudy(tmp_path)
    rows = [census(900011), census(900005, NOR=90), census(900002, NOR="NP")]
    tiny.add("census.csv", 'kind = "school_census"\nacademic_year = "2017-18"', rows)
    assert released(tiny, "SELECT programme, n_pupils_on_roll FROM released.programme") == [
        ("send", 290),
        ("gap", None),
        ("network", None),
    ]


def test_a_school_that_was_two_at_the_census_is_the_sum_of_both(tmp_path):
    tiny = TinyStudy(tmp_path)
    rows = [census(900003), census(900004, TSENELK=11)]  # Cedar merged into Dogwood
    tiny.add("census.csv", 'kind = "school_census"\nacademic_year = "2016-17"', rows)
    tiny.tables["enrolments.csv"] = [{"programme": "send", "urn": 900004, "start_date": ""}]
    assert released(tiny, FUNDED) == [(1, "2016-17", 1, 41, None)]


@pytest.mark.parametrize("blank", ["NA", ""])
def test_a_school_listed_again_without_pupils_is_counted_by_its_other_row(tmp_path, blank):
    again = dict.fromkeys(("NOR", "TSENELK", "TSENELSE", "NUMFSMEVER"), blank)
    rows = [census(900001, **again), census(900011), census(900005, TSENELK=20)]
    assert funded(tmp_path, rows) == (2, "2017-18", 2, 50, 130)


@pytest.mark.parametrize(
    ("rows", "n_counted"),
    [
        ([census(900011)], 1),
        ([census(900011), census(900005, TSENELK="SUPP")], 1),
        ([census(900011, TSENELK="NA"), census(900005, TSENELK="")], 0),
    ],
)
def test_without_a_figure_of_every_school_there_is_no_total(tmp_path, rows, n_counted):
    assert funded(tmp_path, rows) == (2, "2017-18", n_counted, None, None)


def test_without_a_census_or_a_group_it_counts_there_is_no_total(tmp_path):
    assert funded(tmp_path, []) == (2, None, 0, None, None)
    assert funded(tmp_path, [census(900011), census(900005)], "high_prior")[2:] == (0, None, None)


def test_the_latest_census_counts(tmp_path):
    tiny = TinyStudy(tmp_path)
    for year, n_support in (("2016-17", 40), ("2017-18", 20)):
        rows = [census(urn, TSENELK=n_support) for urn in (900001, 900011, 900005)]
        rows = rows[:1] + rows[2:] if year == "2016-17" else rows[1:]
        about = f'kind = "school_census"\nacademic_year = "{year}"'
        tiny.add(f"census_{year}.csv", about, rows)
    assert released(tiny, FUNDED)[0][1:4] == ("2017-18", 2, 40)


def test_few_target_pupils_on_roll_are_withheld_with_the_pounds(tmp_path):
    rows = [census(900011, TSENELK=2), census(900005, TSENELK=3)]
    assert funded(tmp_path, rows) == (2, "2017-18", 2, None, None)
    nobody = [census(900011, TSENELK=0), census(900005, TSENELK=0)]
    assert funded(tmp_path, nobody) == (2, "2017-18", 2, 0, None)


def test_why_schools_are_left_out_is_counted(tmp_path):
    assert released(
        TinyStudy(tmp_path),
        "SELECT programme, key_stage, reason, n_schools FROM released.school_count",
    ) == [
        ("gap", "ks2", "compared", 2),
        ("gap", "ks4", "not_taught", 2),
        ("send", "ks2", "no_earlier_result", 1),
        ("send", "ks2", "special_school", 1),
    ]


def test_sources_are_listed_with_their_rows(tmp_path):
    found = released(
        TinyStudy(tmp_path),
        "SELECT file, n_rows_in, n_rows_kept, n_rows_set_aside FROM released.source "
        "WHERE kind = 'ks2_pupils'",
    )
    assert found == [("ks2_2017.csv", 6, 6, 0), ("ks2_2018.csv", 8, 7, 1)]
