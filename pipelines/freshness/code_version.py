"""The version of the code that makes a part: a hash of its modules, what they import, and files beside them.

Imports are read from the source text, so nothing has to be imported, and imports within functions count too.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pipelines.study.paths import PROJECT

_DISTRIBUTION = "ssif-impact-evaluation"
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(pipelines[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)"
    r"|import[ \t]+(pipelines[\w.]*))",
    re.MULTILINE,
)
# Folders of SELECTs that make one part each: they count for that part alone.
_OWN_SELECTS = tuple(PROJECT / "pipelines" / room for room in ("marts", "validation/relations"))
_OUTERMOST = "pipelines"
# What is code: modules, SQL, tables, templates, styles.
_CODE = frozenset({".py", ".sql", ".csv", ".j2", ".css", ".typ", ".js"})
_SHAPES = ("pipelines.catalogue", "pipelines.store.store")


def code_version(modules: Iterable[str], select: str = "") -> str:
    """Hash of the code of some modules, of all they import, of a SELECT, and of the libraries' versions."""
    digest = hashlib.sha256(f"{_libraries()}\n{_graph_version()}\n{select}\n".encode())
    for file in files_of(modules):
        digest.update(_file_version(file).encode())
    return digest.hexdigest()


@cache
def code_sha256() -> str:
    """Hash of all of the project's code when this process started."""
    digest = hashlib.sha256()
    for folder in ("pipelines", "assets"):
        for file in sorted((PROJECT / folder).rglob("*")):
            if file.suffix in _CODE:
                digest.update(f"{file.relative_to(PROJECT).as_posix()}\n".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def shape_version() -> str:
    """Hash of what decides how tables are stored; a store of another version cannot be used."""
    return code_version(_SHAPES)


@cache
def library_versions() -> dict[str, str]:
    """Versions of the libraries that the project asks for, and of Python."""
    asked = importlib.metadata.requires(_DISTRIBUTION) or []
    names = sorted({re.split(r"[^\w.-]", line)[0] for line in asked if "extra ==" not in line})
    versions = {name: importlib.metadata.version(name) for name in names}
    return {"python": ".".join(map(str, sys.version_info[:3])), **versions}


def files_of(modules: Iterable[str]) -> list[Path]:
    """Files of the modules and of all that they import, with the data files of their packages."""
    found = _closure(modules)
    sources = _sources()
    files = {sources[name] for name in found}
    for name in found:
        # Every file lies in the outermost package: each counts for its own room.
        if sources[name].name == "__init__.py" and name != _OUTERMOST:
            files.update(_data_files(sources[name].parent))
    return sorted(files)


def _closure(modules: Iterable[str]) -> set[str]:
    found: set[str] = set()
    to_read = list(modules)
    while to_read:
        name = to_read.pop()
        if name in found:
            continue
        found.add(name)
        # What the outermost package imports, it imports only when a reader asks for it.
        if name != _OUTERMOST:
            # Importing a module also runs the packages that it is in.
            to_read += [*_imports()[name], name.rpartition(".")[0]]
    return found


@cache
def _sources() -> dict[str, Path]:
    """Every module of `pipelines` by name."""
    sources = {}
    for file in (PROJECT / "pipelines").rglob("*.py"):
        parts = file.relative_to(PROJECT).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return sources


@cache
def _imports() -> dict[str, tuple[str, ...]]:
    """The modules of `pipelines` that each of them names in an import."""
    sources = _sources()
    imports = {}
    for name, file in sources.items():
        named: list[str] = []
        for package, members, module in _IMPORT.findall(file.read_text(encoding="utf-8")):
            named += [module, package]
            named += [f"{package}.{member}" for member in re.findall(r"\w+", members)]
        imports[name] = tuple(each for each in dict.fromkeys(named) if each in sources)
    return imports


@cache
def _data_files(package: Path) -> tuple[Path, ...]:
    """Files of a package that are no modules: SQL, tables, templates, styles."""
    return tuple(
        file
        for file in package.rglob("*")
        if file.suffix in _CODE - {".py"}
        and not (file.suffix == ".sql" and file.parent in _OWN_SELECTS)
    )


@cache
def _file_version(file: Path) -> str:
    content = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{file.relative_to(PROJECT).as_posix()} {content}\n"


@cache
def _libraries() -> str:
    return " ".join(f"{name} {version}" for name, version in library_versions().items())


@cache
def _graph_version() -> str:
    """The graph and the list of parts decide in which order, and with which options, parts are made."""
    folders = (PROJECT / "assets", Path(__file__).parent)
    return "".join(
        _file_version(file) for folder in folders for file in sorted(folder.glob("*.py"))
    )
