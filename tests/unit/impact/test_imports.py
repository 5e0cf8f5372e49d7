"""The engine does not import heavy frameworks, so notebooks and tests load quickly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipelines.study.paths import PROJECT

HEAVY = ("scipy.stats", "matplotlib", "great_expectations", "dagster", "pyfixest", "diff_diff")


def loaded_by(module: str) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after one import."""
    asking = f"import sys, {module}; print(*set({HEAVY}) & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asking], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_importing_the_engine_loads_nothing_heavy():
    assert loaded_by("pipelines.impact.study_effects") == set()


@pytest.mark.parametrize("heavy", ["scipy.stats", "matplotlib"])
def test_the_import_check_can_fail(heavy: str):
    assert heavy in loaded_by(heavy)
