"""The one command: what it prints, what it writes, and that the same input gives the same bytes."""

import csv
import hashlib
import importlib.metadata
import json
import re
import stat
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pypdf import PdfReader

from assets.definitions import defs
from pipelines.charts.gallery import FAMILIES
from pipelines.officers.page import MARKING
from pipelines.protocol.study_file import load_study
from tests.evaluated import Evaluated, bytes_of
from tests.unit.released.test_citations import NAMES, uncited

ASSET_LINE = re.compile(r"^  (\S+) +([\d,]+) rows +(\d+\.\d\d) s$")

# design.md 7: what others build on, at least.
PROMISED = {
    "impact": "programme pupil_group measure academic_year release_status estimator role estimate_low "
    "estimate_high ci_low ci_high p_value n_programme_schools n_comparison_schools n_programme_pupils "
    "n_comparison_pupils effective_df mde verdict verdict_reason unit",
    "comparison": "programme arm pupil_group measure academic_year release_status n_schools n_pupils mean "
    "ci_low ci_high suppressed unit",
    "claims": "claim numerator denominator result exceptions",
    "evaluation_summary": "programme question answer n_schools n_expected",
    "statements": "programme attribution theme tone quote",
    "case_studies": "school_name programme context support statement",
    "revisions": "programme pupil_group measure academic_year from_status to_status before after",
}
PERMISSIONS = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO


def asset_rows(stdout: str) -> dict[str, int]:
    matches = [ASSET_LINE.match(line) for line in stdout.splitlines()]
    return {m[1]: int(m[2].replace(",", "")) for m in matches if m}


def released(run: Evaluated, name: str) -> pd.DataFrame:
    with closing(duckdb.connect(str(run.current / "released.duckdb"), read_only=True)) as con:
        return con.execute(f"SELECT * FROM released.{name}").df()


def mode(path: Path) -> int:
    return path.stat().st_mode & PERMISSIONS


def test_a_line_an_asset_then_the_headline_then_where_outputs_lie(example: Evaluated) -> None:
    lines = example.stdout.splitlines()
    title, blank, *rest = lines
    assert title == load_study(example.folder).study.title
    assert blank == ""
    parts = "\n".join(rest).split("\n\n")
    assets, headlines, places = (part.splitlines() for part in parts)
    assert all(ASSET_LINE.match(line) for line in assets), assets
    in_graph = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert set(asset_rows(example.stdout)) == in_graph
    assert len(assets) == len(in_graph)
    said = released(example, "impact")
    verdicts = said[(said["role"] == "headline") & said["verdict"].notna()]
    title_of = released(example, "programme").set_index("programme")["title"]
    assert [line.split(",")[0] for line in headlines] == [
        title_of[programme] for programme in verdicts["programme"]
    ]
    for line, verdict in zip(headlines, verdicts["verdict"], strict=True):
        assert verdict.replace("_", " ") in line
    assert [line.split(":")[0] for line in places] == ["The board's page", "Everything else"]
    for line in places:
        assert Path(line.split(":", 1)[1].strip()).exists()


def test_no_noise_unless_asked_for(example: Evaluated, example_again: Evaluated) -> None:
    assert example.stderr == ""
    assert not re.search(
        r"dagster|warning|RUN_START|STEP_|great.expectations", example.stdout, re.I
    )
    assert "STEP_SUCCESS" in example_again.stdout + example_again.stderr
    assert "Warning" not in example_again.stdout + example_again.stderr


def test_rows_on_the_lines_are_the_rows_of_the_tables(example: Evaluated) -> None:
    rows = asset_rows(example.stdout)
    for name in PROMISED:
        assert rows[f"released/{name}"] == len(released(example, name))
    out = json.loads((example.current / "run.json").read_text(encoding="utf-8"))["rows_out"]
    assert {name: n for name, n in rows.items() if name.replace("/", ".") in out} == {
        name.replace(".", "/"): n for name, n in out.items()
    }


