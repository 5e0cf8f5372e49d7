"""The notebook runs completely on released tables and cannot change them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import jupytext
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from pipelines.study.paths import PROJECT
from tests.released_fixture import released_tables

NOTEBOOK = PROJECT / "notebooks" / "explore.py"
PATH_LINE = "RELEASED = "
WRITING = "con.execute('CREATE TABLE released.mine (number INTEGER)')"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "released.duckdb"
    with closing(duckdb.connect(str(path))) as con:
        for name, frame in released_tables().items():
            con.register("frame", frame)
            con.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
            con.unregister("frame")
    return path


def notebook_over(released: Path) -> NotebookNode:
    """The committed notebook, except the line with the file's location."""
    text = NOTEBOOK.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert sum(line.startswith(PATH_LINE) for line in lines) == 1
    ours = [
        f"{PATH_LINE}{str(released)!r}" if line.startswith(PATH_LINE) else line for line in lines
    ]
    notebook: NotebookNode = jupytext.reads("\n".join(ours), fmt="py:percent")
    return notebook


def run(notebook: NotebookNode) -> NotebookNode:
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # the kernel's client has warnings of its own
        return NotebookClient(notebook, timeout=120, kernel_name="python3").execute()


@pytest.fixture(scope="module")
def executed(released: Path) -> NotebookNode:
    return run(notebook_over(released))


def test_every_cell_ran_and_tables_and_the_chart_are_shown(executed):
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 1
    assert kinds.count("text/html") >= 8
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert all(f"{name} " in printed for name in released_tables())


def test_what_is_shown_is_what_the_file_holds(executed):
    shown = "".join(
        output.data["text/html"]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    )
    tables = released_tables()
    headline = tables["impact"][tables["impact"]["role"] == "headline"]
    for value in headline["ci_low"].dropna().round(3):
        assert f"{value:g}" in shown
    assert all(reason in shown for reason in tables["not_yet_published"]["reason"])


def test_the_file_is_opened_read_only(released):
    before = hashlib.sha256(released.read_bytes()).hexdigest()
    notebook = notebook_over(released)
    opened = next(i for i, cell in enumerate(notebook.cells) if "duckdb.connect" in cell.source)
    notebook.cells = [*notebook.cells[: opened + 1], new_code_cell(WRITING)]
    with pytest.raises(Exception, match="read-only mode"):
        run(notebook)
    assert hashlib.sha256(released.read_bytes()).hexdigest() == before


@pytest.fixture
def own_copy() -> Iterator[Path]:
    copy = PROJECT / "data_marts" / "explore_of_a_test.ipynb"
    copy.write_text("an analyst's work", encoding="utf-8")
    yield copy
    copy.unlink()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_analysts_copy_is_never_overwritten(own_copy: Path):
    done = subprocess.run(
        ["make", "notebook", "STUDY=data_raw/of_a_test"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode
    assert f"{own_copy.relative_to(PROJECT)} is there and may hold your work" in done.stdout
    assert own_copy.read_text(encoding="utf-8") == "an analyst's work"
