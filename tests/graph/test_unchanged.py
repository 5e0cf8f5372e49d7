"""A second evaluation makes nothing if nothing has changed; what it keeps otherwise is in `test_kept`."""

import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

import assets.cli
import assets.running
from assets.automation import needs_a_run, study_folders, weekday_mornings
from assets.resources import Studies
from pipelines.protocol.study_file import load_study
from pipelines.publishing import identity
from pipelines.publishing.unchanged import unchanged_since
from pipelines.store import fault_list
from pipelines.study.paths import PROJECT, StudyPaths
from tests.evaluated import Evaluated, bytes_of, command_of, environment
from tests.planted import Plant

SAID = "; --fresh makes everything again."


@dataclass(frozen=True)
class Made:
    """An evaluated study, with the runs that evaluating it again requests from the graph."""

    folder: Path
    paths: StudyPaths
    asked: list[dict[str, bool]] = field(default_factory=list)

    def is_unchanged(self, **asked: bool) -> bool:
        """Whether a run with these options would change nothing."""
        return unchanged_since(load_study(self.folder), self.paths, **asked) is not None

    def record_as_made(self, *, officers: bool = False) -> None:
        """Make run.json state the current protocol and whether the officers' version was made."""
        record = self.paths.current / "run.json"
        content = json.loads(record.read_text(encoding="utf-8"))
        sources = content["sources_sha256"]
        made_from = identity.run_identity(
            load_study(self.folder), sources, has_officers_page=officers
        )
        record.write_text(json.dumps(content | made_from), encoding="utf-8")

    def again(self, *options: str) -> list[dict[str, bool]]:
        """Evaluate again; returns the options of each graph run, none if the graph did not run."""
        self.asked.clear()
        arguments = ["evaluate", str(self.folder), "--data-marts", str(self.paths.marts)]
        assert assets.cli.main([*arguments, *options]) == 0
        return list(self.asked)


