"""After any one change, only what follows from it is made again, and the result is that of a fresh run.

The study is drawn, and small; parts are made as by the graph's steps, without Dagster.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest

from pipelines.catalogue import RELEASED_TABLES
from pipelines.charts import gallery
from pipelines.freshness import code_version
from pipelines.freshness.code_version import files_of
from pipelines.freshness.made import MadeParts
from pipelines.freshness.parts import PARTS, tables_in
from pipelines.ingest.registration import file_sha256
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.study.paths import PROJECT, StudyPaths
from tests.fleet.files import write_study
from tests.fleet.seeds import draw_study
from tests.remaking import PRINTED, Remade, remake

# Pupils of both key stages, and a file of almost every kind.
SEED = 24
ALL = frozenset(PARTS)
TABLES = ALL - PRINTED


@dataclass(frozen=True)
class Made:
    """A study that has been made, for a test to change."""

    folder: Path
    paths: StudyPaths

    def file(self, name: str) -> Path:
        return self.folder / name

    def replace(self, name: str, old: str, new: str) -> None:
        """Put other words into a file, once."""
        text = self.file(name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        self.file(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def rows(self, name: str, change: Callable[[list[str]], list[str]]) -> None:
        """Change the rows of a file below its headings."""
        first, *others = self.file(name).read_text(encoding="utf-8").splitlines()
        self.file(name).write_text("\n".join([first, *change(others)]) + "\n", encoding="utf-8")

    def sql(self, statement: str) -> None:
        """Change the store behind the project's back."""
        with closing(duckdb.connect(str(self.paths.store))) as con:
            con.execute(statement)

    def again(self, *, with_printed: bool = False) -> Remade:
        return remake(self.folder, self.paths, without=() if with_printed else PRINTED)

    def fresh(self, *, with_printed: bool = False) -> Remade:
        """The same study made from nothing."""
        elsewhere = StudyPaths(self.paths.marts / "fresh", self.paths.study)
        return remake(self.folder, elsewhere, without=() if with_printed else PRINTED)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    home = tmp_path_factory.mktemp("finished")
    folder = write_study(draw_study(SEED), home / "raw")
    paths = StudyPaths(home / "marts", folder.name)
    assert set(remake(folder, paths).made) == ALL
    yield Made(folder, paths)


@pytest.fixture(scope="module")
def unchanged(finished: Made) -> Remade:
    """A fresh run of the study as it is before any change."""
    return finished.fresh()


@pytest.fixture
def made(finished: Made, tmp_path: Path) -> Made:
    folder = shutil.copytree(finished.folder, tmp_path / "raw" / finished.folder.name)
    marts = shutil.copytree(finished.paths.marts, tmp_path / "marts")
    return Made(folder, StudyPaths(marts, folder.name))


def _contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def _pupil(made: Made) -> None:
    made.rows(
        "ks2_pupils_2016-17_provisional.csv",
        lambda rows: [rows[0].replace(",AS,105,", ",AS,119,"), *rows[1:]],
    )


def _two_pupils_change_places(made: Made) -> None:
    made.rows("ks4_pupils_2015-16_final.csv", lambda rows: [rows[1], rows[0], *rows[2:]])


def _pupil_gone(made: Made) -> None:
    made.rows("ks4_pupils_2016-17_revised.csv", lambda rows: rows[:-1])


def _absence_of_a_school(made: Made) -> None:
    made.rows(
        "attendance_2016-17_final.csv", lambda rows: [rows[0].replace(",6.3,", ",9.9,"), *rows[1:]]
    )


def _name_of_a_school(made: Made) -> None:
    made.replace("register.csv", "Alder Hill 1 School", "Alder Bank School")


def _school_closed(made: Made) -> None:
    made.rows("register.csv", lambda rows: [*rows[:-1], f"{rows[-1]}31-08-2016"])


def _link_gone(made: Made) -> None:
    made.rows("links.csv", lambda rows: rows[1:])


def _enrolment_gone(made: Made) -> None:
    made.rows("enrolments.csv", lambda rows: rows[:-1])


def _answer(made: Made) -> None:
    made.replace("evaluations.csv", "Strongly agree", "Strongly disagree")


def _question(made: Made) -> None:
    made.replace("evaluation_questions.csv", "Question 1?", "Question one?")


def _consent_withdrawn(made: Made) -> None:
    made.replace("statements.csv", ",yes,", ",no,")


def _quotation(made: Made) -> None:
    made.replace("statements.csv", "Teachers plan together now.", "Teachers plan lessons together.")


def _support(made: Made) -> None:
    made.replace("case_studies.csv", "Coaching.", "Coaching and visits.")


def _eligibility(made: Made) -> None:
    made.replace("eligibility.csv", ",yes,", ",no,")


