"""README is accurate: commands exist, the tree is as drawn, numbers and the chart come from a run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from assets import automation, cli, page_guard
from pipelines.publishing import retention
from pipelines.released.reading import read_published
from pipelines.study.paths import PROJECT
from pipelines.study.settings import SourceKind
from tests.evaluated import Evaluated

README = (PROJECT / "README.md").read_text(encoding="utf-8")
MOST_LINES = 160  # two printed pages, more or less
ON_ANOTHER_MACHINE = 0.001  # share of pixels that fonts may draw otherwise


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(kind: str) -> list[list[str]]:
    return [
        found.strip("\n").split("\n")
        for found in re.findall(rf"```{kind}\n(.*?)```", README, flags=re.DOTALL)
    ]


def code_spans(text: str) -> list[str]:
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def commands() -> list[str]:
    typed = [line for block in blocks("console") for line in block]
    return typed + [span for span in code_spans(README) if re.match(r"(make|ssif) ", span)]


def test_it_is_short():
    assert README.count("\n") < MOST_LINES
    assert "img.shields.io" not in README


def test_every_make_command_is_a_target():
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    asked = [command.split() for command in commands() if command.startswith("make ")]
    assert {words[1] for words in asked} >= {"evaluate", "test", "check", "serve", "bench"}
    for _, target, *settings in asked:
        assert target in targets
        assert all(f"$({setting.split('=')[0]})" in makefile for setting in settings)


def test_every_ssif_command_and_option_is_one(capsys):
    asked = [re.sub(r"^\.venv/bin/", "", command).split() for command in commands()]
    asked = [words[1:] for words in asked if words[0] == "ssif"]
    assert asked
    for subcommand, *rest in asked:
        with pytest.raises(SystemExit) as left:
            cli.main([subcommand, "--help"])
        assert left.value.code == 0
        said = capsys.readouterr().out
        assert all(word in said for word in rest if word.startswith("--"))


def test_commands_without_make_are_those_of_the_makefile():
    """Both ways verify the lock's hashes; order and options match the Makefile."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    installs = [command for command in commands() if " pip install " in command]
    assert len(installs) == 2
    for command in installs:
        options = re.findall(r"--[a-z-]+", command)
        assert any(all(option in line for option in options) for line in makefile.splitlines())


def test_every_kind_of_source_is_listed_once():
    studies = (PROJECT / "data_raw" / "README.md").read_text(encoding="utf-8")
    table = studies.split("\n| Kind | One row is |\n")[1].split("\n\n")[0]
    kinds = [kind for line in table.splitlines() for kind in code_spans(line.split("|")[1])]
    assert sorted(kinds) == sorted(get_args(SourceKind))


def test_files_and_folders_it_names_are_there():
    (tree,) = [block for block in blocks("text") if block[0].startswith("assets/")]
    for line in tree:
        assert (PROJECT / line.split()[0]).is_dir()
    named = [span for span in code_spans(README) if re.match(r"[a-z_.]+/[a-z_/.]+$", span)]
    named += re.findall(r"\]\((?!http)([^)]+)\)", README)
    ours = [name for name in named if re.match(r"(pipelines|notebooks|data_raw|tests)/", name)]
    assert "pipelines/catalogue/" in ours
    assert [name for name in ours if not (PROJECT / name).exists()] == []


def test_outputs_it_names_are_those_of_a_run(example: Evaluated):
    rows = [line for line in section("What comes out").splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in code_spans(row.split("|")[1])]
    assert {name.split("/")[0] for name in named} == {
        path.name for path in example.current.iterdir()
    }
    assert all((example.current / name).exists() for name in named)


def test_what_it_says_a_run_prints_is_printed(example: Evaluated):
    (shown,) = [block for block in blocks("text") if block[0].startswith("  raw/")]

    def without_seconds(lines: list[str]) -> set[str]:
        return {re.sub(r"\s+", " ", re.sub(r"[\d.]+ s$", "", line)).strip() for line in lines}

    printed = without_seconds(example.stdout.splitlines())
    assert without_seconds(shown) - printed == set(), "write in README what a run prints now"


