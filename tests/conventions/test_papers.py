"""Documents around the code are accurate: licence, citation, changelog, commit hooks."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from pipelines.study.paths import PROJECT

AUTHOR = "the SSIF impact evaluation contributors"


@pytest.fixture
def project() -> dict[str, Any]:
    asked: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    return asked["project"]


@pytest.fixture
def citation() -> dict[str, Any]:
    cited: dict[str, Any] = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    return cited


@pytest.fixture
def makefile() -> str:
    return (PROJECT / "Makefile").read_text(encoding="utf-8")


def test_the_licence_is_the_one_that_is_declared(project, citation):
    licence = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("MIT License\n")
    assert f"{AUTHOR}\n" in licence
    assert project["license"] == citation["license"] == "MIT"
    assert project["license-files"] == ["LICENSE"]


def test_a_citation_names_this_version_and_every_reference_has_an_author(project, citation):
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == project["version"]
    assert [author["name"] for author in citation["authors"]] == [AUTHOR]
    assert [author["name"] for author in project["authors"]] == [AUTHOR]
    for reference in citation["references"]:
        assert {"type", "title", "authors", "journal", "year"} <= set(reference)


def test_the_changelog_is_in_order_and_keeps_to_its_form():
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    kinds = set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_commit_hooks_fetch_nothing_and_ask_what_make_check_asks(makefile):
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repo,) = hooks["repos"]
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    recipe = makefile.split("\ncheck:")[1].split("\n\n")[0]
    tools = re.findall(r"\$\(BIN\)/(\w+(?: (?!-)\w+)?)", recipe)
    entries = [hook["entry"].removeprefix(".venv/bin/").split(" --")[0] for hook in repo["hooks"]]
    assert entries == tools == ["ruff check", "ruff format", "mypy"]


def test_make_help_lists_every_target_and_make_alone_evaluates(makefile):
    (phony,) = re.findall(r"^\.PHONY:((?:.*\\\n)*.*)$", makefile, flags=re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE)
    assert targets[0] == "evaluate"
    assert sorted(phony.replace("\\", " ").split()) == sorted(targets)
    assert re.findall(r"^([a-z-]+):.* ## \w", makefile, flags=re.MULTILINE) == targets


def test_what_is_tested_fast_is_there(makefile):
    (fast,) = re.findall(r"^FAST := ((?:.*\\\n)*.*)$", makefile, flags=re.MULTILINE)
    (folders,) = re.findall(r"\$\(addprefix tests/unit/,(.*)\)", fast)
    named = re.findall(r"tests/[\w/]+\.py", fast)
    named += [f"tests/unit/{folder}" for folder in folders.split()]
    assert [name for name in named if not (PROJECT / name).exists()] == []


PAPERS = sorted(
    path
    for pattern in (
        "*.md",
        "assets/*.md",
        "data_marts/*.md",
        "data_raw/*.md",
        "notebooks/*.md",
        "pipelines/**/*.md",
        "tests/**/*.md",
    )
    for path in PROJECT.glob(pattern)
)
FOLDERS = "assets|notebooks|pipelines|tests|data_raw"


def named_files(text: str) -> list[str]:
    """Code spans that name a module, a SELECT or a path of this project; outputs are not part of it."""
    spans = re.findall(r"(?<!`)`(?!data_marts/[^R])([^`\n]+)`(?!`)", text)
    forms = (
        r"[a-z0-9_]+\.(py|sql)|README\.md",
        r"[a-z0-9_]+(/[a-z0-9_]+)*/([a-z0-9_]+\.(py|sql|csv|toml|java)|README\.md)",
        rf"({FOLDERS})(/[a-z0-9_]+)*/?",
    )
    return [span for span in spans if any(re.fullmatch(form, span) for form in forms)]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_files_and_links_that_a_paper_names_are_there(paper: Path):
    text = paper.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", text)
    assert [link for link in links if not (paper.parent / link).exists()] == []
    places = (PROJECT, PROJECT / "pipelines", paper.parent)
    missing = {
        name for name in named_files(text) if not any((place / name).exists() for place in places)
    }
    assert missing - {"notebooks/own"} == set(), "only an analyst's own copies may not be there yet"


def table_under(comment: str) -> list[list[str]]:
    """The rows of the table after a comment in pipelines/README.md, as plain text, without the heading."""
    text = (PROJECT / "pipelines" / "README.md").read_text(encoding="utf-8")
    lines = text.split(f"<!-- {comment} -->\n")[1].split("\n\n")[0].splitlines()
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines[2:]]


def percent(share: object) -> str:
    return f"{float(str(share)) * 100:.0f}%"


def test_the_simulated_error_rates_are_those_of_the_committed_calibration():
    table = pd.read_csv(PROJECT / "pipelines/impact/calibration.csv", comment="#")
    rows = table.query(
        "n_members == 18 and n_schools == 60 and mean_pupils == 10 and effect == 0 "
        "and selection != 'last_year_strict' and not has_second_programme and not is_suppressed "
        "and not is_prior_adjusted and n_outcome_years == 1 and passing_sd == 0.12 and world == 'usual'"
    )
    columns = ["naive_rejects_share", "change_rejects_share", "ancova_rejects_share"]
    columns += ["false_verdict_share", "bracket_covers_share"]
    written = table_under("from pipelines/impact/calibration.csv")
    assert [row[1:] for row in written] == [
        [percent(share) for share in row] for row in rows[columns].to_numpy()
    ]


def test_the_placebos_are_those_of_the_committed_draws():
    table = pd.read_csv(PROJECT / "tests/real/placebos.csv")
    columns = ["naive_claims", "leaving_out_claims", "ancova_claims", "change_claims"]
    columns += ["bracket_claims"]
    written = table_under("from tests/real/placebos.csv")
    assert [row[0] for row in written] == list(table["drawn_from"])
    assert [row[1:] for row in written] == [
        [percent(share) for share in row] for row in table[columns].to_numpy()
    ]


def test_the_placebos_of_two_outcome_years_are_those_of_the_committed_draws():
    table = pd.read_csv(PROJECT / "tests/real/placebos_two_years.csv")
    text = " ".join((PROJECT / "pipelines" / "README.md").read_text(encoding="utf-8").split())
    bracket, naive = table["bracket_claims"], table["naive_claims"]
    assert (
        f"the bracket claims {100 * bracket.min():.0f} to {percent(bracket.max())}, the change since last "
        f"year {100 * naive.min():.0f} to {percent(naive.max())}."
    ) in text


def test_the_placebos_of_england_are_those_of_the_committed_draws():
    table = pd.read_csv(PROJECT / "tests/real/england.csv")
    table = table[table["n_baseline_years"] + table["n_outcome_years"] == 3]
    columns = ["change_since_last_year_claims", "ancova_claims"]
    columns += ["change_from_baseline_mean_claims", "bracket_claims"]
    written = table_under("from tests/real/england.csv")
    years = table[["n_baseline_years", "n_outcome_years"]].astype(str).to_numpy().tolist()
    assert [row[1:3] for row in written] == years
    assert [row[3:] for row in written] == [
        [percent(share) for share in row] for row in table[columns].to_numpy()
    ]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_commands_that_a_paper_names_can_be_given(paper: Path, makefile: str):
    text = paper.read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    typed = [line for block in blocks for line in block.splitlines()]
    typed += re.findall(r"(?<!`)`(make [^`\n]+)`(?!`)", text)
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert {words.split()[1] for words in typed if words.startswith("make ")} <= targets
    for command in typed:
        for argument in command.split():
            assert not argument.startswith("tests/") or (PROJECT / argument).exists(), command
        for module in re.findall(r"-m (tests[.\w]*)", command):
            assert (PROJECT / module.replace(".", "/") / "__main__.py").exists(), command


def test_the_recipes_name_a_file_for_each_step():
    recipes = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipes = recipes.split("\n## Recipes\n")[1].split("\n## ")[0]
    steps = re.findall(r"^\d\. (.+(?:\n   .+)*)", recipes, flags=re.MULTILINE)
    assert len(steps) >= 9
    assert [step for step in steps if not named_files(step)] == []


def test_each_item_of_the_levels_of_rap_names_files_that_are_there():
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("\n## Reproducible analytical pipeline\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")][1:]
    # Five items of the baseline level, nine of silver, four of gold.
    starts = [place for place, row in enumerate(rows) if row[0].strip()]
    assert [rows[place][0].strip() for place in starts] == ["Baseline", "Silver", "Gold"]
    assert [*starts, len(rows)] == [0, 5, 14, 18]
    for _, asked, _, shown_by in rows:
        files = re.findall(r"`([^`]+)`", shown_by)
        assert files, asked
        assert all((PROJECT / file).exists() for file in files), asked
    short = [row for row in rows if "**not yet**" in row[2] or "**half**" in row[2]]
    assert len(short) == 3
    assert "Three of the eighteen" in table


def test_every_reference_is_cited_with_where_it_stands_and_what_for():
    text = (PROJECT / "pipelines" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- (.+(?:\n  .+)*)", text.split("\n## References\n")[1], re.MULTILINE)
    assert len(listed) >= 12
    form = r"[A-Z][\w-]+(,? [A-Z]?[\w-]+)* \d{4}, \*[^*]+\*( \d+: \d+)?\. [A-Z].+\."
    assert [entry for entry in listed if not re.fullmatch(form, " ".join(entry.split()))] == []
    assert listed == sorted(listed)


@pytest.mark.parametrize("paper", ["CONTRIBUTING.md", "assets/README.md", "notebooks/README.md"])
def test_what_the_python_of_a_paper_imports_is_there(paper: str):
    text = (PROJECT / paper).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), block
