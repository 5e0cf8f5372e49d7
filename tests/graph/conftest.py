"""Further runs of the example study, each made once per session, because evaluating takes long."""

import importlib
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from pipelines.study.paths import EXAMPLE
from tests.evaluated import Evaluated, evaluate, evaluate_here
from tests.many_authorities import HISTORY_URL
from tests.planted import Plant
from tests.postgres_server import programs, server


@pytest.fixture(scope="session")
def example_again(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """A copy of the study, evaluated elsewhere with verbose output and the officers' version.

    Its `current` stays unchanged; tests may plant faults in the copied folder and run it again.
    """
    home = tmp_path_factory.mktemp("second")
    run = evaluate_here(
        shutil.copytree(EXAMPLE, home / "raw" / "example"),
        home / "data_marts",
        "--verbose",
        "--officers",
    )
    assert run.status == 0, run.stderr
    return run


@pytest.fixture(scope="session")
def failed(example: Evaluated, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """A run that stopped after a successful one, because of a repeated pupil and an unknown code."""
    home = tmp_path_factory.mktemp("failed")
    folder = shutil.copytree(example.folder, home / "raw" / "example")
    marts = shutil.copytree(example.paths.marts, home / "data_marts", symlinks=True)
    (marts / "example" / ".work" / "study_folder.txt").write_text(f"{folder}\n", encoding="utf-8")
    plant = Plant(folder)
    number = plant.cell("ks2_pupils_2018.csv", 20, "UPN")
    plant.cells("ks2_pupils_2018.csv", {(10, "SEN"): "QQ", (12, "SEN"): "QQ", (31, "UPN"): number})
    return evaluate(folder, marts)


@pytest.fixture
def study_copy(example_again: Evaluated) -> Path:
    """The folder of the second run as evaluated, without faults planted by earlier tests."""
    shutil.rmtree(example_again.folder)
    return shutil.copytree(EXAMPLE, example_again.folder)


@pytest.fixture(scope="session", autouse=True)
def loaded_libraries() -> None:
    """Import the libraries of a step beforehand, because their imports raise deprecation warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("great_expectations")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of an empty database of a PostgreSQL server of these tests' own."""
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed (Debian's package postgresql)")
    with server(folder) as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, emptied, and named by the variable that `dagster.yaml` reads."""
    engine = sqlalchemy.create_engine(postgres_server)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    monkeypatch.setenv(HISTORY_URL, postgres_server)
    return postgres_server
