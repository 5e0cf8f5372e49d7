"""Changes between two releases: size, whether rounding explains them, and changed verdicts."""

from __future__ import annotations

import datetime as dt

import duckdb
import pandas as pd
import pytest

from pipelines.disclosure import gate
from pipelines.disclosure.published_verdict import PublishedVerdict, last_published_verdicts
from pipelines.errors.fault import StudyError
from pipelines.released import making
from tests.disclosure.invented import SHARE, Invented, cell
from tests.tiny_study import TinyStudy, ks2_pupil, published_ks2, published_study

REVISED = 'kind = "ks2_pupils"\nacademic_year = "2017-18"\nstatus = "revised"'
SELECT = (
    "SELECT level, n_pupils_before, n_pupils_after, n_pupils_difference, before, after, difference, "
    "is_rounding FROM released.revisions WHERE measure = 'ks2_rwm_expected' AND pupil_group = "
    "'disadvantaged' AND academic_year = '2017-18' ORDER BY level"
)


def pupils(
    urn: int, estab: int, n: int, n_meeting: int, letter: str = "A"
) -> list[dict[str, object]]:
    return [
        ks2_pupil(urn, estab, f"{letter}{i:03}", FSM6_P=1, RWMEXP=int(i < n_meeting))
        for i in range(n)
    ]


def two_releases(tmp_path, before, after, rest_before=(80, 40), rest_after=(80, 40)) -> TinyStudy:
    """Pupils and how many met the standard in a programme school and another, in two releases."""
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks2_2018.csv"] = pupils(900011, 2001, *before) + pupils(
        900002, 2002, *rest_before, "B"
    )
    tiny.add(
        "revised.csv",
        REVISED,
        pupils(900011, 2001, *after) + pupils(900002, 2002, *rest_after, "B"),
    )
    return tiny


def rows(tiny: TinyStudy, select: str = SELECT) -> list[tuple]:
    return tiny.rows(select)


