"""No pupil of the example appears in anything that a run leaves: outputs, logs, Dagster's storage.

Containers are opened: DuckDB and SQLite by SQL, parquet as a table; images in a page or in
Dagster's metadata are decoded, and compressed cells of Dagster's storage are unpacked.
"""

import base64
import csv
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import assets.cli
from pipelines.ingest.registration import file_sha256
from pipelines.study.paths import EXAMPLE
from tests.evaluated import Evaluated

# Shorter names may be ordinary words.
SHORTEST_NAME = 5
UPN = re.compile(r"[A-Z][0-9]{11}[0-9A-Z]", re.I)
WORD = re.compile(rf"[^\W\d_]{{{SHORTEST_NAME},}}")
DATE = re.compile(
    r"(?<![\d.])(?:\d{1,2}([/. -])\d{1,2}\1(?:\d{4}|\d\d)|\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{8})(?!\d)"
)
ENCODED = re.compile(r"base64,([A-Za-z0-9+/=\s]+)")
DOB_FORMS = (
    "%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%y",
    "%d-%m-%y", "%d.%m.%y", "%Y%m%d", "%d%m%Y", "%m/%d/%Y",
)  # fmt: skip


@dataclass(frozen=True)
class Pupils:
    """Every identifier of the pupils in some files, in lower case."""

    numbers: frozenset[str]
    names: frozenset[str]
    dates: frozenset[str]

    def found_in(self, text: str) -> set[str]:
        """Identifiers in a text; embedded images are decoded and searched too."""
        found = {n.casefold() for n in UPN.findall(text)} & self.numbers
        found |= {word.casefold() for word in WORD.findall(text)} & self.names
        found |= {match[0] for match in DATE.finditer(text)} & self.dates
        for encoded in ENCODED.findall(text):
            plain = re.sub(r"[\s=]", "", encoded)
            # In a database file the text may be cut anywhere.
            inner = base64.b64decode(plain[: len(plain) // 4 * 4])
            found |= self.found_in(inner.decode("utf-8", errors="replace"))
        return found


@cache
def pupils() -> Pupils:
    frames = [
        pd.read_csv(path, dtype=str)
        for path in sorted(EXAMPLE.glob("ks?_*.csv"))
        if "UPN" in path.read_text(encoding="utf-8").split("\n", 1)[0]
    ]
    assert len(frames) == 6
    everyone = pd.concat(frames)
    others = " ".join(
        path.read_text(encoding="utf-8")
        for path in EXAMPLE.iterdir()
        if not path.name.startswith("ks")
    )
    words = {word.casefold() for word in WORD.findall(others)}
    days = {match[0] for match in DATE.finditer(others)}
    born = pd.concat(
        [pd.to_datetime(frame["DOB"], dayfirst="/" in frame["DOB"].iloc[0]) for frame in frames]
    )
    names = {name.casefold() for name in {*everyone["SURNAME"], *everyone["FORENAME"]}}
    in_use = pd.to_datetime(pd.Series(sorted(days)), errors="coerce", format="mixed", dayfirst=True)
    days_of_birth = born[~born.isin(in_use)].drop_duplicates()
    return Pupils(
        numbers=frozenset(everyone["UPN"].str.casefold()),
        names=frozenset(name for name in names - words if len(name) >= SHORTEST_NAME),
        dates=frozenset(form for f in DOB_FORMS for form in days_of_birth.dt.strftime(f)) - days,
    )


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The contents of a file as (where, text): its bytes, and its cells if it is a container."""
    content = path.read_bytes()
    yield "bytes", content.decode("utf-8", errors="replace")
    if path.suffix == ".parquet":
        yield "table", pd.read_parquet(path).to_csv()
    elif path.suffix == ".duckdb":
        yield from duckdb_tables(path)
    elif content.startswith(b"SQLite format 3"):
        yield from sqlite_tables(path)


def duckdb_tables(path: Path) -> Iterator[tuple[str, str]]:
    with closing(duckdb.connect(str(path), read_only=True)) as con:
        names = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, name in names:
            rows = con.execute(f'SELECT CAST(COLUMNS(*) AS VARCHAR) FROM "{schema}"."{name}"')
            text = "\n".join("\t".join(cell or "" for cell in row) for row in rows.fetchall())
            yield f"{schema}.{name}", text


def sqlite_tables(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        names = con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            for row in con.execute(f'SELECT * FROM "{name}"'):
                yield name, "\t".join(cell_text(cell) for cell in row)


def cell_text(cell: object) -> str:
    if not isinstance(cell, bytes):
        return str(cell)
    with suppress(zlib.error):
        cell = zlib.decompress(cell)
    return cell.decode("utf-8", errors="replace")


def found_below(folder: Path) -> dict[str, set[str]]:
    """Places below a folder, without following links, where a pupil of the example is found."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for where, text in texts_of(path):
                who = pupils().found_in(text)
                if who:
                    found.setdefault(f"{path.relative_to(folder)} {where}", set()).update(who)
    return found


@pytest.fixture(scope="module")
def a_pupil() -> dict[str, str]:
    with (EXAMPLE / "ks2_pupils_2018.csv").open(encoding="utf-8", newline="") as lines:
        return next(csv.DictReader(lines))


def test_the_search_knows_every_pupil() -> None:
    known = pupils()
    assert len(known.numbers) > 10_000
    assert len(known.names) > 1_000
    assert len(known.dates) > 10_000


@pytest.mark.parametrize("what", ["UPN", "SURNAME", "FORENAME", "DOB"])
def test_a_planted_pupil_is_found_in_every_container(
    a_pupil: dict[str, str], what: str, tmp_path: Path
) -> None:
    text = f"the cell holds “{a_pupil[what]}”, of 8 pupils"
    (tmp_path / "log.txt").write_text(text, encoding="utf-8")
    picture = base64.b64encode(f"<svg><text>{text}</text></svg>".encode()).decode()
    (tmp_path / "page.html").write_text(f'<img src="data:image/svg+xml;base64,{picture}">')
    pd.DataFrame({"cell": [text]}).to_parquet(tmp_path / "table.parquet", compression="zstd")
    with closing(duckdb.connect(str(tmp_path / "store.duckdb"))) as con:
        con.execute("CREATE SCHEMA released; CREATE TABLE released.plant (cell VARCHAR)")
        con.execute("INSERT INTO released.plant VALUES (?)", [text])
    with closing(sqlite3.connect(tmp_path / "runs.db")) as lite:
        lite.execute("CREATE TABLE snapshots (body BLOB)")
        lite.execute("INSERT INTO snapshots VALUES (?)", [zlib.compress(text.encode())])
        lite.commit()
    found_in = {place.split(" ")[0] for place in found_below(tmp_path)}
    assert found_in == {"log.txt", "page.html", "table.parquet", "store.duckdb", "runs.db"}


def test_a_date_of_birth_is_found_as_the_store_writes_dates(
    a_pupil: dict[str, str], tmp_path: Path
) -> None:
    day, month, year = a_pupil["DOB"].split("/")
    with closing(duckdb.connect(str(tmp_path / "store.duckdb"))) as con:
        con.execute(f"CREATE TABLE plant AS SELECT DATE '{year}-{month}-{day}' AS born")
    assert list(found_below(tmp_path)) == ["store.duckdb main.plant"]


def test_no_pupil_in_what_a_run_leaves(example: Evaluated) -> None:
    assert {path.suffix for path in example.paths.marts.rglob("*")} >= {
        *(".csv", ".parquet", ".duckdb", ".svg", ".png", ".html", ".json", ".db"),
    }
    assert found_below(example.paths.marts) == {}


def test_no_pupil_in_what_officers_read(example_again: Evaluated) -> None:
    officers = example_again.paths.restricted
    assert list(officers.glob("*/officers/index.html")) != []
    assert found_below(officers) == {}


def test_no_pupil_in_what_a_run_prints(example: Evaluated, example_again: Evaluated) -> None:
    for run in (example, example_again):
        assert pupils().found_in(run.stdout + run.stderr) == set()


def test_no_pupil_in_what_a_failed_run_leaves_and_prints(
    failed: Evaluated, capfd: pytest.CaptureFixture[str]
) -> None:
    assert failed.status == 1
    assert pupils().found_in(failed.stdout + failed.stderr) == set()
    # Again, including everything Dagster logs about a failure.
    marts = str(failed.paths.marts)
    arguments = ["evaluate", str(failed.folder), "--data-marts", marts, "--verbose"]
    assert assets.cli.main(arguments) == 1
    printed = capfd.readouterr()
    assert "STEP_FAILURE" in printed.err or "ASSET_CHECK_EVALUATION" in printed.err
    assert pupils().found_in(printed.out + printed.err) == set()
    assert failed.paths.pupils.is_file()
    assert list(failed.paths.faults.glob("*.json")) != []
    assert found_below(failed.paths.marts) == {}


def test_the_files_of_the_study_are_only_read(example: Evaluated) -> None:
    protocol = (example.folder / "study.toml").read_text(encoding="utf-8")
    registered = dict(re.findall(r'file = "(.+)"[^\[]*?sha256 = "(.+)"', protocol))
    assert len(registered) == len(list(example.folder.glob("*.csv")))
    for name, sha256 in registered.items():
        assert file_sha256(example.folder / name) == sha256