@pytest.mark.parametrize("name", PROMISED)
def test_each_released_table_is_there_three_ways(example: Evaluated, name: str) -> None:
    from_duckdb = released(example, name)
    from_parquet = pd.read_parquet(example.current / "released" / f"{name}.parquet")
    with (example.current / "released" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        headings, *rows = csv.reader(lines)
    assert set(PROMISED[name].split()) <= set(headings)
    assert list(from_duckdb.columns) == list(from_parquet.columns) == headings
    assert len(from_duckdb) == len(from_parquet) == len(rows)


def test_released_duckdb_holds_nothing_but_released_tables(example: Evaluated) -> None:
    with closing(duckdb.connect(str(example.current / "released.duckdb"), read_only=True)) as con:
        names = {
            name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
    assert names == {path.stem for path in (example.current / "released").glob("*.csv")}
    assert names >= set(PROMISED)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_chart_is_a_picture_twice_its_data_and_its_words(
    example: Evaluated, family: str
) -> None:
    charts = [
        path for path in (example.current / "charts").glob("*.svg")
        if path.stem.partition("-")[0] == family
    ]  # fmt: skip
    assert charts
    for svg in charts:
        assert ET.parse(svg).getroot().tag.endswith("svg")  # noqa: S314 - written by this project
        assert svg.with_suffix(".png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        words = json.loads(svg.with_suffix(".json").read_text(encoding="utf-8"))
        assert all(words[key] for key in ("title", "alt_text", "caption"))
        assert len(pd.read_csv(svg.with_suffix(".csv"))) >= 1


def test_the_page_is_one_file_with_every_chart(example: Evaluated) -> None:
    names = sorted(path.name for path in (example.current / "board").iterdir())
    assert names == ["board.pdf", "impact.md", "index.html"]
    html = (example.current / "board" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|iframe)\b|\bsrc=[\"'](?!data:)", html)
    for words in (example.current / "charts").glob("*.json"):
        title = json.loads(words.read_text(encoding="utf-8"))["title"]
        assert title.replace("'", "&#39;") in html or title in html


def test_the_pdf_says_the_answer_on_its_first_page_and_shows_every_chart(
    example: Evaluated,
) -> None:
    pages = [
        page.extract_text() for page in PdfReader(example.current / "board" / "board.pdf").pages
    ]
    text = " ".join(" ".join(pages).split())
    first = " ".join(pages[0].split())
    assert "The answer in plain words" in first
    assert first.count("Verdict: Cannot tell") == 4
    assert "The programmes together" not in first
    # A hyphen at which a line may break reads back as a soft one.
    text = text.replace("\u00ad", "-")
    for words in (example.current / "charts").glob("*.json"):
        assert json.loads(words.read_text(encoding="utf-8"))["title"] in text


def test_run_json_says_what_the_run_was_made_from(example: Evaluated) -> None:
    run = json.loads((example.current / "run.json").read_text(encoding="utf-8"))
    protocol = (example.folder / "study.toml").read_bytes()
    assert run["protocol_sha256"] == hashlib.sha256(protocol).hexdigest()
    assert re.fullmatch(r"[0-9a-f]{64}", run["sources_sha256"])
    assert re.fullmatch(r"[0-9a-f]{64}", run["code_sha256"])
    assert run["libraries"]["duckdb"] == importlib.metadata.version("duckdb")
    assert run["run"] == example.current.resolve().name
    for name, sha256 in run["files_sha256"].items():
        assert hashlib.sha256((example.current / name).read_bytes()).hexdigest() == sha256
    on_disk = set(bytes_of(example.current.resolve())) - {"run.json"}
    assert set(run["files_sha256"]) == on_disk
    checks = defs.resolve_asset_graph().asset_check_keys
    assert run["checks_passed"] == len(checks) > 0


def test_no_row_of_a_file_is_lost(example: Evaluated) -> None:
    run = json.loads((example.current / "run.json").read_text(encoding="utf-8"))
    assert {source["source_id"] for source in run["rows_in"]} == {
        source.file for source in load_study(example.folder).source
    }
    for source in run["rows_in"]:
        path = example.folder / source["source_id"]
        with path.open(encoding="utf-8", newline="") as lines:
            n_rows = sum(1 for _ in csv.reader(lines)) - 1
        assert source["n_rows_in"] == n_rows
        assert source["n_rows_in"] == source["n_rows_kept"] + source["n_rows_set_aside"]
        assert source["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        reasons = [
            s["n_rows"] for s in run["rows_set_aside"] if s["source_id"] == source["source_id"]
        ]
        assert sum(reasons) == source["n_rows_set_aside"]
    assert any(source["n_rows_set_aside"] for source in run["rows_in"])


def test_what_only_officers_may_open_is_closed_to_others(example: Evaluated) -> None:
    for folder in (example.paths.work, example.paths.restricted):
        modes = {path: mode(path) for path in (folder, *folder.rglob("*")) if not path.is_symlink()}
        assert modes == {path: 0o700 if path.is_dir() else 0o600 for path in modes}
    assert (example.paths.restricted_current / "restricted.duckdb").is_file()
    assert [
        p for p in example.current.rglob("*") if p.name in {"restricted.duckdb", "officers"}
    ] == []
    assert [p.name for p in example.paths.work.glob("*pupils*")] == []


def test_the_officers_version_is_made_when_asked_for_and_closed_to_others(
    example: Evaluated, example_again: Evaluated
) -> None:
    assert not (example.paths.restricted_current / "officers").exists()
    page = example_again.paths.restricted_current / "officers" / "index.html"
    assert (mode(page), mode(page.parent)) == (0o600, 0o700)
    html = page.read_text(encoding="utf-8")
    assert MARKING in html
    said = example_again.stdout.splitlines()
    assert [line for line in said if "not to be published" in line] == [
        f"For officers only: {page} (not to be published)"
    ]
    names = released(example, "enrolment")["school_name"]
    assert [name for name in names if name not in html] == []


def test_the_same_input_gives_the_same_bytes(example: Evaluated, example_again: Evaluated) -> None:
    """Whether the officers' version is made or not, what others read is the same."""
    assert example.paths.home != example_again.paths.home
    first, second = bytes_of(example.current.resolve()), bytes_of(example_again.current.resolve())
    assert set(second) == set(first)
    read_by_people = [name for name in first if not name.endswith((".duckdb", "run.json"))]
    assert {name.split("/")[0] for name in read_by_people} == {"released", "charts", "board"}
    assert [name for name in read_by_people if first[name] != second[name]] == []


def test_no_digit_of_the_page_stands_without_a_reference(example: Evaluated) -> None:
    html = (example.current / "board" / "index.html").read_text(encoding="utf-8")
    page = ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    bare = [NAMES.sub("", text) for text in uncited(page)]
    assert [text for text in bare if re.search(r"\d", text)] == []
