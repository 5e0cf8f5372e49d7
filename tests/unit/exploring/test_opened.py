"""A finished run is opened read-only; what is not there is told in words, with what to do."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import pipelines
from pipelines.catalogue import IMPACT_TABLES, MART_TABLES, RELEASED_TABLES
from pipelines.charts import gallery
from pipelines.charts.chart import Chart
from pipelines.errors.fault import StudyError
from pipelines.exploring.opened import NotThereError
from pipelines.freshness.made import MadeParts
from pipelines.freshness.parts import PARTS, Part
from pipelines.publishing import runs as publishing
from pipelines.released.reading import read_published
from pipelines.store import store
from pipelines.study.paths import PROJECT
from tests.needed_tables import make_all
from tests.tiny_study import TinyStudy

CHART = Chart(
    name="gap",
    title="The gap <narrowed>",
    alt_text='It "narrowed"',
    caption="Invented & small",
    data=pd.DataFrame({"Year": ["2017-18"], "Gap": ["3"]}),
    svg=b"<svg/>",
    png=b"\x89PNG",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> TinyStudy:
    """A tiny study with a finished run, which no test changes."""
    tiny = TinyStudy(tmp_path_factory.mktemp("tiny"))
    with store.connect(tiny.paths) as con:
        study = tiny.write()
        make_all(con, study)
        gallery.write(CHART, tiny.paths.charts)
        tiny.paths.board.mkdir()
        (tiny.paths.board / "index.html").write_text("<html/>")
        charts = Part("charts", ("pipelines.charts",), writes_files=("charts/gap.*",))
        board = Part("board", ("pipelines.board",), writes_files=("board/index.html",))
        parts = [PARTS["protocol"], PARTS["released"], charts, board]
        for part in parts:
            MadeParts(con, tiny.paths).note(study, part)
        publishing.publish(con, study, tiny.paths, parts=parts, n_checks=1)
    return tiny


@pytest.fixture
def opened(tiny):
    with pipelines.open_study("tiny", data_marts=tiny.paths.marts) as study:
        yield study


@pytest.fixture
def restricted(tiny):
    with pipelines.open_study("tiny", restricted=True, data_marts=tiny.paths.marts) as study:
        yield study


def said(raised: pytest.ExceptionInfo[BaseException]) -> str:
    return " ".join(str(raised.value).split())


def test_every_released_table_is_there_as_it_was_published(tiny, opened):
    published = read_published(tiny.paths.current / "released.duckdb")
    assert list(opened.tables) == list(published)
    for name, frame in opened.tables.items():
        pd.testing.assert_frame_equal(frame, published[name])
    counted = opened.contents().set_index("table")["n_rows"]
    assert dict(counted) == {name: len(frame) for name, frame in published.items()}


def test_frames_and_columns_carry_meaning_units_and_codes(restricted):
    for table in (*RELEASED_TABLES, *MART_TABLES, *IMPACT_TABLES):
        name = table.name if table.schema == "released" else table.full_name
        about = restricted.tables[name].attrs
        assert about["a_row_is"] == table.grain
        assert about["key"] == list(table.key)
        for column in table.columns:
            told = about["columns"][column.name]
            assert told["meaning"] == column.about
            assert told.get("unit") == column.unit
            assert told.get("allowed", []) == list(column.allowed)
        listed = restricted.columns(name)
        assert list(listed["column"]) == list(restricted.tables[name].columns)
        assert list(listed[listed["is_key"]]["column"]) == [
            column.name for column in table.columns if column.name in table.key
        ]


def test_a_frame_can_be_written_with_what_it_carries(opened, tmp_path):
    opened.tables["impact"].to_parquet(tmp_path / "impact.parquet")
    again = pd.read_parquet(tmp_path / "impact.parquet")
    assert again.attrs == opened.tables["impact"].attrs


def test_restricted_tables_are_there_only_when_asked_for(opened, restricted):
    with pytest.raises(NotThereError) as raised:
        opened.tables["mart.cell"]
    assert 'open_study("tiny", restricted=True)' in said(raised)
    assert "mart.cell" not in opened.tables
    assert "mart.cell" not in repr(opened)
    with pytest.raises(duckdb.CatalogException):
        opened.sql("FROM mart.cell")
    cells = restricted.tables["mart.cell"]
    assert len(cells) == len(restricted.sql("FROM mart.cell")) > 0
    assert set(restricted.tables) - set(opened.tables) == {
        table.full_name for table in (*MART_TABLES, *IMPACT_TABLES)
    }


def test_schools_are_named_with_their_urn_for_officers(opened, restricted):
    outcome = restricted.tables["mart.outcome"]
    named = restricted.with_names(outcome)
    assert len(named) == len(outcome)
    assert list(named.columns[:3]) == ["school_id", "school_name", "urn"]
    school = restricted.tables["mart.school"].set_index("school_id")
    for row in named.itertuples():
        assert row.school_name == school.loc[row.school_id, "school_name"]
        assert row.urn == school.loc[row.school_id, "urn"]
    with pytest.raises(NotThereError):
        opened.with_names(outcome)


def test_sql_takes_values_and_changes_nothing(tiny, restricted):
    files = [tiny.paths.current / "released.duckdb", tiny.paths.restricted_current.resolve()]
    files[1] /= "restricted.duckdb"
    before = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    programme = restricted.tables["programme"]["programme"].iloc[0]
    asked = "SELECT programme FROM released.programme WHERE programme = $one"
    assert restricted.sql(asked, one=programme)["programme"].tolist() == [programme]
    for change in ("DELETE FROM released.impact", "DELETE FROM restricted.mart.cell"):
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            restricted.sql(change)
    frame = restricted.tables["impact"]
    frame["verdict"] = "better"
    assert not restricted.tables["impact"].equals(frame)
    assert [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] == before


def test_a_chart_is_found_by_its_name_and_shown_with_its_words(opened):
    assert list(opened.charts) == ["gap"]
    chart = opened.charts["gap"]
    assert chart.data.equals(CHART.data)
    assert (chart.name, chart.title, chart.svg, chart.png) == (
        "gap",
        CHART.title,
        CHART.svg,
        CHART.png,
    )
    shown = chart._repr_html_()
    assert "<strong>The gap &lt;narrowed&gt;</strong>" in shown
    assert 'alt="It &quot;narrowed&quot;"' in shown
    assert "Invented &amp; small" in shown
    with pytest.raises(NotThereError) as raised:
        opened.charts["gaps"]
    assert "chart 'gaps': there is no such chart here. expected: one of gap" in said(raised)


@pytest.mark.parametrize("name", ["impakt", ""])
def test_a_table_that_is_not_there_is_told_with_those_that_are(opened, name):
    with pytest.raises(NotThereError) as raised:
        opened.tables[name]
    assert f"table {name!r}: there is no such table here." in said(raised)
    assert "one of study, programme, measure, impact" in said(raised)
    assert opened.tables.get(name) is None
    with pytest.raises(NotThereError):
        opened.columns(name)


def test_a_study_is_opened_by_name_or_folder(tiny):
    for way in ("tiny", "data_raw/tiny", tiny.folder):
        with pipelines.open_study(way, data_marts=tiny.paths.marts) as study:
            assert study.run == tiny.paths.current.resolve()


def test_a_study_that_is_not_there_is_told_with_those_that_are(tiny):
    with pytest.raises(NotThereError) as raised:
        pipelines.open_study("surrey", data_marts=tiny.paths.marts)
    assert (
        "study 'surrey': there is no such study. expected: one of tiny; not run yet: example"
        in (said(raised))
    )
    assert raised.value._render_traceback_() == str(raised.value).split("\n")
    assert isinstance(raised.value, StudyError)


@pytest.mark.parametrize("way", ["example", "data_raw/example", PROJECT / "data_raw" / "example"])
def test_a_study_without_a_run_is_told_with_the_command(tmp_path, way):
    with pytest.raises(NotThereError) as raised:
        pipelines.open_study(way, data_marts=tmp_path)
    assert "study 'example': there is no run of it yet." in said(raised)
    assert "`make evaluate STUDY=data_raw/example`" in said(raised)


def copy_of(run: Path, marts: Path) -> Path:
    folder = marts / "other" / "current"
    folder.mkdir(parents=True)
    for name in ("released.duckdb", "run.json"):
        (folder / name).write_bytes((run / name).read_bytes())
    return folder


def test_a_file_that_is_cut_is_told(tiny, tmp_path):
    file = copy_of(tiny.paths.current, tmp_path) / "released.duckdb"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(NotThereError) as raised:
        pipelines.open_study("other", data_marts=tmp_path)
    assert "released.duckdb: the file cannot be opened." in said(raised)
    assert "make evaluate FRESH=1" in said(raised)


def test_restricted_tables_that_one_may_not_open_are_told(tiny, tmp_path):
    copy_of(tiny.paths.current, tmp_path)
    with pytest.raises(NotThereError) as raised:
        pipelines.open_study("other", restricted=True, data_marts=tmp_path)
    assert "restricted.duckdb: the file cannot be opened." in said(raised)
    assert "ask who evaluated the study" in said(raised)


def test_it_stays_the_run_it_was(tiny, tmp_path):
    folder = copy_of(tiny.paths.current, tmp_path)
    first, second = tmp_path / "other" / "first", tmp_path / "other" / "second"
    folder.rename(first)
    folder.symlink_to(first)
    with pipelines.open_study("other", data_marts=tmp_path) as study:
        n_rows = len(study.tables["impact"])
        folder.unlink()
        second.mkdir()
        with duckdb.connect(str(second / "released.duckdb")) as con:
            con.execute("CREATE TABLE impact (programme VARCHAR)")
        folder.symlink_to(second)
        assert study.run == first
        assert len(study.tables["impact"]) == n_rows


def test_importing_the_package_reads_no_library():
    program = "import pipelines, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert "pipelines" in loaded
    assert not loaded & {"pandas", "numpy", "duckdb", "pipelines.exploring"}
    with pytest.raises(AttributeError, match="open_studies"):
        pipelines.open_studies  # noqa: B018
