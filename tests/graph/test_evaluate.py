"""`ssif evaluate`: what it prints and writes, and that the same input gives the same bytes."""

import base64
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
from pipelines.officers.version import MARKING
from pipelines.protocol.study_file import load_study
from tests.evaluated import PAGES, PAPERS, Evaluated, bytes_of, parsed, text_of
from tests.unit.released.test_citations import NAMES, uncited

ASSET_LINE = re.compile(r"^  (\S+) +([\d,]+) rows +(\d+\.\d\d) s$")

# The files that design.md 7 promises to other users.
PROMISED = {
    "impact": "programme pupil_group measure academic_year release_status estimator role estimate_low "
    "estimate_high ci_low ci_high p_value n_programme_schools n_comparison_schools n_programme_pupils "
    "n_comparison_pupils effective_df mde verdict verdict_reason unit",
    "comparison": "programme arm pupil_group measure academic_year release_status n_schools n_pupils mean "
    "ci_low ci_high figure_status unit",
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


def test_prints_a_line_per_asset_then_the_headline_then_the_outputs(example: Evaluated) -> None:
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
    named = ["The board pack", "Technical report", "Everything else"]
    assert [line.split(":")[0] for line in places] == named
    for line in places:
        path, _, on_paper = line.split(":", 1)[1].strip().partition(" (on paper: ")
        assert Path(path).exists()
        assert Path(path).with_name(on_paper.rstrip(")") or Path(path).name).exists()


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
def test_each_released_table_has_three_formats(example: Evaluated, name: str) -> None:
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
    assert names == {path.stem for path in (example.current / "released").glob("*.parquet")}
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


def titles_of_charts(run: Evaluated) -> dict[str, str]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["title"]
        for path in (run.current / "charts").glob("*.json")
    }


def test_each_page_is_one_file_and_every_chart_is_on_one(example: Evaluated) -> None:
    names = sorted(path.name for path in (example.current / "board").iterdir())
    assert names == sorted((*PAGES.values(), *PAPERS.values()))
    shown: set[str] = set()
    for html in example.pages().values():
        page = parsed(html)
        assert not re.search(r"<iframe\b|\bsrc=[\"'](?!data:)|@import|url\([\"']?(?!data:|#)", html)
        assert [link.get("href", "")[:5] for link in page.iter("link")] == ["data:"]
        scripts = [script.text or "" for script in page.iter("script")]
        (policy,) = [
            meta.get("content", "") for meta in page.iter("meta") if meta.get("http-equiv")
        ]
        assert policy.startswith("default-src 'none'; ")
        assert re.findall(r"'sha256-([^']*)'", policy) == [
            base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            for script in scripts
        ]
        figures = {
            figure.get("id", "").removeprefix("figure-"): text_of(figure)
            for figure in page.iter("figure")
        }
        for name, title in titles_of_charts(example).items():
            if name in figures:
                assert title in figures[name]
                shown.add(name)
    assert set(titles_of_charts(example)) - shown == set()


@pytest.mark.parametrize("document", PAGES)
def test_every_link_leads_somewhere(example: Evaluated, document: str) -> None:
    folder = example.current / "board"
    ids = {name: _ids(html) for name, html in example.pages().items()}
    by_page = {page: ids[name] for name, page in PAGES.items()}
    links = [link.get("href", "") for link in parsed(example.page(document)).iter("a")]
    assert len(links) > 20
    for link in links:
        path, _, part = link.partition("#")
        assert (folder / path).exists(), link
        assert not part or part in by_page[path or PAGES[document]], link


@pytest.mark.parametrize("document", PAPERS)
def test_every_link_on_paper_leads_somewhere(example: Evaluated, document: str) -> None:
    folder = example.current / "board"
    reader = PdfReader(example.paper(document))
    links = [
        str(annotation.get_object()["/A"]["/URI"])
        for page in reader.pages
        for annotation in page.get("/Annots", ())
        if "/URI" in annotation.get_object().get("/A", {})
    ]
    assert {link.split("#")[0] for link in links} & set(PAPERS.values())
    assert [link for link in links if not (folder / link).exists()] == []


def _ids(html: str) -> set[str]:
    found = [element.get("id", "") for element in parsed(html).iter() if element.get("id")]
    assert len(found) == len(set(found))
    return set(found)


def on_paper(run: Evaluated, document: str) -> list[str]:
    """The words of each page. Hyphens at possible line breaks are read back as soft hyphens."""
    pages = [page.extract_text() for page in PdfReader(run.paper(document)).pages]
    return [" ".join(page.split()).replace("\u00ad", "-") for page in pages]


def test_the_pack_on_paper_says_the_answer_on_its_first_page(example: Evaluated) -> None:
    first, *others = on_paper(example, "pack")
    assert "We cannot tell yet." in first
    programmes = released(example, "programme").query("is_evaluated")
    assert all(title in first for title in programmes["title"])
    assert "What was asked and claimed" in first
    assert "What the comparison says" not in first
    assert " ".join(others).count("What the comparison says") == len(programmes)


def test_both_papers_give_every_verdict_and_show_every_chart_of_their_page(
    example: Evaluated,
) -> None:
    verdicts = released(example, "impact").query("role == 'headline' and verdict.notna()")
    titles = titles_of_charts(example)
    for document in PAPERS:
        text = " ".join(on_paper(example, document))
        assert text.count("Verdict: Cannot tell") == len(verdicts) == 4
        figures = [
            figure.get("id", "").removeprefix("figure-")
            for figure in parsed(example.page(document)).iter("figure")
        ]
        shown = [titles[name] for name in figures if name in titles]
        assert len(shown) > 5
        assert [title for title in shown if title not in text] == []


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
    for folder, file_mode in ((example.paths.work, 0o600), (example.paths.restricted, 0o400)):
        modes = {path: mode(path) for path in (folder, *folder.rglob("*")) if not path.is_symlink()}
        assert modes == {path: 0o700 if path.is_dir() else file_mode for path in modes}
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
    assert (mode(page), mode(page.parent)) == (0o400, 0o700)
    html = page.read_text(encoding="utf-8")
    assert MARKING in html
    said = example_again.stdout.splitlines()
    assert [line for line in said if "not to be published" in line] == [
        f"For officers only: {page} (not to be published)"
    ]
    enrolled = released(example, "enrolment").dropna(subset="programme")
    assert [name for name in enrolled["school_name"] if name not in html] == []


def test_the_same_input_gives_the_same_bytes(example: Evaluated, example_again: Evaluated) -> None:
    """The public files are the same whether or not the officers' version is made."""
    assert example.paths.home != example_again.paths.home
    first, second = bytes_of(example.current.resolve()), bytes_of(example_again.current.resolve())
    assert set(second) == set(first)
    read_by_people = [name for name in first if not name.endswith((".duckdb", "run.json"))]
    assert {name.split("/")[0] for name in read_by_people} == {"released", "charts", "board"}
    assert [name for name in read_by_people if first[name] != second[name]] == []


@pytest.mark.parametrize("document", PAGES)
def test_no_digit_of_a_finished_page_lacks_a_reference(example: Evaluated, document: str) -> None:
    bare = [NAMES.sub("", text) for text in uncited(parsed(example.page(document)))]
    assert [text for text in bare if re.search(r"\d", text)] == []
