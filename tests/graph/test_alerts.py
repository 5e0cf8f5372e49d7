"""A failed run of Dagster and a failed `ssif evaluate` reach a command, once each and only if asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets import cli
from assets.alerts import tell_of_failures
from assets.described import STUDIES
from assets.resources import PARTITION_TAG, Studies
from pipelines.alerts.settings import FILE
from pipelines.errors.fault import Fault, StudyError
from pipelines.store import fault_list

FAULT = Fault(file="ks2.csv", row=7, problem="the row is short", found="A79", remedy="mend the row")


@dg.op
def fails() -> None:
    raise dg.Failure("the step's own words", allow_retries=False)


@dg.job(partitions_def=STUDIES)
def failing() -> None:
    fails()


def asks_for_a_command(data_marts: Path, more: str = "") -> Path:
    """Alerts by a command that adds the message to a file; returns the file."""
    kept = data_marts / "told.txt"
    code = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())"
    command = json.dumps([sys.executable, "-c", code, str(kept)])
    (data_marts / FILE).write_text(f"{more}command = {command}\n", encoding="utf-8")
    return kept


def tick(data_marts: Path) -> None:
    """The sensor, asked about a run of the study surrey that has failed."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(STUDIES.name), ["surrey"])
        result = failing.execute_in_process(
            instance=instance, tags={PARTITION_TAG: "surrey"}, raise_on_error=False
        )
        assert not result.success
        (event,) = [each for each in result.all_events if each.is_run_failure]
        studies = Studies(data_raw=str(data_marts / "raw"), data_marts=str(data_marts))
        context = dg.build_run_status_sensor_context(
            sensor_name="tell_of_failures",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=event,
            resources={"studies": studies},
        ).for_run_failure()
        with context:
            tell_of_failures(context)


def test_a_failed_run_is_told_with_its_faults_or_in_dagster_s_words(tmp_path: Path) -> None:
    tick(tmp_path)  # without the file nobody is told
    kept = asks_for_a_command(tmp_path)
    tick(tmp_path)
    assert "Steps failed: ['fails']" in kept.read_text(encoding="utf-8")
    kept.unlink()
    paths = Studies(data_raw="", data_marts=str(tmp_path)).paths("surrey")
    fault_list.keep(paths, "raw", StudyError([FAULT]))
    tick(tmp_path)
    words = kept.read_text(encoding="utf-8")
    assert words.startswith("The evaluation of surrey failed: 1 thing to mend\n")
    assert "ks2.csv, row 7: the row is short.\n    to do: mend the row" in words
    assert "A79" not in words


def test_an_alert_that_cannot_be_sent_does_not_fail_the_tick(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('command = ["no-such-program"]\n', encoding="utf-8")
    tick(tmp_path)


def test_a_failed_command_is_told_only_if_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "surrey"
    study.mkdir()
    (study / "study.toml").write_text("this is no TOML", encoding="utf-8")
    command = ["evaluate", str(study), "--data-marts", str(tmp_path)]
    kept = asks_for_a_command(tmp_path)
    assert cli.main(command) == 1
    assert not kept.exists()
    asks_for_a_command(tmp_path, "also_evaluate = true\n")
    assert cli.main(command) == 1
    words = kept.read_text(encoding="utf-8")
    assert words.startswith("The evaluation of surrey failed: 1 thing to mend\n")
    assert "study.toml, row 1" in words
    assert "this is no TOML" not in words
    assert cli.main(["validate", str(study), "--data-marts", str(tmp_path)]) == 1
    assert kept.read_text(encoding="utf-8") == words
    (tmp_path / FILE).write_text("command = 1\n", encoding="utf-8")
    capsys.readouterr()
    assert cli.main(command) == 1
    assert "Nobody was told of the failure. alerts.toml, row 1" in capsys.readouterr().err
