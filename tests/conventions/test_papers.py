"""The papers around the code say what is so: licence, citation, changelog, commit hooks."""

from __future__ import annotations

import re
import tomllib
from typing import Any

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
