"""Conventions of the code: names, rooms, sizes, lock files, and what git must not contain."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from pipelines.study.paths import PROJECT

PACKAGES = ("pipelines", "assets")
FOLDERS = (*PACKAGES, "tests", "notebooks")
MODULES = sorted(path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py"))
PACKAGE_MODULES = [path for path in MODULES if path.relative_to(PROJECT).parts[0] in PACKAGES]
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
LONGEST_MODULE_LINES = 420
# A long list for looking up entries may be longer.
LISTS = {"raw.py": 520}


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_named_for_what_it_holds_and_says_so(module: Path) -> None:
    assert module.stem not in EMPTY_NAMES
    assert module.parent.name not in EMPTY_NAMES
    text = module.read_text(encoding="utf-8")
    if "app = marimo.App(" in text:
        assert "mo.md(" in text
    else:
        docstring = ast.get_docstring(ast.parse(text))
        assert docstring
        assert docstring.split("\n")[0].endswith((".", ",", ":", ";")) or "\n" in docstring


@pytest.mark.parametrize("module", PACKAGE_MODULES, ids=name_of)
def test_a_module_can_be_read_at_one_sitting(module: Path) -> None:
    n_lines = len(module.read_text(encoding="utf-8").splitlines())
    assert n_lines <= LISTS.get(module.name, LONGEST_MODULE_LINES)


@pytest.mark.parametrize("module", PACKAGE_MODULES, ids=name_of)
def test_only_the_command_line_and_its_progress_print(module: Path) -> None:
    printing = [
        node for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]  # fmt: skip
    if name_of(module) not in {"assets/cli.py", "assets/terminal.py", "assets/progress.py"}:
        assert printing == []


# Rooms of `pipelines`, lower ones first: a module imports only from its own room and lower ones.
ROOMS = (
    "errors", "study", "identity", "free_text", "catalogue", "store", "ingest", "protocol", "marts",
    "validation", "impact", "disclosure", "released", "planning", "document", "charts", "board",
    "officers", "freshness", "publishing", "alerts", "exploring", "example",
)  # fmt: skip


def imported_rooms(module: Path) -> set[str]:
    imports = [
        node.module
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    ]
    return {name.split(".")[1] for name in imports if name.startswith("pipelines.")}


def test_pipelines_has_no_room_that_is_not_in_the_order_and_no_loose_module() -> None:
    root = PROJECT / "pipelines"
    assert {path.parent.name for path in root.glob("*/__init__.py")} == set(ROOMS)
    assert [path.name for path in root.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("module", sorted((PROJECT / "pipelines").rglob("*/*.py")), ids=name_of)
def test_no_room_imports_from_a_higher_one(module: Path) -> None:
    room = module.relative_to(PROJECT).parts[1]
    lower = ROOMS[: ROOMS.index(room) + 1]
    assert imported_rooms(module) <= set(lower)


def test_the_rooms_are_described_in_their_order() -> None:
    text = (PROJECT / "pipelines" / "README.md").read_text(encoding="utf-8")
    table = text.split("\n## The rooms\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.M)) == ROOMS


LOCKS = ("requirements.lock", "requirements-page.lock", "requirements-test.lock")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: str) -> set[tuple[str, str]]:
    """Names and versions in a lock file; a name may have one version per Python."""
    text = (PROJECT / lock).read_text(encoding="utf-8")
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*?\])?==([^\s;]+)", text, re.M)
    return {(plain(name), version) for name, version in found}


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_holds_a_hash_for_every_requirement_and_no_address(name: str) -> None:
    lock = (PROJECT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert not re.search(r"^\s*-(i|-index-url|-extra-index-url|f|-find-links)\b", lock, re.M)
    requirements = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M)[1:]
    assert len(requirements) > 50
    for requirement in requirements:
        assert re.match(r"[\w.-]+(\[[\w,.-]+\])?==\S+", requirement), requirement.split("\n")[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), requirement.split("\n")[0]


def test_each_lock_covers_what_is_asked_for_and_no_more() -> None:
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    groups, extras = asked["dependency-groups"], asked["project"]["optional-dependencies"]
    wanted = {
        "run": [*asked["project"]["dependencies"], *groups["build"]],
        "page": extras["page"],
        "test": [
            *(entry for entry in groups["dev"] if isinstance(entry, str)),
            *extras["postgres"],
            *extras["kubernetes"],
        ],
    }
    names = {
        use: {plain(re.split(r"[^\w.-]", entry)[0]) for entry in entries}
        for use, entries in wanted.items()
    }
    run, page, test = map(locked, LOCKS)
    assert run < page < test
    assert names["run"] <= {name for name, _ in run}
    assert names["page"] <= {name for name, _ in page - run}
    assert names["test"] <= {name for name, _ in test - page} | {name for name, _ in run}
    assert not (names["page"] | {"pytest", "mypy", "uv"}) & {name for name, _ in run}
    assert len({name for name, _ in run}) < 100


@pytest.mark.parametrize(
    ("path", "is_kept_out"),
    [
        ("data_marts/spring-2019/released.csv", True),
        ("data_marts/.dagster/history/runs.db", True),
        ("data_raw/spring-2019/ks2_pupils.csv", True),
        ("data_raw/example/releases/2018-10-02/run.json", True),
        ("artefacts/example-1280.png", True),
        (".venv/bin/python", True),
        ("data_raw/example/study.toml", False),
        ("pipelines/store/store.py", False),
    ],
)
def test_git_holds_no_output_and_no_pupil(path: str, is_kept_out: bool) -> None:
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--quiet", path], cwd=PROJECT, check=False
    )
    assert done.returncode == (0 if is_kept_out else 1)


def test_there_is_a_readme() -> None:
    assert (PROJECT / "README.md").stat().st_size > 0
