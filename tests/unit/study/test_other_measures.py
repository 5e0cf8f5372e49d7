"""Other outcomes, from files to the page: attendance, phonics, KS4 subjects, a study's own.

Each study is invented, with an effect planted in school tables; none needs new code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipelines.board.terminal import headline_words
from pipelines.catalogue import MART_TABLES, PUBLISHED_OUTCOME
from pipelines.charts import gallery
from pipelines.document import html
from pipelines.document.blocks import blocks_of
from pipelines.released import reading
from pipelines.released.citations import released_rows
from pipelines.validation.checks import check_table
from pipelines.validation.relations import RELATIONS, faults_of_relation
from tests.packs import DOCUMENTS, words_of
from tests.tiny_study import Row, TinyStudy, school

N_SCHOOLS, N_MEMBERS = 44, 16
YEARS = ("2015-16", "2016-17", "2017-18")
SUSPENSIONS = """
[[measure]]
name = "suspensions"
label = "Suspensions for each pupil"
unit = "points"
key_stage = "attendance"
higher_is_better = false
decimals = 2
low = 0
high = 5
"""


def study_of(
    parent: Path, measure: str, kind: str, about: str, rows: dict[str, list[Row]], *, group: str
) -> TinyStudy:
    """One programme of sixteen local schools, judged on one measure from tables of a kind."""
    tiny = TinyStudy(parent)
    for name in ("ks2_2017.csv", "ks2_2018.csv", "ks4_2018.csv", "links.csv"):
        tiny.drop(name)
    first = tiny.protocol.index("[[programme]]")
    tiny.protocol = (
        tiny.protocol[:first].replace('["2016-17"]', '["2015-16", "2016-17"]')
        + f'[[programme]]\nid = "help"\ntitle = "Helping hand"\nfund = "SSIF"\nstarts = 2017-09-04\n'
        f'target_group = "{group}"\n  [[programme.measure]]\n  name = "{measure}"\n  primary = true\n'
        "  smallest_effect = 0.001\n"
    )
    tiny.tables["register.csv"] = [
        school(920000 + n, 2100 + n, f"School {n}") for n in range(N_SCHOOLS)
    ]
    tiny.tables["enrolments.csv"] = [
        {"programme": "help", "urn": 920000 + n, "start_date": ""} for n in range(N_MEMBERS)
    ]
    for year in YEARS:
        dated = f'kind = "{kind}"\nacademic_year = "{year}"\nstatus = "final"\n{about}'
        tiny.add(f"{kind}_{year}.csv", dated, rows[year])
    return tiny


def levels(
    mean: float, between: float, noise: float, effect: float
) -> Iterator[tuple[str, int, float]]:
    """Year, school and level: lasting differences, noise, and an effect on members in the last year."""
    rng = np.random.default_rng(7)
    lasting = rng.normal(mean, between, N_SCHOOLS)
    for year in YEARS:
        for n in range(N_SCHOOLS):
            given = effect if year == YEARS[-1] and n < N_MEMBERS else 0.0
            yield year, n, float(lasting[n] + rng.normal(0, noise) + given)


def absence(parent: Path, effect: float) -> TinyStudy:
    """The Department's absence table, with pupils counted by the school census."""
    rows: dict[str, list[Row]] = {year: [] for year in YEARS}
    for year, n, level in levels(5.0, 0.8, 0.25, effect):
        rows[year].append(
            {
                **{"LA": 799, "ESTAB": 2100 + n, "URN": 920000 + n},
                **{"PERCTOT": f"{max(level, 0.5):.1f}", "PPERSABS10": "10.1"},
            }
        )
    for year in YEARS:
        rows[year].append(
            {"LA": "NAT", "ESTAB": "PRI", "URN": "", "PERCTOT": "4", "PPERSABS10": "8.2"}
        )
    tiny = study_of(parent, "attendance_absence", "attendance_schools", "", rows, group="all")
    counted = [
        {"URN": 920000 + n, "LA": 799, "NOR": 180 + 3 * n, "TSENELK": 20, "TSENELSE": 4}
        | {"NUMFSMEVER": 40}
        for n in range(N_SCHOOLS)
    ]
    tiny.add("census.csv", 'kind = "school_census"\nacademic_year = "2017-18"', counted)
    return tiny


