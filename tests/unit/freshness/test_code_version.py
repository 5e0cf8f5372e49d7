"""The code of a part is all that runs, and all that is read, while it is made."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from pipelines.errors import fault
from pipelines.freshness import code_version
from pipelines.freshness.code_version import files_of, library_versions
from pipelines.freshness.parts import PARTS
from pipelines.study.paths import PROJECT, StudyPaths
from tests.fleet.files import write_study
from tests.fleet.seeds import draw_study
from tests.remaking import remake

ROOMS = PROJECT / "pipelines"
OUTERMOST = ROOMS / "__init__.py"
SEED_WITH_PUPILS = 24


def imports_of(file: Path) -> Iterator[str]:
    """By Python's own parser: the modules of `pipelines` that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def file_of(module: str) -> Path | None:
    path = PROJECT.joinpath(*module.split("."))
    found = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return found[0] if found else None


def test_whatever_a_part_imports_is_in_its_code() -> None:
    named = {
        file: {file_of(name) for name in imports_of(file) if name.startswith("pipelines.")} - {None}
        for file in ROOMS.rglob("*.py")
        if file != OUTERMOST
    }
    for modules in dict.fromkeys(part.modules for part in PARTS.values()):
        files = set(files_of(modules))
        assert OUTERMOST in files
        for file in files & named.keys():
            assert named[file] <= files, (modules, file)


def test_the_outermost_package_imports_nothing_by_itself() -> None:
    body = ast.parse(OUTERMOST.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("pipelines")


def test_a_part_has_no_code_of_another() -> None:
    board = set(files_of(PARTS["board.board"].modules))
    assert ROOMS / "board" / "limits.py" in board
    assert ROOMS / "document" / "document.css" in board
    methods = set(files_of(PARTS["charts.methods"].modules))
    assert ROOMS / "charts" / "methods.py" in methods
    assert ROOMS / "charts" / "priorities.py" not in methods
    for name, part in PARTS.items():
        rooms = {file.relative_to(ROOMS).parts[0] for file in files_of(part.modules)}
        assert "publishing" not in rooms
        assert "example" not in rooms
        if not name.startswith("board."):
            assert "board" not in rooms
        # Nor files of a room that it does not import: how a document looks changes no table.
        assert "officers" not in rooms
        if not part.writes_files:
            assert "document" not in rooms


def test_a_select_of_one_mart_counts_for_that_mart_alone() -> None:
    assert ROOMS / "marts" / "cell.sql" not in files_of(PARTS["mart.cell"].modules)
    assert "SELECT" in PARTS["mart.cell"].select
    assert PARTS["mart.cell"].code_version != PARTS["mart.outcome"].code_version


# Commands of their own, and what stands around the parts; `publish` always runs.
ROOMS_OF_NO_PART = {
    "alerts",
    "example",
    "exploring",
    "freshness",
    "officers",
    "planning",
    "publishing",
}
# What the terminal says, what `ssif new` and `ssif validate` write, and what a study could detect.
FILES_OF_NO_PART = [
    "board/plan_files.py",
    "board/plan_page.py",
    "board/terminal.py",
    "charts/schools_and_years.py",
    "errors/machine.py",
    "marts/on_spark.py",
    "protocol/new_study.py",
    "store/fault_list.py",
    "store/folder_note.py",
    "validation/faults_csv.py",
    "validation/folder.py",
    "validation/what_was_checked.py",
]


def test_every_other_file_is_code_of_some_part() -> None:
    covered = {file for part in PARTS.values() for file in files_of(part.modules)}
    selects = {ROOMS / "marts", ROOMS / "validation" / "relations"}
    missing = [
        file.relative_to(ROOMS).as_posix()
        for file in ROOMS.rglob("*")
        if file.is_file() and file.suffix not in {".md", ".pyc"}
        if file not in covered and not (file.suffix == ".sql" and file.parent in selects)
    ]
    others = [name for name in missing if name.split("/")[0] not in ROOMS_OF_NO_PART]
    assert sorted(others) == FILES_OF_NO_PART


def test_libraries_are_those_that_the_project_asks_for() -> None:
    versions = library_versions()
    assert {"python", "duckdb", "great-expectations", "typst", "pikepdf", "jinja2"} <= set(versions)
    assert "dagster-webserver" not in versions


def test_another_version_of_a_library_is_another_version_of_every_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = code_version.code_version(["pipelines.marts"])
    monkeypatch.setattr(code_version, "_libraries", lambda: "duckdb 9.9")
    assert code_version.code_version(["pipelines.marts"]) != before


def test_one_byte_of_a_file_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_version.code_version(["pipelines.errors.fault"])
    real = code_version._file_version
    monkeypatch.setattr(
        code_version,
        "_file_version",
        lambda file: real(file) + ("x" if str(file) == fault.__file__ else ""),
    )
    assert code_version.code_version(["pipelines.errors.fault"]) != before


def test_all_code_that_runs_and_all_files_that_are_read_are_a_parts_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watched while each part of a drawn study is made: functions that are called, files that are opened."""
    seen: dict[str, set[Path]] = {}
    at_work: list[str] = []

    def watch_calls(frame: object, event: str, _arg: object) -> None:
        code: CodeType = frame.f_code  # type: ignore[attr-defined]
        if at_work and event == "call" and code.co_filename.startswith(str(ROOMS)):
            seen[at_work[-1]].add(Path(code.co_filename))

    def watch_files(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and at_work and str(arguments[0]).startswith(str(ROOMS)):
            seen[at_work[-1]].add(Path(str(arguments[0])))

    for name, part in PARTS.items():
        if part.make is None:
            continue

        def make(con, study, paths, name=name, real=part.make):  # type: ignore[no-untyped-def]
            seen[name] = set()
            at_work.append(name)
            sys.setprofile(watch_calls)
            threading.setprofile(watch_calls)
            try:
                real(con, study, paths)
            finally:
                sys.setprofile(None)
                threading.setprofile(None)  # type: ignore[arg-type]
                at_work.pop()

        monkeypatch.setitem(part.__dict__, "make", make)
    sys.addaudithook(watch_files)
    folder = write_study(draw_study(SEED_WITH_PUPILS), tmp_path)
    remake(folder, StudyPaths(tmp_path / "marts", folder.name))
    assert set(seen) == {name for name, part in PARTS.items() if part.make}
    for name, files in seen.items():
        # How parts are made, and where their files lie, counts for all of them.
        around = {ROOMS / "freshness" / "parts.py", ROOMS / "study" / "paths.py"}
        own = {*files_of(PARTS[name].modules), *around}
        selects = {file for file in files if file.suffix == ".sql" and file.parent.name == "marts"}
        assert {file.read_text(encoding="utf-8") for file in selects} <= {PARTS[name].select}, name
        code = {file for file in files - selects if file.suffix != ".pyc"}
        assert code <= own, (name, sorted(code - own))
        assert code, name
