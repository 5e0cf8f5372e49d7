"""Every process collects the same tests; parallel runs stop at once if they differ.

Test ids must not contain anything that changes between processes: time (gzip writes it), set order, random
numbers, temporary paths, memory addresses.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.study.paths import PROJECT

CHANGING = """
import gzip, os, pytest

@pytest.mark.parametrize("of_a_set", {"a", "b", "c", "d", "e", "f", "g", "h"})
def test_a_set(of_a_set): ...

@pytest.mark.parametrize("process", [str(os.getpid())])
def test_a_process(process): ...

@pytest.mark.parametrize("same", ["a", gzip.compress(b"a", mtime=0)])
def test_same(same): ...
"""


def collected(arguments: Sequence[str], hash_seed: int, folder: Path = PROJECT) -> list[str]:
    """The ids that another process collects, in order."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_another_process_collects_the_same_tests(request: pytest.FixtureRequest) -> None:
    is_random = os.environ.get("PYTHONHASHSEED", "random") in {"", "random"}
    if is_random and int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
        return  # Each worker has a hash seed of its own, and pytest-xdist compared what they collected.
    here = [item.nodeid for item in request.session.items]
    # A hash seed different from this process's, which is random unless it is set.
    seed = 2 if os.environ.get("PYTHONHASHSEED") == "1" else 1
    folders = [str(argument) for argument in request.config.args]
    # If tests are selected by name or mark, compare only those.
    asked = set(here)
    assert [test for test in collected(folders, seed) if test in asked] == here


def test_an_id_that_changes_is_found(tmp_path: Path) -> None:
    (tmp_path / "test_changing.py").write_text(CHANGING, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    first, second = (collected(["test_changing.py"], seed, tmp_path) for seed in (1, 2))
    assert len(first) == len(second) == 11
    assert set(first) & set(second) == {test for test in first if "test_a_process" not in test}
    assert [test for test in first if "test_a_set" in test] != [
        test for test in second if "test_a_set" in test
    ]