def city(moved: dict[int, tuple[int, int]], n: int = 20) -> Invented:
    """Twelve schools, six in the programme, each with `n` disadvantaged pupils, half of whom met it.

    `moved` gives pupils and how many met it in the later release, by school number.
    """
    ids = [7990000 + number for number in range(12)]
    cells = [
        cell(school, year, group, SHARE, n, mean=0.5, status=in_release)
        for school in ids
        for year, in_release in (("2016-17", "final"), ("2017-18", "provisional"))
        for group in ("disadvantaged", "not_disadvantaged")
    ]
    for number, school in enumerate(ids):
        n_later, n_meeting = moved.get(number, (n, n // 2))
        later = (("disadvantaged", n_later, n_meeting), ("not_disadvantaged", n, n // 2))
        cells += [
            cell(school, "2017-18", group, SHARE, pupils, mean=met / pupils, status="revised")
            for group, pupils, met in later
            if pupils
        ]
    members = [{"programme": "more", "school_id": school} for school in ids[:6]]
    schools = [{"school_id": school, "is_special": False} for school in ids]
    return Invented(["more"], pd.DataFrame(members), pd.DataFrame(schools), pd.DataFrame(cells))


def revised(study: Invented) -> dict[str, tuple]:
    with study.store() as con:
        making.release(con)
        assert gate.count_small(con, "revisions") == 0
        assert gate.count_unrounded(con, "revisions") == 0
        return {level: tuple(figures) for level, *figures in con.execute(SELECT).fetchall()}


def test_changes_are_rounded_and_every_level_is_there():
    """One more pupil, six more who met it: 120 and 121 pupils are shown as 123, 60 and 66 as 63 and 69.

    The authority has 243, with 123 and 129 who met it; the others are the difference.
    """
    found = revised(city({0: (21, 14), 1: (20, 12)}))
    assert found == {
        "authority": (243, 243, 0, 0.51, 0.53, 0.02, False),
        "programme": (123, 123, 0, 0.51, 0.56, 0.05, False),
        "rest": (120, 120, 0, 0.5, 0.5, 0.0, False),
    }


def test_one_more_pupil_makes_no_difference():
    """61 of 121 met it after 60 of 120: the new pupil met it."""
    assert revised(city({0: (21, 11)})) == revised(city({}))


def test_a_figure_suppressed_in_one_release_is_suppressed_in_both():
    """In the later release only five of eleven met it, which is too few, though it was half of 24 before."""
    found = revised(city(dict.fromkeys(range(6), (2, 1)) | {0: (1, 0)}, n=4))
    assert found["programme"] == (None,) * 7
    # Both sides are suppressed together.
    assert found["rest"] == (None,) * 7


def test_leaving_a_school_out_of_one_release_is_not_a_revision():
    """It had 20 pupils and now five, so the totals would cover six schools and then five."""
    found = revised(city({0: (5, 2)}))
    assert found["programme"] == found["authority"] == (None,) * 7


def test_a_small_group_is_withheld():
    found = revised(city({number: (1, number % 2) for number in range(5)} | {5: (0, 0)}, n=4))
    assert found["programme"] == (None,) * 7


def test_the_release_that_is_marked_is_used_and_both_are_kept(tmp_path):
    tiny = two_releases(tmp_path, (120, 60), (121, 64))
    select = (
        "SELECT DISTINCT release_status FROM released.comparison WHERE academic_year = '2017-18' "
        "AND measure = 'ks2_rwm_expected'"
    )
    assert rows(tiny, select) == [("revised",)]
    tiny.sources["ks2_2018.csv"] += "\nused = true"
    with tiny.released(select, SELECT, "released.source") as con:
        assert con.execute(select).fetchall() == [("provisional",)]
        assert len(con.execute(SELECT).fetchall()) == 3
        assert con.execute(
            "SELECT release_status, is_used FROM released.source WHERE kind = 'ks2_pupils' "
            "AND academic_year = '2017-18'"
        ).fetchall() == [("provisional", True), ("revised", False)]
        assert con.execute(
            "SELECT DISTINCT release_status FROM mart.cell WHERE academic_year = '2017-18' "
            "AND key_stage = 'ks2' ORDER BY ALL"
        ).fetchall() == [("provisional",), ("revised",)]


@pytest.mark.parametrize(
    ("later", "is_rounding", "difference"), [("51%", True, 0.0), ("52%", False, 0.01)]
)
def test_a_decimal_lost_is_no_revision(tmp_path, later, is_rounding, difference):
    def school(share: str) -> list[dict[str, object]]:
        return [
            published_ks2(
                900004, 2004, "Dogwood", TFSM6CLA1A=160, TELIG=200, PTRWM_EXP_FSM6CLA1A=share
            )
        ]

    tiny = published_study(tmp_path, {"2016-17": school("50.0%"), "2017-18": school("51.3%")})
    about = 'kind = "ks2_schools"\nacademic_year = "2017-18"\nstatus = "{}"'
    tiny.sources["tables_2017-18.csv"] = about.format("provisional")
    tiny.add("final.csv", about.format("final"), school(later))
    (programme,) = [row for row in rows(tiny) if row[0] == "programme"]
    assert programme[-2:] == (difference, is_rounding)
    assert programme[1:3] == (160, 160)


# ------------------------------------------------------------------------------------------ verdicts


def test_the_current_verdicts_are_compared_with_the_last_published_ones(tmp_path):
    tiny = TinyStudy(tmp_path)
    select = (
        "SELECT compared_with, published_on, from_status, verdict_before, verdict_after, is_changed "
        "FROM released.verdict_change"
    )
    with tiny.released() as con:
        shown = con.execute(
            "SELECT programme, measure, pupil_group, academic_year, release_status "
            "FROM released.impact WHERE role = 'headline' AND verdict IS NOT NULL "
            "AND n_programme_pupils IS NOT NULL AND n_comparison_pupils IS NOT NULL"
        ).fetchall()
        con.execute("UPDATE impact.estimate SET n_programme_pupils = 0, n_comparison_pupils = 0")
        before = [
            PublishedVerdict(dt.date(2018, 10, 2), *row[:4], "school_return", "better")
            for row in shown
        ]
        making.release(con, before)
        found = con.execute(select).fetchall()
    assert len(found) == len(before)
    for row in found:
        assert row == (
            "last_publication", dt.date(2018, 10, 2), "school_return", "better", "cannot_tell", True,
        )  # fmt: skip


def test_without_a_publication_there_is_no_comparison(tmp_path):
    assert last_published_verdicts(tmp_path) == ()


# Records of a shown and a withheld row, in the current and two earlier formats.
RECORDS = {
    "figure_status": ("'shown' AS figure_status", "'suppressed' AS figure_status"),
    "suppressed": ("false AS suppressed", "true AS suppressed"),
    "counts": ("20 AS n_programme_pupils", "NULL AS n_programme_pupils"),
}


@pytest.mark.parametrize(("shown", "withheld"), RECORDS.values(), ids=RECORDS)
def test_the_latest_record_counts_and_one_that_cannot_be_read_is_named(tmp_path, shown, withheld):
    for day, verdict in (("2018-10-02", "cannot_tell"), ("2019-02-05", "better")):
        folder = tmp_path / "releases" / day / "released"
        folder.mkdir(parents=True)
        with duckdb.connect() as con:
            con.execute(
                "CREATE TABLE impact AS SELECT 'send' AS programme, 'ks2_rwm_expected' AS measure, "
                "'sen_support' AS pupil_group, '2017-18' AS academic_year, 'revised' AS release_status, "
                f"'{verdict}' AS verdict, 'headline' AS role, 30 AS n_comparison_pupils, {shown} "
                "UNION ALL BY NAME SELECT 'gap' AS programme, 'ks2_rwm_expected' AS measure, "
                f"'cannot_tell' AS verdict, 'headline' AS role, 30 AS n_comparison_pupils, {withheld}"
            )
            con.execute(f"COPY impact TO '{folder / 'impact.parquet'}' (FORMAT parquet)")
    (found,) = last_published_verdicts(tmp_path)
    assert found == PublishedVerdict(
        dt.date(2019, 2, 5),
        "send",
        "ks2_rwm_expected",
        "sen_support",
        "2017-18",
        "revised",
        "better",
    )
    (folder / "impact.parquet").write_bytes(b"broken")
    with pytest.raises(StudyError, match="cannot be read"):
        last_published_verdicts(tmp_path)
