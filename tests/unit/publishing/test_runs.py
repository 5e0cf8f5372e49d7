"""A run is published completely, from consistent parts and in one step, or nothing changes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from assets.terminal import print_headline
from pipelines.catalogue import IMPACT_TABLES, MART_TABLES, RELEASED_TABLES
from pipelines.errors.fault import StudyError
from pipelines.freshness import code_version
from pipelines.freshness import parts as freshness
from pipelines.freshness.made import MadeParts
from pipelines.freshness.parts import Part
from pipelines.officers.version import MARKING
from pipelines.publishing import identity, retention
from pipelines.publishing import runs as publishing
from pipelines.released.reading import NAMES, read_published
from pipelines.store import private, store
from tests.needed_tables import make_all
from tests.tiny_study import TinyStudy

BOARD = Part("board", ("pipelines.board",), writes_files=("board/index.html",))
CHARTS = Part("charts", ("pipelines.charts",), writes_files=("charts/gap.*",))
PARTS = (freshness.PARTS["protocol"], freshness.PARTS["released"], BOARD, CHARTS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Iterator[tuple[TinyStudy, duckdb.DuckDBPyConnection]]:
    tiny = TinyStudy(tmp_path_factory.mktemp("tiny"))
    with store.connect(tiny.paths) as con:
        make_all(con, tiny.write())
        yield tiny, con


@pytest.fixture
def ready(finished):
    """A study with every part made; changes by a test are undone afterwards."""
    tiny, con = finished
    study = tiny.write()
    for folder, file, text in (
        (tiny.paths.charts, "gap.svg", "<svg/>"),
        (tiny.paths.board, "index.html", "<html/>"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(text)
    made = MadeParts(con, tiny.paths)
    for part in PARTS:
        made.note(study, part)
    yield tiny, con, study
    for run in tiny.paths.runs.glob("*"):
        publishing.shutil.rmtree(run)
    tiny.paths.current.unlink(missing_ok=True)


def publish(tiny, con, study, **changes) -> Path:
    given = {"parts": PARTS, "n_checks": 9, **changes}
    return publishing.publish(con, study, tiny.paths, **given).folder


@contextmanager
def refused(tiny: TinyStudy) -> Iterator[pytest.ExceptionInfo[BaseException]]:
    """The run is stopped and published files stay identical."""
    before = (tiny.paths.current.readlink(), contents(tiny.paths.current))
    runs = {run.name for run in tiny.paths.runs.iterdir()}
    with pytest.raises(Exception) as raised:
        yield raised
    assert (tiny.paths.current.readlink(), contents(tiny.paths.current)) == before
    assert {run.name for run in tiny.paths.runs.iterdir()} == runs


def contents(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


# ------------------------------------------------------------------------------- published files


def test_a_run_holds_all_that_readers_need(ready):
    tiny, con, study = ready
    run = publish(tiny, con, study)
    assert run.parent == tiny.paths.runs
    assert tiny.paths.current.resolve() == run.resolve()
    assert {file.name for file in run.iterdir()} == {
        "released.duckdb",
        "released",
        "charts",
        "board",
        "run.json",
    }
    expected = {f"{name}.{form}" for name in NAMES for form in ("csv", "parquet")}
    expected |= {"dictionary.html", "dictionary.csv"}
    assert {file.name for file in (run / "released").iterdir()} == expected
    assert (run / "charts" / "gap.svg").read_text() == "<svg/>"
    assert (run / "board" / "index.html").read_text() == "<html/>"


def test_released_tables_are_read_only_under_the_name_released(ready):
    tiny, con, study = ready
    file = publish(tiny, con, study) / "released.duckdb"
    with closing(duckdb.connect(str(file), read_only=True)) as reader:
        count = "SELECT count(*) FROM released.impact"
        assert reader.execute(count).fetchone() == con.execute(count).fetchone()
        assert reader.execute("SELECT count(*) FROM impact").fetchone() != (0,)
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            reader.execute("DELETE FROM released.impact")
        tables = reader.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert {name for (name,) in tables} == set(NAMES)
    frames = read_published(file)
    assert list(frames) == list(NAMES)
    assert frames["study"]["study"].tolist() == ["tiny"]


def test_restricted_tables_are_for_officers_only(ready):
    tiny, con, study = ready
    run = publish(tiny, con, study)
    file = tiny.paths.restricted_current / "restricted.duckdb"
    assert file.resolve().parent == tiny.paths.restricted / run.name
    assert tiny.paths.restricted.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o400
    with closing(duckdb.connect(str(file), read_only=True)) as reader:
        found = reader.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        assert set(found) == {(t.schema, t.name) for t in (*MART_TABLES, *IMPACT_TABLES)}


@pytest.mark.parametrize("which", ["released", "restricted"])
def test_a_file_says_what_its_tables_and_columns_are_and_holds_their_keys(ready, which):
    tiny, con, study = ready
    run = publish(tiny, con, study)
    file = {
        "released": run / "released.duckdb",
        "restricted": tiny.paths.restricted_current / "restricted.duckdb",
    }[which]
    tables = {"released": RELEASED_TABLES, "restricted": (*MART_TABLES, *IMPACT_TABLES)}[which]
    schemas = {t: "main" if which == "released" else t.schema for t in tables}
    with closing(duckdb.connect(str(file), read_only=True)) as reader:
        comments = reader.execute(
            "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
            "WHERE database_name = $name",
            {"name": which},
        ).fetchall()
        of_tables = reader.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
        keys = {
            (schema, table): (kind, tuple(columns))
            for schema, table, kind, columns in reader.execute(
                "SELECT schema_name, table_name, constraint_type, constraint_column_names "
                "FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE')"
            ).fetchall()
        }
        for table in tables:
            name = f"{schemas[table]}.{table.name}"
            stored = f"SELECT * FROM store.{table.full_name}"
            there, made = reader.execute(f"FROM {name}").df(), con.execute(stored).df()
            assert there.equals(made[list(there.columns)]), name
            assert list(there.columns) == [column.name for column in table.columns]
    assert {entry[:3]: entry[3] for entry in comments} == {
        (schemas[table], table.name, column.name): column.in_words
        for table in tables
        for column in table.columns
    }
    assert set(of_tables) == {(table.name, f"A row is {table.grain}.") for table in tables}
    assert {place: columns for place, (_, columns) in keys.items()} == {
        (schemas[table], table.name): table.key for table in tables if table.key
    }
    blank_allowed = {("main", "enrolment"), ("main", "data_check"), ("main", "verdict_change")}
    unique = {place for place, (kind, _) in keys.items() if kind == "UNIQUE"}
    assert unique == (blank_allowed if which == "released" else set())


def test_no_pupil_row_is_in_a_run(ready):
    tiny, con, study = ready
    run = publish(tiny, con, study)
    files = [*run.rglob("*"), *tiny.paths.restricted.rglob("*")]
    content = b"".join(file.read_bytes() for file in files if file.is_file())
    assert b"sen_support" in content, "the search would find what is there"
    for secret in (b"Quillfeather", b"Marigold", b"A799200118001", b"pupil_key"):
        assert secret not in content


def test_run_json_says_what_went_in_and_came_out(ready):
    tiny, con, study = ready
    run = publish(tiny, con, study)
    text = (run / "run.json").read_text(encoding="utf-8")
    said = json.loads(text)
    assert said["run"] == run.name
    assert said["study"] == "tiny"
    assert said["protocol_sha256"] == study.protocol_sha256
    assert said["checks_passed"] == 9
    assert said["warnings"] == {}
    rows = {entry["source_id"]: entry for entry in said["rows_in"]}
    assert [rows["ks2_2018.csv"][f"n_rows_{what}"] for what in ("in", "kept", "set_aside")] == [
        8,
        7,
        1,
    ]
    assert said["rows_set_aside"] == [
        {"source_id": "ks2_2018.csv", "reason": "not at the end of the key stage", "n_rows": 1}
    ]
    assert said["rows_out"]["released.study"] == 1
    assert said["rows_withheld"]["comparison"] > 0
    assert set(said["libraries"]) >= {"duckdb", "numpy", "scipy"}
    listed = contents(run)
    del listed["run.json"]
    assert said["files_sha256"] == listed
    assert str(tiny.parent) not in text


# ---------------------------------------------------------------------------- the officers' version


def test_the_officers_version_is_made_only_when_asked_for_and_changes_nothing_else(ready):
    tiny, con, study = ready
    without = publish(tiny, con, study)
    with_it = publish(tiny, con, study, has_officers_page=True)
    assert without != with_it
    restricted = {run: tiny.paths.restricted / run.name for run in (without, with_it)}
    page = restricted[with_it] / "officers" / "index.html"
    assert MARKING in page.read_text(encoding="utf-8")
    assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o400, 0o700)
    for folder in ("board", "charts", "released"):
        assert contents(without / folder) == contents(with_it / folder)
    assert set(contents(with_it)) == set(contents(without))
    always = {"restricted.duckdb", "dictionary.html", "dictionary.csv"}
    assert set(contents(restricted[without])) == always
    assert set(contents(restricted[with_it])) == {*always, "officers/index.html"}
    listed = json.loads((with_it / "run.json").read_text(encoding="utf-8"))["restricted_sha256"]
    assert listed == contents(restricted[with_it])


def test_a_later_run_without_it_takes_it_out_of_what_officers_see(ready):
    tiny, con, study = ready
    publish(tiny, con, study, has_officers_page=True)
    assert (tiny.paths.restricted_current / "officers" / "index.html").is_file()
    publish(tiny, con, study)
    assert not (tiny.paths.restricted_current / "officers").exists()


def test_wrong_permissions_of_a_run_are_restored(ready):
    tiny, con, study = ready
    run = publish(tiny, con, study, has_officers_page=True)
    restricted = tiny.paths.restricted / run.name
    closed = {
        tiny.paths.restricted: 0o700,
        restricted / "officers": 0o700,
        restricted / "officers" / "index.html": 0o400,
        restricted / "restricted.duckdb": 0o400,
    }
    for path in closed:
        path.chmod(0o755)
    assert publish(tiny, con, study, has_officers_page=True) == run
    assert {path: path.stat().st_mode & 0o777 for path in closed} == closed


def test_a_changed_officers_version_is_made_again(ready):
    tiny, con, study = ready
    publish(tiny, con, study, has_officers_page=True)
    page = tiny.paths.restricted_current / "officers" / "index.html"
    _overwrite(page, "<html>tampered</html>")
    publish(tiny, con, study, has_officers_page=True)
    assert MARKING in page.read_text(encoding="utf-8")


def test_the_officers_version_is_deleted_with_its_run(ready):
    tiny, con, study = ready
    first = publish(tiny, con, study)
    (tiny.paths.restricted / ".cut-off.building").mkdir()
    shutil.rmtree(first)
    second = publish(tiny, con, study, has_officers_page=True)
    names = {path.name for path in tiny.paths.restricted.iterdir()}
    assert names == {second.name, "current"}


def test_shared_files_can_be_read_and_not_written_and_hold_nothing_restricted(ready):
    tiny, con, study = ready
    with private.private_files():
        run = publish(tiny, con, study, has_officers_page=True)
    for path in (run, *run.rglob("*")):
        most = 0o777 if path.is_dir() else 0o444
        assert path.stat().st_mode & 0o777 == most & ~private.USUAL_MASK
        assert path.name not in {"restricted.duckdb", "officers"}


OPENS_TO_WRITE = """
import sys, duckdb
try:
    con = duckdb.connect(sys.argv[1])
