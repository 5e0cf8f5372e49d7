"""The suites: results without values, no analytics, and an error for a rule without a result."""

from __future__ import annotations

import os
import sys
from contextlib import closing

import pytest

from pipelines.catalogue import KS2_PUPILS, SCHOOL_REGISTER
from pipelines.validation import suites
from pipelines.validation.rules import rules_of
from tests.unit.validation.planted import empty_store, make

PUPIL_NAME = "Marigold Quillfeather"
REGISTER_RULES = tuple(rules_of(SCHOOL_REGISTER, is_expected=True))
PUPIL_RULES = tuple(rules_of(KS2_PUPILS, is_expected=True))


def test_results_hold_no_values():
    with closing(empty_store()) as con:
        make(con, KS2_PUPILS)
        con.execute(
            "UPDATE pupils.ks2_pupils SET sen = ?, reading_score_points = 987", [PUPIL_NAME]
        )
        results = suites._validate_frame(
            suites.profile(con, PUPIL_RULES), "pupils", suites._expectations(PUPIL_RULES)
        )
    failed = [result for result in results if not result.success]
    assert len(failed) == 2
    for result in results:
        assert PUPIL_NAME not in str(result.to_json_dict())
        assert "987" not in str(result.to_json_dict())
        assert result.result == {}


def test_the_profile_is_as_small_as_the_rules_whatever_the_rows():
    with closing(empty_store()) as con:
        make(con, SCHOOL_REGISTER)
        con.execute(
            "INSERT INTO raw.school_register "
            "SELECT register.* FROM raw.school_register AS register, range(1000)"
        )
        frame = suites.profile(con, REGISTER_RULES)
        assert list(frame.columns) == [rule.name for rule in REGISTER_RULES]
        assert len(frame) == 2
        assert frame["has_rows"].iloc[0] == 1001
        assert frame["unique"].iloc[0] == 1000


def test_identifying_columns_are_counted_and_never_listed():
    with closing(empty_store()) as con:
        make(con, KS2_PUPILS)
        con.execute("UPDATE pupils.ks2_pupils SET pupil_key = ?", [PUPIL_NAME])
        assert PUPIL_NAME not in suites.profile(con, PUPIL_RULES).to_string()


def test_analytics_are_off_before_the_library_is_there():
    with closing(empty_store()) as con:
        make(con, SCHOOL_REGISTER)
        suites.validate(con, REGISTER_RULES)
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert "posthog" not in sys.modules


def test_a_rule_without_a_result_is_an_error(monkeypatch):
    whole = suites._validate_frame
    monkeypatch.setattr(suites, "_validate_frame", lambda *given: whole(*given)[1:])
    with closing(empty_store()) as con:
        make(con, SCHOOL_REGISTER)
        with pytest.raises(RuntimeError, match="rules without a result"):
            suites.validate(con, REGISTER_RULES)


def test_identical_rules_are_one_expectation_unless_one_is_broken(monkeypatch):
    judged = []
    whole = suites._validate_frame

    def counting(frame, name, expectations):
        judged.append([each.column for each in expectations])
        return whole(frame, name, expectations)

    monkeypatch.setattr(suites, "_validate_frame", counting)
    alike = [rule.name for rule in PUPIL_RULES if rule.kind in {"not_null", "unique", "readable"}]
    with closing(empty_store()) as con:
        make(con, KS2_PUPILS)
        assert suites.validate(con, PUPIL_RULES).is_success
        (once,) = judged
        assert len(once) < len(PUPIL_RULES) - len(alike) + 1
        con.execute("ALTER TABLE pupils.ks2_pupils ALTER laestab DROP NOT NULL")
        con.execute("UPDATE pupils.ks2_pupils SET laestab = NULL")
        result = suites.validate(con, PUPIL_RULES)
    assert [rule.name for rule in result.broken] == ["not_null__laestab"]
    assert set(alike) <= set(judged[-1])


def test_a_rule_that_could_not_be_evaluated_counts_as_broken(monkeypatch):
    """A rule counts as broken if the library raises an error, here on values without an order."""
    whole = suites.profile
    monkeypatch.setattr(
        suites, "profile", lambda con, rules: whole(con, rules).assign(unique=["none", 0])
    )
    with closing(empty_store()) as con:
        make(con, SCHOOL_REGISTER)
        result = suites.validate(con, REGISTER_RULES)
    assert [rule.name for rule in result.broken] == ["unique"]
