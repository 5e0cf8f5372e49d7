"""What test folders share: their order, where the real published files lie, and one run of each study.

Runs that tests may spoil are in `graph`.
"""

import os
from pathlib import Path

import pytest

from pipelines.paths import EXAMPLE, PROJECT
from tests.evaluated import Evaluated, evaluate

# Fast ones first, so that a mistake shows before anything waits for a run; then whole runs.
FOLDERS_IN_ORDER = (
    "unit",
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
    """What passing tests want said: their property `said`."""
    for report in terminalreporter.stats.get("passed", []):
        for name, said in report.user_properties:
            if name == "said":
                terminalreporter.write_line(str(said))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real published files. Where it is missing tests skip, in CI they fail."""
    folder = PROJECT.parent / "shared" / "data" / "real"
    if not folder.is_dir():
        reason = f"the real published files are not there: {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """The example study evaluated once. Tests only read it."""
    run = evaluate(EXAMPLE, tmp_path_factory.mktemp("example") / "data_marts")
    assert run.status == 0, run.stderr
    return run


@pytest.fixture(scope="session")
def hampshire(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """The real published files of Hampshire, and a programme that never was, evaluated once."""
    assert real_data.is_dir()
    folder = PROJECT / "tests" / "real" / "hampshire"
    run = evaluate(folder, tmp_path_factory.mktemp("hampshire") / "data_marts")
    assert run.status == 0, run.stderr
    return run