def suspensions(parent: Path, effect: float = -0.3) -> TinyStudy:
    """A table with the authority's own headings, and a measure of the study's own."""
    rows: dict[str, list[Row]] = {year: [] for year in YEARS}
    for year, n, level in levels(0.9, 0.2, 0.07, effect):
        rows[year].append(
            {
                **{"School": 920000 + n, "DfE": 799, "No": 2100 + n, "Name": f"School {n}"},
                **{"Roll": 200, "Susp per pupil": f"{max(level, 0):.2f}"},
                **{"FSM roll": 40, "FSM susp": f"{max(level + 0.2, 0):.2f}"},
            }
        )
    columns = (
        'columns = { "School" = "URN", "DfE" = "LEA", "No" = "ESTAB", "Name" = "SCHNAME", '
        '"Roll" = "n_pupils", "Susp per pupil" = "suspensions", '
        '"FSM roll" = "n_pupils/disadvantaged", "FSM susp" = "suspensions/disadvantaged" }'
    )
    tiny = study_of(
        parent, "suspensions", "attendance_schools", columns, rows, group="disadvantaged"
    )
    tiny.protocol += SUSPENSIONS
    return tiny


def phonics(parent: Path) -> TinyStudy:
    """An authority's own table of the phonics check."""
    rows: dict[str, list[Row]] = {year: [] for year in YEARS}
    for year, n, level in levels(0.75, 0.07, 0.02, 0.15):
        n_met = round(60 * min(max(level, 0), 1))
        rows[year].append(
            {
                **{"LEA": 799, "ESTAB": 2100 + n, "URN": 920000 + n, "SCHNAME": f"School {n}"},
                **{"Y1": 60, "% working at": f"{100 * n_met / 60:.1f}%"},
            }
        )
    columns = 'columns = { "Y1" = "n_pupils", "% working at" = "phonics_expected" }'
    return study_of(parent, "phonics_expected", "phonics_schools", columns, rows, group="all")


def ks4_maths(parent: Path) -> TinyStudy:
    """The Department's Key Stage 4 tables, maths alone."""
    rows: dict[str, list[Row]] = {year: [] for year in YEARS}
    for year, n, level in levels(8.0, 0.8, 0.3, 2.0):
        rows[year].append(
            {
                **{"RECTYPE": 1, "LEA": 799, "ESTAB": 2100 + n, "URN": 920000 + n},
                **{"SCHNAME": f"School {n}", "NFTYPE": "CY", "TPUP": 150, "TFSM6CLA1A": 40},
                **{"ATT8SCRMAT": f"{level + 1:.1f}", "ATT8SCRMAT_FSM6CLA1A": f"{level:.1f}"},
            }
        )
    group = "disadvantaged"
    return study_of(parent, "ks4_maths_attainment8", "ks4_schools", "", rows, group=group)