@pytest.fixture
def made(example: Evaluated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A copy of the example and its outputs, for a test to modify; no graph is run."""
    folder = shutil.copytree(example.folder, tmp_path / "raw" / "example")
    marts = shutil.copytree(example.paths.marts, tmp_path / "data_marts", symlinks=True)
    copy = Made(folder, StudyPaths(marts, "example"))
    copy.paths.folder_note.write_text(f"{folder}\n", encoding="utf-8")

    def run_graph(
        paths: StudyPaths, *, is_verbose: bool, is_fresh: bool, publish_config: dict[str, bool]
    ) -> None:
        assert (paths, is_verbose) == (copy.paths, False)
        copy.asked.append({**publish_config, "is_fresh": is_fresh})

    monkeypatch.setattr(assets.running, "run_graph", run_graph)
    return copy


def test_without_changes_the_answer_is_printed_and_nothing_is_built(
    example: Evaluated, made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bytes_of(made.paths.home)
    assert made.again() == []
    said = capsys.readouterr().out.splitlines()
    record = json.loads((made.paths.current / "run.json").read_text(encoding="utf-8"))
    made_at = dt.datetime.fromisoformat(record["made_at"]).astimezone()
    line = f"Nothing changed since {made_at:%Y-%m-%d %H:%M}{SAID}"
    assert line in said
    asset_lines = [row for row in example.stdout.splitlines() if row.endswith(" s")]
    as_made = [row for row in example.stdout.splitlines() if row not in asset_lines]
    shown = [row.replace(str(made.paths.marts), str(example.paths.marts)) for row in said]
    assert [row for row in shown if row not in {line, ""}] == [row for row in as_made if row]
    assert bytes_of(made.paths.home) == before


def test_it_takes_seconds_and_loads_none_of_the_heavy_libraries(made: Made) -> None:
    code = (
        "import sys; from assets import cli; "
        f"status = cli.main({command_of(made.folder, made.paths.marts)[3:]!r}); "
        "heavy = {'dagster', 'great_expectations', 'matplotlib', 'typst'}; "
        "print(status, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert SAID in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []"
    assert done.stderr == ""


def _source(made: Made) -> None:
    file = made.folder / "reviews.csv"
    content = file.read_bytes()
    file.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])


def _protocol(made: Made) -> None:
    with (made.folder / "study.toml").open("a", encoding="utf-8") as lines:
        lines.write("\n")


def _release(made: Made) -> None:
    date = ["--date", "2018-10-02", "--data-marts", str(made.paths.marts)]
    assert assets.cli.main(["release", str(made.folder), *date]) == 0


def _file_gone(made: Made) -> None:
    (made.paths.current / "board" / "board.pdf").unlink()


def _byte_of_a_chart(made: Made) -> None:
    picture = made.paths.current / "charts" / "headline_effects.png"
    picture.write_bytes(picture.read_bytes()[:-1])


def _officers_tables_gone(made: Made) -> None:
    (made.paths.restricted_current / "restricted.duckdb").unlink()


def _never_published(made: Made) -> None:
    made.paths.current.unlink()


def _half_a_record(made: Made) -> None:
    record = made.paths.current / "run.json"
    record.write_text(record.read_text(encoding="utf-8")[:100], encoding="utf-8")


def _record_of_another_run(made: Made) -> None:
    record = made.paths.current / "run.json"
    content = json.loads(record.read_text(encoding="utf-8")) | {"run": "0" * 12}
    record.write_text(json.dumps(content), encoding="utf-8")


def _later_run_failed(made: Made) -> None:
    fault_list.keep_traceback(made.paths, "mart.cell", "planted")


def _later_run_warned(made: Made) -> None:
    warnings = fault_list.read_warnings(made.paths)
    made.paths.warnings.mkdir(exist_ok=True)
    (made.paths.warnings / "planted.json").write_text("[]", encoding="utf-8")
    assert fault_list.read_warnings(made.paths) != warnings


def _later_run_was_killed(made: Made) -> None:
    made.paths.pupils.touch()


STALE: dict[str, Callable[[Made], None]] = {
    plant.__name__.strip("_"): plant
    for plant in (
        _source, _protocol, _release, _file_gone, _byte_of_a_chart, _officers_tables_gone, _never_published,
        _half_a_record, _record_of_another_run, _later_run_failed, _later_run_warned, _later_run_was_killed,
    )
}  # fmt: skip


@pytest.mark.parametrize("plant", STALE.values(), ids=STALE)
def test_stale_outputs_are_rebuilt(made: Made, plant: Callable[[Made], None]) -> None:
    assert made.is_unchanged()
    plant(made)
    assert not made.is_unchanged()


def test_one_byte_of_an_unregistered_source_is_enough(made: Made) -> None:
    """The change is found without a checksum in study.toml: here the protocol has none."""
    Plant(made.folder).unregister()
    made.record_as_made()
    assert made.is_unchanged()
    _source(made)
    assert not made.is_unchanged()


def test_other_code_and_other_libraries_make_everything_again(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(identity, "code_sha256", lambda: "0" * 64)
        assert not made.is_unchanged()
    assert made.is_unchanged()
    monkeypatch.setattr(identity, "library_versions", lambda: {"duckdb": "0.0"})
    assert not made.is_unchanged()


def test_the_graph_runs_after_a_change_or_on_request(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = {"keep_pupils": False, "officers": False, "is_fresh": False}
    assert made.again("--fresh") == [plain | {"is_fresh": True}]
    assert made.again("--officers") == [plain | {"officers": True}]
    assert made.again("--keep-pupils") == [plain | {"keep_pupils": True, "is_fresh": True}]
    assert made.again() == []
    capsys.readouterr()
    _source(made)
    assert made.again() == [plain]
    assert SAID not in capsys.readouterr().out


def test_pupil_rows_kept_by_request_stay_while_it_is_repeated(made: Made) -> None:
    made.paths.pupils.touch()
    made.paths.pupils_kept.touch()
    assert made.is_unchanged(keep_pupils=True)
    assert not made.is_unchanged()


def test_the_officers_page_is_made_once_and_a_schedule_keeps_it(made: Made) -> None:
    made.record_as_made(officers=True)
    assert made.is_unchanged(officers=True)
    assert not made.is_unchanged()
    studies = Studies(data_raw=str(made.folder.parent), data_marts=str(made.paths.marts))
    assert not needs_a_run(studies, "example")


def test_neither_sensor_nor_schedule_requests_a_finished_run(made: Made) -> None:
    """The sensor has no cursor yet, as when the page is first opened after a command-line run."""
    studies = Studies(data_raw=str(made.folder.parent), data_marts=str(made.paths.marts))
    given = {"resources": {"studies": studies}}
    morning = dt.datetime(2018, 10, 2, 6, tzinfo=ZoneInfo("Europe/London"))

    def asked_for() -> list[list[str | None]]:
        with dg.DagsterInstance.local_temp(str(made.paths.marts)) as instance:
            cursor = None
            for _ in range(2):  # the sensor waits until two looks find the same files
                with dg.build_sensor_context(instance=instance, cursor=cursor, **given) as looking:
                    looked = study_folders(looking)
                assert isinstance(looked, dg.SensorResult)
                cursor = looked.cursor
            with dg.build_schedule_context(
                instance=instance, scheduled_execution_time=morning, **given
            ) as waking:
                by_schedule = list(weekday_mornings(waking))
        if not any(isinstance(each, dg.RunRequest) for each in by_schedule):
            (skipped,) = by_schedule
            assert isinstance(skipped, dg.SkipReason)
            assert skipped.skip_message == "Nothing has changed: example."
        return [
            [each.partition_key for each in asked if isinstance(each, dg.RunRequest)]
            for asked in (looked.run_requests or [], by_schedule)
        ]

    assert asked_for() == [[], []]
    _source(made)
    assert asked_for() == [["example"], ["example"]]
