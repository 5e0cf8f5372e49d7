"""Further runs of the example study, each made once a session: evaluating is what takes time here."""

import importlib
import shutil
import warnings
from pathlib import Path

import pytest

from pipelines.study.paths import EXAMPLE
from tests.evaluated import Evaluated, evaluate
from tests.planted import Plant


@pytest.fixture(scope="session")
def example_again(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """A copy of the same study evaluated elsewhere, everything shown, the officers' version made.

    Its `current` stays; tests may plant faults in the copied folder and run it again.
    """
    home = tmp_path_factory.mktemp("second")
    run = evaluate(
        shutil.copytree(EXAMPLE, home / "raw" / "example"),
        home / "data_marts",
        "--verbose",
        "--officers",
    )
    assert run.status == 0, run.stderr
    return run


@pytest.fixture(scope="session")
def failed(example: Evaluated, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """A run that stopped, after one that did not: a pupil twice, and a code that nobody knows."""
    home = tmp_path_factory.mktemp("failed")
    folder = shutil.copytree(example.folder, home / "raw" / "example")
    marts = shutil.copytree(example.paths.marts, home / "data_marts", symlinks=True)
    (marts / "example" / ".work" / "study_folder.txt").write_text(f"{folder}\n", encoding="utf-8")
    plant = Plant(folder)
    number = plant.cell("ks2_pupils_2018.csv", 11, "UPN")
    plant.cells("ks2_pupils_2018.csv", {(12, "SEN"): "QQ", (40, "UPN"): number})
    return evaluate(folder, marts)


@pytest.fixture
def study_copy(example_again: Evaluated) -> Path:
    """The folder of the second run as it was evaluated, whatever an earlier test planted in it."""
    shutil.rmtree(example_again.folder)
    return shutil.copytree(EXAMPLE, example_again.folder)


@pytest.fixture(scope="session", autouse=True)
def loaded_libraries() -> None:
    """Import what a step in this process needs: its own imports warn of modules Python is to lose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("great_expectations")
