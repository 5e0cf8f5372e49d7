"""Real files about authorities: the interactive tool's and one from explore education statistics.

Expected figures of Portsmouth and England are from the note beside the files, read by hand.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines.catalogue import LA_CONTEXT
from pipelines.ingest.context_mapping import context_measures
from pipelines.ingest.context_years import spelled_year
from pipelines.ingest.readers import ingest_table
from pipelines.protocol.study_file import load_study
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from pipelines.validation.suites import validate
from tests.real.test_published_tables import PROTOCOL
from tests.unit.validation.planted import empty_store

LAIT = "lait_bds_long_subset.csv.gz"
EES = "201819_LA_characteristics_data_including_sen_description.csv.gz"
# Summers 2016 to 2019: Portsmouth, then England; percent or points.
TOOL = {
    ("ks2_rwm_expected", "all"): ((48, 57, 56, 58), (54, 62, 65, 65)),
    ("ks2_rwm_expected", "disadvantaged"): ((36, 45, 43, 48), (39, 48, 51, 51)),
    ("ks2_rwm_expected", "not_disadvantaged"): ((57, 64, 66, 64), (61, 68, 71, 72)),
    ("ks2_rwm_expected", "sen_support"): ((8, 15, 12, 16), (16, 21, 24, 25)),
    ("ks2_rwm_expected", "ehc_plan"): ((None, 8, 5, 13), (7, 8, 9, 9)),
    ("ks2_rwm_expected", "no_sen"): ((55, 65, 67, 67), (62, 71, 74, 75)),
    ("ks2_reading_progress", "sen_support"): ((None, -2.6, -2.9, -4.11), (None, -1.2, -1.0, -1.01)),
    ("ks4_attainment8", "disadvantaged"): ((40.0, 34.8, 30.5, 31.5), (41.2, 37.1, 36.8, 36.7)),
    ("ks4_attainment8", "sen_support"): ((30.3, 27.8, 24.5, 26.7), (36.2, 31.9, 32.2, 32.6)),
    ("ks4_progress8", "sen_support"): ((-0.97, -0.58, -1.03, -1.01), (-0.38, -0.43, -0.43, -0.43)),
}
YEARS = ("2015-16", "2016-17", "2017-18", "2018-19")


@pytest.fixture(scope="module")
def both(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Both files in one table, with all checks passed."""
    folder = tmp_path_factory.mktemp("context") / "real"
    folder.mkdir()
    sources = "".join(
        f'[[source]]\nkind = "la_context"\nfile = "{file}"\nstatus = "final"\n'
        for file in (LAIT, EES)
    )
    measures = ("ks2_rwm_expected", "ks2_reading_progress", "ks4_attainment8", "ks4_progress8")
    (folder / "study.toml").write_text(
        PROTOCOL.format(
            outcome="2018-19",
            baselines='["2015-16", "2016-17", "2017-18"]',
            root=real_data / "converted",
            group="sen_support",
            measures="\n".join(
                f'  [[programme.measure]]\n  name = "{name}"\n' for name in measures
            ),
            sources=sources,
        ),
        encoding="utf-8",
    )
    study = load_study(folder)
    with closing(empty_store()) as con:
        ingest_table(con, study, LA_CONTEXT)
        broken = validate(con, tuple(rules_of(LA_CONTEXT, is_expected=True))).broken
        assert [f.for_analyst() for rule in broken for f in faults_of(con, study, rule)] == []
        yield con