except duckdb.IOException:
    print("refused", flush=True)
else:
    print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def opened_elsewhere(file: Path) -> Iterator[str]:
    """Another process opens a file as DuckDB does unless asked otherwise; yields `open` or `refused`."""
    command = [sys.executable, "-c", OPENS_TO_WRITE, str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        yield other.stdout.readline().strip()
        other.communicate()


def test_a_reader_who_opens_a_run_to_write_keeps_nothing_from_being_published(ready, capsys):
    tiny, con, study = ready
    first = publish(tiny, con, study)
    before = contents(first)
    file = tiny.paths.current / "released.duckdb"
    with opened_elsewhere(file) as answer:
        # An administrator may write whatever the file says.
        assert answer == ("open" if os.access(file, os.W_OK) else "refused")
        print_headline(tiny.paths)
        assert publish(tiny, con, study) == first
        second = publish(tiny, con, study, has_officers_page=True)
    assert "The board pack:" in capsys.readouterr().out
    assert tiny.paths.current.resolve() == second
    assert contents(first) == before


def test_a_run_whose_files_somebody_reads_is_deleted_later(ready, monkeypatch):
    """As on Windows, which keeps files that are open."""
    tiny, con, study = ready
    runs = []
    for n in range(retention.RUNS_KEPT + 1):
        monkeypatch.setattr(identity, "code_sha256", lambda n=n: f"code {n}")
        if n == retention.RUNS_KEPT:
            with monkeypatch.context() as held:
                held.setattr(shutil, "rmtree", _refuse)
                runs.append(publish(tiny, con, study))
            assert runs[0].is_dir()
        runs.append(publish(tiny, con, study))
    assert not runs[0].is_dir()


def _overwrite(file: Path, text: str) -> None:
    """Change a file of a run, against its permissions."""
    file.chmod(0o600)
    file.write_text(text)


def _refuse(folder: Path) -> None:
    raise PermissionError(errno.EACCES, "in use", str(folder))


# ---------------------------------------------------------------------------- consistency of parts


def test_a_changed_protocol_is_refused(ready):
    tiny, con, study = ready
    publish(tiny, con, study)
    changed = study.model_copy(update={"protocol_sha256": "0" * 64})
    with refused(tiny) as raised:
        publish(tiny, con, changed)
    (fault,) = raised.value.faults
    assert (fault.file, fault.problem) == (
        "study.toml",
        "study.toml has changed since this run began",
    )
    assert "make the whole study again" in fault.remedy


@pytest.mark.parametrize("change", ["a byte more", "gone"])
def test_a_changed_source_is_refused(ready, change):
    tiny, con, study = ready
    publish(tiny, con, study)
    source = tiny.folder / "ks2_2018.csv"
    if change == "gone":
        source.unlink()
    else:
        source.write_text(source.read_text() + "\n")
    with refused(tiny) as raised:
        publish(tiny, con, study)
    (fault,) = raised.value.faults
    assert fault.problem in {
        "a source file has changed since this run began",
        "the file is not there",
    }


def test_a_part_that_was_never_made_is_refused(ready):
    tiny, con, study = ready
    publish(tiny, con, study)
    with refused(tiny) as raised:
        others = [freshness.PARTS[name] for name in ("charts.methods", "charts.answer")]
        publish(tiny, con, study, parts=(*PARTS, *others))
    assert [fault.file for fault in raised.value.faults] == ["charts.answer", "charts.methods"]


def test_a_part_missing_from_the_records_is_refused(ready):
    tiny, con, study = ready
    publish(tiny, con, study)
    MadeParts(con, tiny.paths).forget(BOARD)
    with refused(tiny) as raised:
        publish(tiny, con, study)
    assert [fault.file for fault in raised.value.faults] == ["board"]


@pytest.mark.parametrize("column", ["inputs_sha256", "outputs_sha256"])
def test_a_part_made_from_something_older_or_changed_since_is_refused(ready, column):
    tiny, con, study = ready
    publish(tiny, con, study)
    con.execute(f"UPDATE protocol.made SET {column} = 'older' WHERE part = 'released'")
    with refused(tiny) as raised:
        publish(tiny, con, study)
    (fault,) = raised.value.faults
    assert fault.file == "released"
    assert isinstance(raised.value, StudyError)


# ------------------------------------------------------------------------------------- atomicity


def test_the_same_inputs_are_the_same_run_and_are_not_built_again(ready, monkeypatch):
    tiny, con, study = ready
    first = publish(tiny, con, study)
    before = contents(first)

    def never(*_: object) -> None:
        raise AssertionError("a whole run is not built again")

    monkeypatch.setattr(publishing, "_build", never)
    assert publish(tiny, con, study) == first
    assert contents(first) == before


def test_other_code_or_libraries_are_another_run(ready, monkeypatch):
    tiny, con, study = ready
    first = publish(tiny, con, study)
    monkeypatch.setattr(identity, "code_sha256", lambda: "other code")
    second = publish(tiny, con, study)
    assert second != first
    assert tiny.paths.current.resolve() == second.resolve()
    monkeypatch.setattr(identity, "library_versions", lambda: {"duckdb": "9.9"})
    assert publish(tiny, con, study) not in {first, second}


@pytest.mark.parametrize("damage", ["changed", "gone", "more", "no run.json", "broken run.json"])
def test_a_damaged_run_is_built_again(ready, damage):
    tiny, con, study = ready
    run = publish(tiny, con, study)
    names = set(contents(run))
    page = run / "board" / "index.html"
    if damage == "changed":
        _overwrite(page, "<html>tampered</html>")
    elif damage == "gone":
        page.unlink()
    elif damage == "more":
        (run / "released" / "more.csv").write_text("x")
    elif damage == "no run.json":
        (run / "run.json").unlink()
    else:
        _overwrite(run / "run.json", "{")
    assert publish(tiny, con, study) == run
    assert set(contents(run)) == names
    assert page.read_text() == "<html/>"
    assert identity.is_whole(run, tiny.paths.restricted / run.name)


def test_the_switch_is_one_rename(ready, monkeypatch):
    """`current` always points to a complete run: the link is made separately and renamed."""
    tiny, con, study = ready
    first = publish(tiny, con, study)
    monkeypatch.setattr(identity, "code_sha256", lambda: "other code")
    seen: list[tuple[Path, Path, bool]] = []
    rename = Path.replace

    def watched(self: Path, target: Path) -> Path:
        name = self.resolve().name
        whole = identity.is_whole(tiny.paths.runs / name, tiny.paths.restricted / name)
        seen.append((target, tiny.paths.current.resolve(), whole))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    second = publish(tiny, con, study)
    links = (tiny.paths.restricted_current, tiny.paths.current)
    assert seen == [(link, first.resolve(), True) for link in links], (
        "the new run was whole while the old one was current"
    )
    assert tiny.paths.current.resolve() == second.resolve()
    assert not tiny.paths.current.readlink().is_absolute(), "the folder may be moved as a whole"


def test_a_copy_left_where_the_link_belongs_is_replaced(ready):
    tiny, con, study = ready
    tiny.paths.current.mkdir()
    (tiny.paths.current / "old.txt").write_text("x")
    run = publish(tiny, con, study)
    assert tiny.paths.current.resolve() == run.resolve()


@pytest.mark.parametrize("step", ["_build", "_write_run_json", "_switch"])
def test_a_failure_leaves_current_as_it_was_and_nothing_half_done(ready, monkeypatch, step):
    tiny, con, study = ready
    publish(tiny, con, study)
    monkeypatch.setattr(identity, "code_sha256", lambda: "other code")

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(publishing, step, fail)
    before = (tiny.paths.current.readlink(), contents(tiny.paths.current))
    with pytest.raises(OSError, match="disk is full"):
        publish(tiny, con, study)
    assert (tiny.paths.current.readlink(), contents(tiny.paths.current)) == before
    assert not list(tiny.paths.runs.glob(".*"))
    monkeypatch.undo()
    assert publish(tiny, con, study).is_dir()


def test_a_missing_chart_folder_stops_the_run(ready, monkeypatch):
    tiny, con, study = ready
    publish(tiny, con, study)
    monkeypatch.setattr(identity, "code_sha256", lambda: "other code")
    publishing.shutil.rmtree(tiny.paths.charts)
    with refused(tiny) as raised:
        publish(tiny, con, study)
    assert [fault.file for fault in raised.value.faults] == ["charts"]


def test_the_store_is_usable_after_a_failure(ready, monkeypatch):
    """Files attached for copying are always detached."""
    tiny, con, study = ready
    monkeypatch.setattr(publishing, "RESTRICTED_TABLES", (RELEASED_TABLES[0], RELEASED_TABLES[0]))
    with pytest.raises(duckdb.CatalogException):
        publish(tiny, con, study)
    monkeypatch.undo()
    assert publish(tiny, con, study).is_dir()


def test_old_runs_are_deleted_and_the_current_one_never_is(ready, monkeypatch):
    tiny, con, study = ready
    names = []
    for number in range(retention.RUNS_KEPT + 2):
        monkeypatch.setattr(identity, "code_sha256", lambda number=number: f"code {number}")
        run = publish(tiny, con, study)
        os.utime(run, (1_000_000 + number, 1_000_000 + number))
        names.append(run.name)
    assert {run.name for run in tiny.paths.runs.iterdir()} == set(names[2:])
    # An old run that becomes current again counts as the newest.
    monkeypatch.setattr(identity, "code_sha256", lambda: "code 2")
    assert publish(tiny, con, study).name == names[2]
    monkeypatch.setattr(identity, "code_sha256", lambda: "code 99")
    publish(tiny, con, study)
    kept = {run.name for run in tiny.paths.runs.iterdir()}
    assert names[2] in kept
    assert names[3] not in kept
    assert tiny.paths.current.resolve().is_dir()


def test_the_fingerprint_of_the_code_is_of_the_code(tmp_path, monkeypatch):
    fingerprint = code_version.code_sha256.__wrapped__  # cached for the process
    before = fingerprint()
    assert fingerprint() == before == code_version.code_sha256()
    for folder in ("pipelines", "assets"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.sql").write_text("SELECT 1")
    monkeypatch.setattr(code_version, "PROJECT", tmp_path)
    one = fingerprint()
    (tmp_path / "assets" / "notes.txt").write_text("not code")
    assert fingerprint() == one != before
    (tmp_path / "assets" / "a.sql").write_text("SELECT 2")
    assert fingerprint() != one
