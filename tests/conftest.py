"""Shared by all test folders: their order, the folder of real published files, and one run of each study.

Runs that tests may modify are in `graph`.
"""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from pipelines.study.paths import EXAMPLE, PROJECT
from tests.evaluated import Evaluated, evaluate, evaluate_here

# A slow machine must not fail tests.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Fast tests first, so that errors show early; whole runs last.
FOLDERS_IN_ORDER = (
    "unit",
    "faults",
    "fleet",
    "disclosure",
    "reference",
    "conventions",
    "notebooks",
    "graph",
    "browser",
    "real",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes tens of seconds; runs last")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.relative_to(PROJECT / "tests").parts[0]
        return item.get_closest_marker("slow") is not None, FOLDERS_IN_ORDER.index(folder)

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print notes of passing tests (their property `said`)."""
    for report in terminalreporter.stats.get("passed", []):
        for name, said in report.user_properties:
            if name == "said":
                terminalreporter.write_line(str(said))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real published files. If it is missing, tests skip, and in CI they fail."""
    folder = PROJECT.parent / "shared" / "data" / "real"
    if not folder.is_dir():
        reason = f"the real published files are not there: {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Folder for images of pages and PDFs to look at; git-ignored."""
    folder = PROJECT / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """The example study, evaluated once, in a process of its own. Tests must not change it."""
    return _evaluated_once(EXAMPLE, tmp_path_factory, evaluate)


@pytest.fixture(scope="session")
def real_study(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Evaluated]:
    """A study of real published files by folder name, evaluated once. Tests must not change it."""
    assert real_data.is_dir()

    def run(name: str) -> Evaluated:
        folder = PROJECT / "tests" / "real" / name
        return _evaluated_once(folder, tmp_path_factory, evaluate_here)

    return run


@pytest.fixture(scope="session")
def hampshire(real_study: Callable[[str], Evaluated]) -> Evaluated:
    """The real published files of Hampshire with a placebo programme, evaluated once."""
    return real_study("hampshire")


def _evaluated_once(
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    by: Callable[[Path, Path], Evaluated],
) -> Evaluated:
    """A study's run, made by the first test process that needs it and shared by all."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    kept = shared / f"{folder.name}.run"
    with FileLock(shared / f"{folder.name}.lock"):
        if not kept.exists():
            run = by(folder, shared / f"{folder.name}_data_marts")
            kept.write_bytes(pickle.dumps(run))
    run = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this test run
    assert isinstance(run, Evaluated)
    assert run.status == 0, run.stderr
    return run
