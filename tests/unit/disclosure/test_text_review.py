"""Which texts are released: consent, review, the random draw, themes and examples."""

from __future__ import annotations

import pytest

from tests.tiny_study import TinyStudy
from tests.unit.disclosure.test_released_tables import CASE, FORM, STATEMENT

NAMING = "Marigold Quillfeather now reads aloud, and her number is A799200117001."
QUOTES = "SELECT quote FROM released.statements ORDER BY quote"
REVIEW = ("reviewed_by", "reviewed_on", "reviewed_text")


def with_statements(tmp_path, rows: list[dict[str, object]], seed: int = 1) -> TinyStudy:
    tiny = TinyStudy(tmp_path).without_results()
    tiny.protocol = tiny.protocol.replace("minimum_cell = 6", f"minimum_cell = 6\nseed = {seed}")
    headings = dict.fromkeys((*STATEMENT, *REVIEW), "")
    tiny.add("s.csv", 'kind = "statements"', [headings | STATEMENT | row for row in rows])
    return tiny


def released(tiny: TinyStudy, select: str) -> list[tuple[object, ...]]:
    return tiny.rows(select)


def fingerprint(tiny: TinyStudy) -> object:
    ((found,),) = released(tiny, "SELECT text_fingerprint FROM mart.text_review")
    return found


# ------------------------------------------------------------------------ held for review, released


def test_a_text_that_names_a_pupil_is_held_counted_and_listed_without_its_words(tmp_path):
    tiny = with_statements(tmp_path, [{}, {"quote": NAMING}, {"quote": NAMING, "consent": "no"}])
    with tiny.released(QUOTES, "FROM released.text_review") as con:
        assert con.execute(QUOTES).fetchall() == [("It helped.",)]
        assert con.execute("FROM released.text_review").fetchall() == [
            ("statements", "send", "UPN", 1),
            ("statements", "send", "personal name", 1),
        ]
        listed = con.execute(
            "SELECT source_id, row_number, reasons, decision FROM mart.text_review"
        ).fetchall()
        assert listed == [
            ("s.csv", 2, None, "passes"),
            ("s.csv", 3, "UPN, personal name", "held"),
        ]
        for table in ("mart.text_review", "released.text_review", "released.statement_rule"):
            assert "Quillfeather" not in con.execute(f"FROM {table}").df().to_string()


def test_every_column_that_is_shown_is_judged(tmp_path):
    columns = ("role", "theme", "quote")
    tiny = with_statements(tmp_path, [{column: "Mother of Zofka Wren"} for column in columns])
    assert released(tiny, QUOTES) == []


def test_a_case_study_that_names_a_pupil_is_held_as_a_whole(tmp_path):
    columns = ("context", "support_received", "statement")
    tiny = TinyStudy(tmp_path).without_results()
    tiny.add("c.csv", 'kind = "case_studies"', [CASE | {column: NAMING} for column in columns])
    shown, held = "FROM released.case_studies", "SELECT kind, n_texts FROM released.text_review"
    with tiny.released(shown, held) as con:
        assert con.execute(shown).fetchall() == []
        assert set(con.execute(held).fetchall()) == {("case_studies", 3)}


def test_the_studys_own_schools_and_programmes_are_no_persons_names(tmp_path):
    quote = "At Birch Primary School and Alder we liked Subject networks in Nowhere."
    tiny = with_statements(tmp_path, [{"quote": quote}])
    assert released(tiny, QUOTES) == [(quote,)]


def test_a_person_lets_a_text_through_until_its_words_change(tmp_path):
    tiny = with_statements(tmp_path, [{"quote": "Thank you, Mrs Wren."}])
    decided = {
        "reviewed_by": "A. Officer",
        "reviewed_on": "2018-10-01",
        "reviewed_text": str(fingerprint(tiny)).upper(),
    }
    tiny.tables["s.csv"][0] |= decided
    assert released(tiny, QUOTES) == [("Thank you, Mrs Wren.",)]
    tiny.tables["s.csv"][0]["quote"] = "Thank you, Mrs Wren and Mr Quill."
    with tiny.released(QUOTES) as con:
        assert con.execute(QUOTES).fetchall() == []
        decision = con.execute("SELECT decision FROM mart.text_review").fetchall()
    assert decision == [("changed",)]


def test_a_decision_without_who_when_and_what_is_invalid(tmp_path):
    tiny = with_statements(tmp_path, [{"quote": "Thank you, Mrs Wren."}])
    decided = {"reviewed_by": "A", "reviewed_on": "2018-10-01", "reviewed_text": fingerprint(tiny)}
    (row,) = tiny.tables["s.csv"]
    tiny.tables["s.csv"] = [{**row, **decided, missing: ""} for missing in REVIEW]
    assert released(tiny, QUOTES) == []


def test_a_decision_does_not_replace_consent(tmp_path):
    tiny = with_statements(tmp_path, [{"quote": "Thank you, Mrs Wren."}])
    decided = {"reviewed_by": "A", "reviewed_on": "2018-10-01", "reviewed_text": fingerprint(tiny)}
    tiny.tables["s.csv"][0] |= {**decided, "consent": "withdrawn"}
    with tiny.released(QUOTES) as con:
        assert con.execute(QUOTES).fetchall() == []
        assert con.execute("FROM mart.text_review").fetchall() == []