def _figure_of_the_authority(made: Made) -> None:
    made.replace("la_context_final.csv", ",799,49.7", ",799,48.1")


def _line_ends(made: Made) -> None:
    file = made.file("evaluations.csv")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def _printed_words(made: Made) -> None:
    made.replace(
        "study.toml",
        'title = "',
        'prepared_for = "Another board"\ncontact = "Another officer"\ntitle = "Asked again: ',
    )


def _title_of_a_programme(made: Made) -> None:
    """It tells words of the programme from names, so whatever reads texts depends on it."""
    protocol = made.file("study.toml")
    study, programmes = protocol.read_text(encoding="utf-8").split("[[programme]]", 1)
    programmes = programmes.replace('title = "', 'title = "Another ', 1)
    protocol.write_text(f"{study}[[programme]]{programmes}", encoding="utf-8")


def _comment_in_the_protocol(made: Made) -> None:
    with made.file("study.toml").open("a", encoding="utf-8") as lines:
        lines.write("# later\n")


def _checksum(made: Made) -> None:
    made.replace(
        "study.toml",
        'kind = "statements"\n',
        'kind = "statements"\nsha256 = "' + file_sha256(made.file("statements.csv")) + '"\n',
    )
    _comment_in_the_protocol(made)


def _source_no_longer_registered(made: Made) -> None:
    made.replace("study.toml", '[[source]]\nfile = "eligibility.csv"\nkind = "eligibility"\n', "")


def _files_change_names(made: Made) -> None:
    """Two files of different kinds, each under the other's name."""
    one, other = made.file("enrolments.csv"), made.file("statements.csv")
    aside = one.rename(made.file("aside"))
    other.rename(one)
    aside.rename(other)
    made.replace("study.toml", 'file = "enrolments.csv"', 'file = "aside"')
    made.replace("study.toml", 'file = "statements.csv"', 'file = "enrolments.csv"')
    made.replace("study.toml", 'file = "aside"', 'file = "statements.csv"')


def _note_of_a_file(made: Made) -> None:
    made.sql("DELETE FROM raw.source WHERE kind = 'statements'")


def _release(made: Made) -> None:
    recorded = made.file("releases/2017-10-02/released")
    recorded.mkdir(parents=True)
    with (
        store.connect(made.paths) as con,
    ):
        con.execute(f"COPY released.impact TO '{recorded / 'impact.parquet'}' (FORMAT parquet)")


def _row_of_a_mart(made: Made) -> None:
    made.sql("DELETE FROM mart.cell WHERE academic_year = '2015-16'")


def _figure_of_a_released_table(made: Made) -> None:
    made.sql("UPDATE released.comparison SET mean = mean + 1")


def _table_of_a_mart(made: Made) -> None:
    made.sql("DROP TABLE mart.school")


def _protocol_table(made: Made) -> None:
    made.sql("UPDATE protocol.programme SET title = 'Another'")


def _note_of_a_check(made: Made) -> None:
    made.sql("DELETE FROM raw.check_result WHERE check_name LIKE 'enrolments%'")


def _warning(made: Made) -> None:
    made.paths.warnings.mkdir(exist_ok=True)
    (made.paths.warnings / "enrolments_date_is_in_study.json").touch()