@contextmanager
def lines_of(path: Path) -> Iterator[csv.DictReader[str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    yield csv.DictReader(io.StringIO(text, newline=""))


def test_portsmouth_and_england_by_group_and_year(both: duckdb.DuckDBPyConnection) -> None:
    found = {
        (measure, group, area, year): (value, status)
        for measure, group, area, year, value, status in both.execute(
            "SELECT measure, pupil_group, area_name, academic_year, value, value_status FROM raw.la_context "
            f"WHERE source_id = '{LAIT}' AND (la_code = 851 OR area_level = 'nation')"
        ).fetchall()
    }
    for (measure, group), sides in TOOL.items():
        unit = 100 if measure.endswith("expected") else 1
        for area, figures in zip(("Portsmouth", "England"), sides, strict=True):
            for year, figure in zip(YEARS, figures, strict=True):
                value, status = found.get((measure, group, area, year), (None, "unavailable"))
                expected = None if figure is None else pytest.approx(figure / unit)
                assert value == expected, (measure, group, area, year)
                assert (status == "value") == (figure is not None)


def test_noise_is_gone_and_a_dash_is_no_nought(both: duckdb.DuckDBPyConnection) -> None:
    assert both.execute(
        "SELECT raw_text, value FROM raw.la_context "
        f"WHERE source_id = '{LAIT}' AND la_code = 851 AND measure = 'ks4_attainment8' "
        "AND pupil_group = 'disadvantaged' AND academic_year = '2016-17'"
    ).fetchall() == [("34.799999999999997", 34.8)]
    assert both.execute(
        "SELECT DISTINCT value_status, value FROM raw.la_context WHERE raw_text = '-'"
    ).fetchall() == [("unavailable", None)]
    # Scientific notation such as -7.0000000000000007E-2.
    assert both.execute(
        "SELECT DISTINCT value FROM raw.la_context WHERE raw_text = '-7.0000000000000007E-2'"
    ).fetchall() == [(-0.07,)]


def test_every_row_of_the_tool_is_kept_or_set_aside(
    both: duckdb.DuckDBPyConnection, real_data: Path
) -> None:
    names = {measure.name for measure in context_measures("lait")}
    with lines_of(real_data / "converted" / LAIT) as lines:
        rows = [(row["Short Desc"], row["Years"], row["Region"]) for row in lines]
    ours = [row for row in rows if row[0] in names]
    assert names == {name for name, *_ in ours}
    (counts,) = both.execute(
        "SELECT n_rows_in, n_rows_kept, n_rows_set_aside FROM raw.source WHERE source_id = ?",
        [LAIT],
    ).fetchall()
    assert counts == (len(rows), len(ours), len(rows) - len(ours))
    assert counts[0] == 113_130


def test_every_spelling_of_a_year_is_known(real_data: Path) -> None:
    """In the whole published file, for every authority."""
    whole = real_data / "lait" / "bds_long_0.parquet"
    with closing(duckdb.connect()) as con:
        found = con.execute('SELECT DISTINCT "Years" FROM read_parquet(?)', [str(whole)]).fetchall()
    spellings = {year for (year,) in found}
    assert len(spellings) == 65
    assert [text for text in spellings if not spelled_year(text).is_known] == []
    years = {text: spelled_year(text) for text in spellings}
    assert years["2018 (Rev)"].academic_year == "2017-18"
    assert years["2018 (Rev)"].release_status == "revised"
    assert years["2025 (prov)"].release_status == "provisional"
    assert years["2016/17"].academic_year == years["2017"].academic_year == "2016-17"
    assert years["0"].academic_year is years["2014-16"].academic_year is None
    assert years["2013/14-15/16"].academic_year is None


def test_the_long_file_says_of_which_pupils_a_row_is(both: duckdb.DuckDBPyConnection) -> None:
    portsmouth = both.execute(
        "SELECT pupil_group, measure, raw_text FROM raw.la_context "
        f"WHERE source_id = '{EES}' AND la_code = 851 AND release_status = 'revised' ORDER BY ALL"
    ).fetchall()
    found = {(group, measure): text for group, measure, text in portsmouth}
    assert len(found) == len(portsmouth) == 6 * 4
    assert found["all", "ks4_attainment8"] == "40.8"
    assert found["all", "ks4_progress8"] == "-0.42"
    assert found["all", "ks4_basics_94"] == "56"
    assert found["all", "ks4_basics_95"] == "35"
    assert found["sen_support", "ks4_attainment8"] == "26.7"
    assert found["sen_support", "ks4_progress8"] == "-1.01"
    assert found["no_sen", "ks4_attainment8"] == "45.2"
    assert found["ehc_plan", "ks4_attainment8"] == "11.2"
    assert found["disadvantaged", "ks4_attainment8"] == "31.5"
    assert found["not_disadvantaged", "ks4_attainment8"] == "45.8"
    aside = dict(
        both.execute(
            "SELECT reason, n_rows FROM raw.set_aside WHERE source_id = ?", [EES]
        ).fetchall()
    )
    (counts,) = both.execute(
        "SELECT n_rows_in, n_rows_kept FROM raw.source WHERE source_id = ?", [EES]
    ).fetchall()
    assert set(aside) == {"another group of pupils than this project's"}
    assert counts[0] == 8209 == counts[1] + sum(aside.values())


def test_where_both_files_hold_a_figure_they_agree(both: duckdb.DuckDBPyConnection) -> None:
    """The tool and the release behind it: no Portsmouth figure was restated."""
    n, differing = both.execute(
        "SELECT count(*), count(*) FILTER (abs(tool.value - long.value) > 1e-9) FROM raw.la_context AS tool "
        "JOIN raw.la_context AS long USING (la_code, academic_year, pupil_group, measure) "
        f"WHERE tool.source_id = '{LAIT}' AND long.source_id = '{EES}' AND la_code = 851"
    ).fetchall()[0]
    assert (n, differing) == (12, 0)