def headline(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    (row,) = (
        con.execute("SELECT * FROM released.impact WHERE role = 'headline'").df().to_dict("records")
    )
    return {str(name): value for name, value in row.items()}


@contextmanager
def checked(tiny: TinyStudy) -> Iterator[duckdb.DuckDBPyConnection]:
    """The study from files to released tables, with all checks passed."""
    study = tiny.write()
    with tiny.released() as con:
        for table in (PUBLISHED_OUTCOME, *MART_TABLES):
            assert check_table(con, study, table).faults == ()
        for relation in RELATIONS:
            if relation.table is PUBLISHED_OUTCOME:
                assert list(faults_of_relation(con, relation)) == []
        yield con


def said(con: duckdb.DuckDBPyConnection) -> str:
    """All text of terminal, documents and charts, one text on each line."""
    tables = reading.read_tables(con)
    charts = gallery.draw_all(tables)
    documents = [made(tables, charts) for made in DOCUMENTS.values()]
    assert all("Helping hand" in html.render(document) for document in documents)
    sentences = [
        *headline_words(released_rows(tables)),
        *(words_of(block) for document in documents for block in blocks_of(document)),
        *(chart.title for chart in charts),
        *(chart.alt_text for chart in charts),
    ]
    return "\n".join(sentences)


def test_a_programme_that_lowers_absence_is_better(tmp_path):
    with checked(absence(tmp_path, -1.5)) as con:
        row = headline(con)
        assert row["verdict"] == "better"
        assert row["ci_low"] < -0.015 < row["ci_high"] < 0
        # 16 schools of 180 to 225 pupils: 3,240, shown as 3,243.
        assert sum(180 + 3 * n for n in range(N_MEMBERS)) == 3240
        assert row["n_programme_pupils"] == 3243
        words = said(con)
    assert "absence rate of all pupils (Attendance, final): better than the comparison" in words
    assert "absence rate in schools in the programme went down by" in words
    assert "It looks like a gain." in words
    assert "Lower is better here." in words
    assert "16 schools have attendance figures that can be compared" in words.replace("All ", "")
    assert "−1." in words


def test_one_that_raises_absence_is_worse(tmp_path):
    with checked(absence(tmp_path, 1.5)) as con:
        assert headline(con)["verdict"] == "worse"
        words = said(con)
    assert "It looks like a loss." in words


def test_a_rate_is_not_shown_as_a_count_of_pupils(tmp_path):
    with checked(absence(tmp_path, -1.5)) as con:
        told = con.execute(
            "SELECT mean FROM released.comparison WHERE arm = 'rest' AND academic_year = '2017-18' "
            "AND programme = 'help'"
        ).fetchall()
        exact = con.execute(
            "SELECT mean FROM impact.comparison WHERE arm = 'rest' AND academic_year = '2017-18' "
            "AND programme = 'help'"
        ).fetchall()
        assert told == [(pytest.approx(round(exact[0][0], 3), abs=1e-9),)]
        nation = con.execute(
            "SELECT DISTINCT level, la_code FROM raw.published_outcome WHERE urn IS NULL"
        ).fetchall()
    assert nation == [("nation", None)]


def test_a_school_s_own_rate_is_not_shown_as_a_count_of_pupils(tmp_path):
    tiny = absence(tmp_path, -1.5)
    told = {"programme": "help", "urn": 920003, "consent": "yes", "context": "A school."}
    tiny.add(
        "case_studies.csv",
        'kind = "case_studies"',
        [{**told, "support_received": "Coaching.", "statement": "We plan together."}],
    )
    with checked(tiny) as con:
        own = con.execute(
            "SELECT result.n_meeting, result.mean = cell.mean FROM impact.case_study_result AS result "
            "JOIN mart.cell AS cell USING (school_id, measure, academic_year, pupil_group)"
        ).fetchall()
        sd = con.execute(
            "SELECT standardised_difference FROM impact.balance WHERE characteristic = "
            "'target_pupils_before'"
        ).fetchall()
    assert own == [(None, True)] * len(YEARS)
    # Rates of sessions do not vary like shares of pupils, so their variance is unknown.
    assert sd == [(None,)]


def test_without_the_census_absence_needs_its_own_count(tmp_path):
    tiny = absence(tmp_path, -1.5)
    tiny.drop("census.csv")
    with pytest.raises(Exception, match="n_pupils"), tiny.released():
        pass


def test_a_measure_of_the_studys_own_reaches_the_page_without_code(tmp_path):
    with checked(suspensions(tmp_path)) as con:
        row = headline(con)
        assert (row["verdict"], row["unit"]) == ("better", "points")
        # 16 schools of 40: 640; 636 to 641 are shown as 639.
        assert (row["n_programme_pupils"], N_MEMBERS) == (639, 16)
        (declared,) = con.execute("SELECT * FROM released.measure").df().to_dict("records")
        assert (declared["measure"], declared["label"], declared["decimals"]) == (
            *("suspensions", "Suspensions for each pupil"),
            2,
        )
        assert not declared["higher_is_better"]
        words = said(con)
    assert "suspensions for each pupil of disadvantaged pupils (Attendance, final): better" in words
    # Two decimals, as declared.
    assert "between −0.3" in words.lower()


def test_a_value_off_the_scale_of_the_studys_own_measure_is_a_fault(tmp_path):
    tiny = suspensions(tmp_path)
    tiny.tables["attendance_schools_2017-18.csv"][4]["Susp per pupil"] = "7.5"
    with tiny.marts() as con:
        faults = [
            fault
            for relation in RELATIONS
            if relation.rule.name == "value_is_on_scale"
            for fault in faults_of_relation(con, relation)
        ]
    (fault,) = faults
    assert (fault.row, fault.column, fault.found) == (6, "Susp per pupil", "7.5")
    assert fault.expected == "0 to 5"


def test_phonics_of_an_authoritys_own_table_reaches_the_page(tmp_path):
    with checked(phonics(tmp_path)) as con:
        assert headline(con)["verdict"] == "better"
        words = said(con)
    assert "(Phonics screening check, final): better than the comparison schools" in words


def test_maths_alone_is_read_from_the_departments_own_headings(tmp_path):
    with checked(ks4_maths(tmp_path)) as con:
        assert headline(con)["verdict"] == "better"
        words = said(con)
    assert "Attainment 8 in maths of disadvantaged pupils (Key Stage 4, final): better" in words
    assert "Lower is better" not in words