ESTIMATES = {"impact.estimate", "released"}
# What changes; parts that must be made again; parts that must be kept.
CHANGES: tuple[tuple[Callable[[Made], None], set[str], set[str]], ...] = (
    (_pupil, {"raw.ks2_pupils", "mart.ks2_stratum", *ESTIMATES}, {"raw.register", "mart.ks4_stratum"}),
    (_two_pupils_change_places, {"raw.ks4_pupils", "mart.ks4_stratum"}, {"mart.ks2_stratum"}),
    (_pupil_gone, {"raw.ks4_pupils", *ESTIMATES}, {"mart.ks2_stratum"}),
    (_absence_of_a_school, {"raw.published_outcome", "released"}, {"raw.ks2_pupils", "mart.ks2_stratum"}),
    (_name_of_a_school, {"raw.school_register", "mart.school", "released"}, {"raw.ks4_pupils"}),
    (_school_closed, {"raw.school_register", "mart.school"}, {"raw.ks4_pupils", "raw.enrolments"}),
    (_link_gone, {"raw.school_links", "mart.school_identity"}, {"raw.ks4_pupils"}),
    (_enrolment_gone, {"raw.enrolments", *ESTIMATES}, {"raw.ks2_pupils", "mart.ks2_stratum", "mart.cell"}),
    (_answer, {"raw.evaluations", "released"}, {"impact.estimate", "mart.cell"}),
    (_question, {"raw.evaluation_questions", "released"}, {"impact.estimate", "raw.evaluations"}),
    (_consent_withdrawn, {"raw.statements", "released"}, {"impact.estimate", "mart.cell"}),
    (_quotation, {"raw.statements", "released"}, {"impact.estimate", "mart.cell"}),
    (_support, {"raw.case_studies", "released"}, {"impact.estimate", "mart.cell"}),
    (_eligibility, {"raw.eligibility", "released"}, {"impact.estimate", "mart.cell"}),
    (_figure_of_the_authority, {"raw.la_context", "released"}, {"impact.estimate", "mart.cell"}),
    (_line_ends, {"raw.evaluations", "released"}, {"mart.text_review", "impact.estimate"}),
    (_printed_words, {"protocol", "released"}, set(TABLES) - {"protocol", "released"}),
    (_title_of_a_programme, set(TABLES), set()),
    (_comment_in_the_protocol, {"protocol", "released"}, set(TABLES) - {"protocol", "released"}),
    (_checksum, {"protocol", "released"}, set(TABLES) - {"protocol", "released"}),
    (_source_no_longer_registered, set(TABLES), set()),
    (_files_change_names, set(TABLES), set()),
    (_note_of_a_file, {"raw.statements"}, {"raw.enrolments", "mart.cell", "impact.estimate"}),
    (_release, {"released"}, set(TABLES) - {"released"}),
    (_row_of_a_mart, {"mart.cell"}, set(TABLES) - {"mart.cell"}),
    (_figure_of_a_released_table, {"released"}, set(TABLES) - {"released"}),
    (_table_of_a_mart, {"mart.school"}, set(TABLES) - {"mart.school"}),
    (_protocol_table, {"protocol"}, set(TABLES) - {"protocol"}),
    (_note_of_a_check, {"enrolments_school_is_registered"}, {"mart.cell"}),
    (_warning, {"enrolments_date_is_in_study"}, {"raw.enrolments", "mart.cell"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "made_again", "kept"), CHANGES, ids=[change.__name__[1:] for change, *_ in CHANGES]
)
def test_after_a_change_the_tables_are_a_fresh_runs(
    made: Made,
    unchanged: Remade,
    change: Callable[[Made], None],
    made_again: set[str],
    kept: set[str],
) -> None:
    before = _contents(made.folder)
    change(made)
    again = made.again()
    assert made_again <= set(again.made) <= TABLES - kept, again.made
    is_study_changed = _contents(made.folder) != before
    assert again.rows == (made.fresh().rows if is_study_changed else unchanged.rows)


def test_without_a_change_nothing_is_made(made: Made) -> None:
    os.utime(made.file("ks2_pupils_2016-17_provisional.csv"))
    assert made.again(with_printed=True).made == ()


def test_a_file_that_is_put_back_is_read_again(made: Made, finished: Made) -> None:
    _pupil(made)
    changed = made.again()
    shutil.copy2(
        finished.file("ks2_pupils_2016-17_provisional.csv"),
        made.file("ks2_pupils_2016-17_provisional.csv"),
    )
    restored = made.again()
    assert "raw.ks2_pupils" in restored.made
    assert restored.rows != changed.rows
    assert restored.rows == finished.again().rows


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(made: Made) -> None:
    """Otherwise the next run would keep rows of the old file as the new one's."""
    part = PARTS["raw.enrolments"]
    _answer(made)
    _enrolment_gone(made)

    def make(con: duckdb.DuckDBPyConnection, *given: Any) -> None:
        assert part.make
        part.make(con, *given)
        _enrolment_gone(made)

    with mock.patch.dict(PARTS, {part.name: dataclasses.replace(part, make=make)}):
        assert part.name in made.again().made
    again = made.again()
    assert part.name in again.made
    assert "raw.evaluations" not in again.made
    assert again.rows == made.fresh().rows


@pytest.mark.parametrize("last", ["raw.enrolments", "mart.cell", "impact.estimate", "released"])
def test_a_run_that_was_killed_goes_on_from_what_was_whole(
    finished: Made, tmp_path: Path, last: str
) -> None:
    names = list(PARTS)
    later = names[names.index(last) + 1 :]
    paths = StudyPaths(tmp_path / "marts", finished.paths.study)
    remake(finished.folder, paths, without=[*later, *PRINTED])
    with closing(duckdb.connect(str(paths.store))) as con:
        # Killed while the last part was being made: it is there by half, and not noted.
        con.execute("DELETE FROM protocol.made WHERE part = $part", {"part": last})
    resumed = remake(finished.folder, paths, without=PRINTED)
    assert set(resumed.made) == {last, *later} - PRINTED
    assert resumed.rows == finished.again().rows


def test_a_chart_or_page_that_was_changed_by_hand_is_made_again(made: Made, finished: Made) -> None:
    chart = min(made.paths.charts.glob("*.svg"))
    chart.write_bytes(chart.read_bytes() + b" ")
    (made.paths.board / "board.pdf").unlink()
    again = made.again(with_printed=True)
    assert set(again.made) == {f"charts.{gallery.family_of(chart.stem)}", "board.board"}
    assert again.files == finished.again(with_printed=True).files


def test_a_new_answer_is_drawn_and_printed_as_in_a_fresh_run(made: Made) -> None:
    _answer(made)
    again = made.again(with_printed=True)
    assert {"charts.evaluation_answers", "board.board", "board.technical"} <= set(again.made)
    assert not {"charts.methods", "charts.power_curve", "impact.estimate"} & set(again.made)
    fresh = made.fresh(with_printed=True)
    assert again.files == fresh.files
    assert again.rows == fresh.rows


# What changes in the code, and the parts that must be made again: no others but those that read them.
CODE: dict[str, set[str]] = {
    "board/limits.py": {"board.board", "board.technical"},
    "document/document.css": {"board.board", "board.technical"},
    "charts/methods.py": {"charts.methods"},
    "charts/style.py": {f"charts.{name}" for name in ("answer", "methods", "priorities")},
    "released/claims.sql": {"released"},
    "disclosure/rules.sql": {"released"},
    "impact/headline.py": {"impact.estimate", "impact.overlap"},
    "ingest/tabular.py": {"raw.ks2_pupils", "raw.enrolments", "mart.cell"},
    "catalogue/mart.py": set(ALL),
}


@pytest.mark.parametrize("name", CODE)
def test_of_other_code_only_its_parts_are_made_again(made: Made, name: str) -> None:
    file = PROJECT / "pipelines" / name
    own = {part.name for part in PARTS.values() if file in files_of(part.modules)}
    assert CODE[name] <= own
    real = code_version._file_version
    with mock.patch.object(
        code_version, "_file_version", lambda each: real(each) + ("changed" if each == file else "")
    ):
        parts = {key: dataclasses.replace(part) for key, part in PARTS.items()}
        with store.connect(made.paths) as con:
            stale = MadeParts(con, made.paths).not_current(load_study(made.folder), parts.values())
    assert set(stale) == own


def test_a_part_that_did_not_say_what_it_reads_would_be_caught(made: Made) -> None:
    """The plant: a chart that does not say it shows answers. It is kept, and differs from a fresh run's."""
    part = PARTS["charts.evaluation_answers"]
    silent = tuple(table for table in part.reads if table.name != "evaluation_summary")
    without = PRINTED - {part.name}
    with mock.patch.dict(PARTS, {part.name: dataclasses.replace(part, reads=silent)}):
        remake(made.folder, made.paths, without=without)
        _answer(made)
        again = remake(made.folder, made.paths, without=without)
    assert part.name not in again.made
    elsewhere = StudyPaths(made.paths.marts / "fresh", made.paths.study)
    fresh = remake(made.folder, elsewhere, without=without)
    kept = {name for name in again.files if name.startswith("evaluation_answers")}
    assert kept
    assert any(again.files[name] != fresh.files[name] for name in kept)


class _Watched:
    """A connection that notes the tables in each statement."""

    def __init__(self, con: duckdb.DuckDBPyConnection, seen: set[str]) -> None:
        self._con, self._seen = con, seen

    def execute(self, statement: str, *given: object) -> object:
        self._seen.update(table.full_name for table in tables_in(statement))
        return self._con.execute(statement, *given)

    def __getattr__(self, name: str) -> object:
        return getattr(self._con, name)


def test_a_part_reads_no_table_that_it_does_not_name(finished: Made, tmp_path: Path) -> None:
    seen: dict[str, set[str]] = {}

    def watched(name: str) -> Callable[..., object]:
        real = PARTS[name].make

        def make(con: duckdb.DuckDBPyConnection, *given: object) -> object:
            assert real
            return real(_Watched(con, seen.setdefault(name, set())), *given)  # type: ignore[arg-type]

        return make

    parts = {
        name: dataclasses.replace(part, make=watched(name))
        for name, part in PARTS.items()
        if part.make
    }
    with mock.patch.dict(PARTS, parts):
        remake(finished.folder, StudyPaths(tmp_path / "marts", finished.paths.study))
    assert seen.keys() == parts.keys()
    always = {table.full_name for table in PARTS["protocol"].writes}
    notes = {
        "raw.check_result",
        "raw.source",
        "raw.set_aside",
        "raw.unreadable",
        "raw.unknown_code",
        "raw.unread_column",
    }
    unnamed: set[tuple[str, str]] = set()
    for name, tables in seen.items():
        part = PARTS[name]
        named = {table.full_name for table in (*part.reads, *part.writes)} | always
        if part.source_kinds:
            named |= notes | {"raw.value_set_aside"}
        unnamed |= {(name, table) for table in tables - named}
    assert unnamed == set()
    assert {table.full_name for table in RELEASED_TABLES} <= seen["board.board"]