def test_its_chart_is_the_one_the_example_draws_now(example: Evaluated):
    (link,) = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    committed = matplotlib.image.imread(PROJECT / link)
    drawn = matplotlib.image.imread(example.current / "charts" / Path(link).name)
    again = f"make evaluate && cp data_marts/example/current/charts/{Path(link).name} {link}"
    assert committed.shape == drawn.shape, again
    differs = np.abs(committed - drawn).max(axis=-1) > 0.1
    assert differs.mean() <= ON_ANOTHER_MACHINE, again


def test_its_contrast_is_what_the_real_files_say(hampshire: Evaluated):
    impact = read_published(hampshire.current / "released.duckdb")["impact"]
    text = re.sub(r"\s+", " ", section("How to read the answer"))
    naive, headline = (row_of(impact, role) for role in ("naive", "headline"))
    assert f"reads **{points(naive['estimate_low'])}** percentage points" in text
    assert (
        f"from **{points(headline['ci_low'])} to {points(headline['ci_high'])}**: cannot tell"
        in text
    )
    assert headline["verdict"] == "cannot_tell"
    assert f"the {headline['n_programme_schools']} Hampshire schools" in text


def test_figures_it_gives_are_those_of_simulations_and_of_the_code(monkeypatch):
    text = re.sub(r"\s+", " ", README)
    table = pd.read_csv(PROJECT / "pipelines" / "impact" / "calibration.csv", comment="#")
    wrong = (
        100
        * table[(table["effect"] == 0) & (table["world"] == "usual")]
        .groupby(["selection", "is_prior_adjusted"])["false_verdict_share"]
        .max()
    )
    known, decline = wrong["coming_cohort"], wrong["true_decline"]
    others = wrong.drop(["coming_cohort", "true_decline"], level="selection")
    assert f"errs in at most {others.max():.0f} of 100, but in up to {known[False]:.0f}" in text
    on_attainment = (
        100
        * table.query(
            "selection == 'coming_cohort' and effect == 0 and passing_sd == 0.12 and world == 'usual' "
            "and not is_prior_adjusted"
        )["false_verdict_share"]
    )
    assert (
        f"({on_attainment.max():.0f} on attainment, {known[True]:.0f} with "
        "`adjust_for_prior_attainment = true`"
    ) in text
    assert f"in up to {decline.max():.0f} where they were chosen for a decline" in text
    (seen,) = table.query(
        "selection == 'random' and n_members == 18 and n_schools == 60 and mean_pupils == 10 "
        "and effect == 0 and n_outcome_years == 1 and passing_sd == 0.12 "
        "and world == 'usual' and not has_second_programme and not is_suppressed and not is_prior_adjusted"
    )["mde"]
    assert f"find an effect of {seen:.2f} standard deviations" in text
    assert f"at most {retention.PUPIL_DAYS} days" in text
    assert automation.MORNINGS == "0 6 * 8-12,1 1-5"
    assert "on weekday mornings at 6 from August to January" in text
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (n_studies,) = re.findall(r"--studies \$\(if \$\(STUDIES\),\$\(STUDIES\),(\d+)\)", makefile)[:1]
    assert f"`make fleet` ({int(n_studies):,} drawn studies" in text
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python {asked['requires-python'].removeprefix('>=')} or newer" in text
    served = {}
    monkeypatch.setattr(cli, "serve", lambda **options: served.update(options) or 0)
    assert cli.main(["serve"]) == 0
    assert f"http://{page_guard.HOST}:{served['port']}:" in text


def row_of(impact: pd.DataFrame, role: str) -> pd.Series:
    (row,) = [row for _, row in impact[impact["role"] == role].iterrows()]
    return row


def points(share: float) -> str:
    return f"{share * 100:+.0f}".replace("-", "−")
