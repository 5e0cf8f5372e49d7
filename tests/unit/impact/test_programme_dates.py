"""How a programme's dates limit its baseline years, from files to the board's reason."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from tests.tiny_study import published_ks2, published_study, school

N_SCHOOLS, N_MEMBERS = 40, 16


def released(folder: Path, *, start: str, missing: dict[str, Collection[int]]):
    """The headline and schools by reason: 16 of 40 schools join; some lack a year's result."""
    tables = {
        year: [
            published_ks2(
                900100 + n, 2100 + n, f"School {n}", PTRWM_EXP_FSM6CLA1A=f"{30 + (7 * n + i) % 40}%"
            )
            for n in range(N_SCHOOLS)
            if n not in missing.get(year, ())
        ]
        for i, year in enumerate(("2015-16", "2016-17", "2017-18"))
    }
    tiny = published_study(folder, tables)
    tiny.protocol = tiny.protocol.replace('["2016-17"]', '["2015-16", "2016-17"]')
    tiny.tables["register.csv"] = [
        school(900100 + n, 2100 + n, f"School {n}") for n in range(N_SCHOOLS)
    ]
    tiny.tables["enrolments.csv"] = [
        {"programme": "gap", "urn": 900100 + n, "start_date": start} for n in range(N_MEMBERS)
    ]
    with tiny.released() as con:
        (row,) = (
            con.execute(
                "SELECT * FROM released.impact WHERE role = 'headline' AND programme = 'gap'"
            )
            .df()
            .to_dict("records")
        )
        counts = con.execute(
            "SELECT reason, n_schools FROM released.school_count WHERE programme = 'gap'"
        ).fetchall()
    return row, dict(counts)


def test_both_sides_with_a_year_before_have_an_estimate(tmp_path):
    row, reasons = released(tmp_path, start="2016-11-07", missing={})
    # Last year's tests were during the programme, so both sides use the year before.
    assert reasons == {"compared": N_MEMBERS}
    assert pd.notna(row["estimate_low"])


def test_sides_without_a_common_year_have_no_estimate_and_a_reason(tmp_path):
    others = range(N_MEMBERS, N_SCHOOLS)
    row, reasons = released(tmp_path, start="2016-11-07", missing={"2015-16": others})
    assert reasons == {"no_common_year": N_MEMBERS}
    assert row["verdict"] == "cannot_tell"
    assert pd.isna(row["estimate_low"])
    assert "no earlier year in which both sides have results" in row["verdict_reason"]