# --------------------------------------------------------------------------------- random selection


def many(n_positive: int, n_mixed: int, n_negative: int) -> list[dict[str, object]]:
    tones = {"positive": n_positive, "mixed": n_mixed, "negative": n_negative}
    return [
        {"tone": tone, "quote": f"A {tone} answer, number {n} of its tone."}
        for tone, n_of_tone in tones.items()
        for n in range(n_of_tone)
    ]


def test_all_are_shown_up_to_twenty_four_and_the_rule_says_so(tmp_path):
    rows = [*many(15, 5, 4), {"tone": "mixed", "consent": "no"}]
    tiny = with_statements(tmp_path, rows)
    with tiny.released(QUOTES) as con:
        assert len(con.execute(QUOTES).fetchall()) == 24
        rule = con.execute("SELECT * EXCLUDE (programme) FROM released.statement_rule").fetchall()
    assert rule == [
        ("positive", 15, 15, 0, 15, "every statement that may be shown"),
        ("mixed", 6, 5, 0, 5, "every statement that may be shown"),
        ("negative", 4, 4, 0, 4, "every statement that may be shown"),
    ]


def test_a_statement_without_a_tone_is_shown_too(tmp_path):
    tiny = with_statements(tmp_path, [{"tone": ""}])
    assert released(tiny, "SELECT tone, quote FROM released.statements") == [
        ("not given", "It helped.")
    ]


@pytest.mark.parametrize(
    ("of_tone", "n_shown"),
    [
        # One each, then 21 as 29 : 7 : 1, which is 16.46, 3.97 and 0.57: largest remainders.
        ((30, 8, 2), (17, 5, 2)),
        ((24, 1, 0), (23, 1, None)),
        ((100, 1, 1), (22, 1, 1)),
        ((10, 10, 10), (8, 8, 8)),
        ((25, 0, 0), (24, None, None)),
    ],
)
def test_more_are_drawn_in_proportion_and_no_tone_is_left_out(tmp_path, of_tone, n_shown):
    tiny = with_statements(tmp_path, many(*of_tone), seed=7)
    with tiny.released(QUOTES) as con:
        rule = con.execute("SELECT tone, n_shown, rule FROM released.statement_rule").fetchall()
        shown = con.execute("SELECT tone, count(*) FROM released.statements GROUP BY 1").fetchall()
    assert dict(shown) == {tone: n for tone, n, _ in rule}
    wanted = dict(zip(("positive", "mixed", "negative"), n_shown, strict=True))
    assert {tone: n for tone, n, _ in rule} == {t: n for t, n in wanted.items() if n is not None}
    assert {text for *_, text in rule} == {
        "drawn in proportion to tone, 24 a programme, with seed 7"
    }


def test_the_seed_decides_and_the_order_of_the_file_does_not(tmp_path):
    rows = many(30, 8, 2)

    def drawn(rows: list[dict[str, object]], seed: int) -> list[tuple[object, ...]]:
        return released(with_statements(tmp_path, rows, seed), QUOTES)

    first = drawn(rows, 1)
    assert first == drawn(rows[::-1], 1)
    assert first != drawn(rows, 2)


# ---------------------------------------------------------------------------------------- evaluations

THEMES = (
    "SELECT answer, n_schools, n_expected, example FROM released.evaluation_summary "
    "WHERE question = 'theme of the free answer'"
)


def with_forms(tmp_path, rows: list[dict[str, object]]) -> TinyStudy:
    tiny = TinyStudy(tmp_path).without_results()
    blank = {"theme": "", "consent": "", "free_text": "Useful."}
    tiny.add("f.csv", 'kind = "evaluations"', [FORM | blank | row for row in rows])
    return tiny


def test_themes_are_counted_and_exemplified_with_consent_only(tmp_path):
    forms = [
        {"urn": 900001, "theme": "Staff time", "free_text": "Never shown.", "consent": "no"},
        {"urn": 900005, "theme": "Staff time", "free_text": "Cover was hard.", "consent": "yes"},
        {"urn": 900002, "theme": "Evidence", "free_text": "Ask Zofka Wren.", "consent": "yes"},
        {"urn": 900004, "theme": "", "free_text": "No theme.", "consent": "yes"},
        {"urn": 900006, "theme": "Practice", "free_text": "Withdrawn.", "consent": "withdrawn"},
    ]
    assert released(with_forms(tmp_path, forms), THEMES) == [
        ("Staff time", 2, 4, "Cover was hard."),
        ("Evidence", 1, 4, None),
        ("Practice", 1, 4, None),
    ]


def test_a_theme_that_names_someone_is_counted_and_not_shown(tmp_path):
    forms = [{"theme": "What Zofka Wren said"}, {"urn": 900005, "theme": "=1+1"}]
    assert released(with_forms(tmp_path, forms), THEMES) == [
        ("=1+1", 1, 2, None),
        ("held for review", 1, 2, None),
    ]


def test_an_older_form_without_the_new_columns_is_read(tmp_path):
    tiny = TinyStudy(tmp_path).without_results()
    tiny.add("f.csv", 'kind = "evaluations"', [FORM])
    with tiny.released(THEMES) as con:
        assert con.execute(THEMES).fetchall() == []
        summary = con.execute("SELECT count(*) FROM released.evaluation_summary").fetchone()
    assert summary == (4,)
