"""Dagster's storage: its configuration is written once and then the analyst's; first users wait in turn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.dagster_home import AT_FIRST, CONFIG, dagster_home, instance
from assets.event_log import OpenEventLog
from assets.resources import PARTITION_TAG
from pipelines.errors.fault import StudyError
from pipelines.study.paths import PROJECT
from tests.evaluated import environment

N_AT_ONCE = 5
DAGSTER_YAML = AT_FIRST.read_text(encoding="utf-8")


def test_the_configuration_is_written_once_and_whole(tmp_path: Path):
    home = dagster_home(tmp_path)
    assert home == tmp_path / ".dagster"
    assert (home / CONFIG).read_text(encoding="utf-8") == DAGSTER_YAML
    assert yaml.safe_load(DAGSTER_YAML)["telemetry"] == {"enabled": False}
    own = DAGSTER_YAML.replace("max_concurrent_runs: 2", "max_concurrent_runs: 7")
    (home / CONFIG).write_text(own, encoding="utf-8")
    with instance(tmp_path) as made:
        assert made.get_concurrency_config().run_queue_config.max_concurrent_runs == 7
        assert isinstance(made.event_log_storage, OpenEventLog)
        assert not made.telemetry_enabled
    assert (home / CONFIG).read_text(encoding="utf-8") == own
    assert [file.name for file in home.glob(".*")] == []  # no part of a file is left


def test_two_runs_at_a_time_and_one_of_a_study(tmp_path: Path):
    with instance(tmp_path) as made:
        queue = made.get_concurrency_config().run_queue_config
    assert queue.max_concurrent_runs == 2
    assert queue.tag_concurrency_limits == [
        {"key": PARTITION_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    ]


@pytest.mark.parametrize("own", ["", "{telemetry: {enabled: false}}\n"])
def test_any_form_of_configuration_is_taken(tmp_path: Path, own: str):
    (dagster_home(tmp_path) / CONFIG).write_text(own, encoding="utf-8")
    with instance(tmp_path) as made:
        assert isinstance(made.event_log_storage, OpenEventLog)


def test_a_storage_of_the_analyst_s_own_is_used(tmp_path: Path):
    own = f"storage:\n  sqlite:\n    base_dir: {tmp_path / 'elsewhere'}\n"
    (dagster_home(tmp_path) / CONFIG).write_text(own, encoding="utf-8")
    with instance(tmp_path) as made:
        assert not isinstance(made.event_log_storage, OpenEventLog)
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize(
    "own",
    ["telemetry: [", "- a\n- list\n", "telemetri: {}\n", "run_storage: {module: no, class: X}"],
)
def test_a_configuration_that_dagster_cannot_use_is_a_fault(tmp_path: Path, own: str):
    (dagster_home(tmp_path) / CONFIG).write_text(own, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        instance(tmp_path)
    (fault,) = caught.value.faults
    assert fault.file.endswith(CONFIG)
    assert "delete it" in fault.remedy
    assert "\n" not in fault.problem


def test_several_first_users_at_once_all_get_it(tmp_path: Path):
    code = (
        "import sys, pathlib\n"
        "from assets.dagster_home import instance\n"
        "import dagster\n"
        "sys.stdin.readline()\n"
        "with instance(pathlib.Path(sys.argv[1])) as made:\n"
        "    made.add_dynamic_partitions('study', [sys.argv[2]])\n"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, str(tmp_path), f"study{number}"],
            cwd=PROJECT,
            env=environment(),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(N_AT_ONCE)
    ]
    for user in users:
        user.stdin.write("go\n")
        user.stdin.flush()
    said = [user.communicate()[1] for user in users]
    assert [user.returncode for user in users] == [0] * N_AT_ONCE, said
    with instance(tmp_path) as made:
        assert len(made.get_dynamic_partitions("study")) == N_AT_ONCE
    assert isinstance(made, dg.DagsterInstance)


def test_dagster_s_own_commands_find_the_graph_without_arguments():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dagster", "definitions", "validate"],
        cwd=PROJECT,
        env=environment() | {"DAGSTER_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Validation successful for code location assets.definitions" in done.stderr + done.stdout
