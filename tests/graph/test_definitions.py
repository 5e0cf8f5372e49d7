"""The shape of the graph, and the separation of `pipelines` (computation) and `assets` (graph)."""

import ast
import datetime as dt
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

import assets.cli
import assets.dagster_home
from assets.automation import JOB, weekday_mornings
from assets.definitions import build_definitions, defs
from assets.described import STUDIES
from assets.resources import Studies
from pipelines.catalogue import PROTOCOL_TABLES, RELEASED_TABLES, checked_tables
from pipelines.charts.gallery import FAMILIES
from pipelines.study.paths import PROJECT
from tests.evaluated import environment

GRAPH = defs.resolve_asset_graph()
NODES = {key.to_user_string(): GRAPH.get(key) for key in GRAPH.get_all_asset_keys()}
# A larger module or function of `assets` does more than wiring.
LONGEST_ASSET_MODULE_LINES = 230
LONGEST_ASSET_FUNCTION_STATEMENTS = 30


def modules_of(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


def imports_of(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


def test_one_job_one_schedule_one_sensor_of_studies_in_process() -> None:
    repository = defs.get_repository_def()
    jobs = [job.name for job in repository.get_all_jobs() if not job.name.startswith("__")]
    assert jobs == [JOB]
    (schedule,) = repository.schedule_defs
    assert schedule.cron_schedule == "0 6 * 8-12,1 1-5"
    assert schedule.execution_timezone == "Europe/London"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == JOB
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    assert set(sensors) == {"study_folders", "tell_of_failures"}
    for sensor in sensors.values():
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensors["study_folders"].job_name == JOB
    assert defs.resolve_job_def(JOB).executor_def.name == dg.in_process_executor.name
    assert defs.resolve_job_def(JOB).asset_layer.selected_asset_keys == GRAPH.get_all_asset_keys()


@pytest.mark.parametrize("name", sorted(NODES))
def test_every_asset_is_a_study_s_and_described(name: str) -> None:
    node = NODES[name]
    assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
    assert node.partitions_def.name == STUDIES.name == "study"
    assert node.description
    if not name.startswith(("board/", "charts/")) and name != "publish":
        schema = node.metadata["dagster/column_schema"]
        assert schema.columns
        assert all(column.type for column in schema.columns)


def test_every_asset_has_an_owner_and_says_how_it_is_made_and_how_sensitive_it_is() -> None:
    tables = {
        f"{table.schema}/{table.name}": table for table in (*checked_tables(), *RELEASED_TABLES)
    }
    kinds: dict[str, set[str]] = {}
    for name, node in NODES.items():
        assert node.owners == ["team:analysts"]
        assert node.kinds
        kinds.setdefault(name.split("/")[0], set()).update(node.kinds)
        if name in tables:
            assert node.tags["ssif/sensitivity"] == tables[name].sensitivity
    assert kinds["raw"] == {"duckdb", "file"}
    assert kinds["mart"] >= {"duckdb", "sql"}
    assert kinds["impact"] == {"duckdb", "sql", "python"}
    assert {node.tags.get("ssif/sensitivity") for node in NODES.values()} >= {"pupil", "public"}


def test_the_protocol_shows_the_columns_of_each_of_its_tables() -> None:
    metadata = NODES["protocol"].metadata
    for table in PROTOCOL_TABLES:
        shown = [column.name for column in metadata[table.full_name].columns]
        assert shown == [column.name for column in table.columns]


def test_every_table_has_one_blocking_check_of_its_values() -> None:
    checks = [GRAPH.get(key) for key in GRAPH.asset_check_keys]
    assert all(check.blocking for check in checks)
    guarded = sorted(
        check.key.asset_key.to_user_string() for check in checks
        if check.key.name == "values_are_as_declared"
    )  # fmt: skip
    assert guarded == sorted(f"{table.schema}/{table.name}" for table in checked_tables())
    tables = {name for name in NODES if name.split("/")[0] in {"raw", "mart", "impact"}}
    assert set(guarded) == tables


def test_a_chart_s_description_says_what_it_shows() -> None:
    said = {name: node.description or "" for name, node in NODES.items() if name[:7] == "charts/"}
    assert len(set(said.values())) == len(said) == len(FAMILIES)
    ending = " As SVG and PNG, with its data and its words."
    for description in said.values():
        assert description.endswith(f".{ending}")
        assert len(description) > len(ending) + 20


def test_released_is_the_only_way_to_charts_and_the_board() -> None:
    for name, node in NODES.items():
        if name.split("/")[0] in {"charts", "board"}:
            parents = {key.to_user_string().split("/")[0] for key in node.parent_keys}
            assert parents <= {"released", "charts"}, name
    assert {n.split("/")[1] for n in NODES if n.startswith("charts/")} == set(FAMILIES)


@pytest.mark.parametrize("module", modules_of("pipelines"), ids=lambda m: m.name)
def test_pipelines_import_neither_dagster_nor_assets(module: Path) -> None:
    assert not imports_of(module) & {"dagster", "assets", "tests", "notebooks"}


@pytest.mark.parametrize("module", modules_of("assets"), ids=lambda m: m.name)
def test_assets_only_wire_things_together(module: Path) -> None:
    assert not imports_of(module) & {"numpy", "pandas", "scipy", "matplotlib", "tests", "notebooks"}
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_ASSET_MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            n_statements = sum(isinstance(child, ast.stmt) for child in ast.walk(node))
            assert n_statements <= LONGEST_ASSET_FUNCTION_STATEMENTS, node.name


def test_definitions_load_quickly_and_without_a_warning() -> None:
    code = (
        "import sys, warnings\n"
        "import dagster\n"  # warnings of its own imports are outside this project
        "warnings.simplefilter('error')\n"
        "import assets.definitions\n"
        "assets.definitions.defs.get_repository_def()\n"
        "print(sorted({'great_expectations', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_the_schedule_requests_each_study_once_a_morning(tmp_path: Path) -> None:
    for name in ("autumn", "winter"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        (tmp_path / "raw" / name / "study.toml").touch()
    studies = Studies(data_raw=str(tmp_path / "raw"), data_marts=str(tmp_path / "marts"))
    morning = dt.datetime(2018, 10, 2, 6, tzinfo=ZoneInfo("Europe/London"))
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=morning, resources={"studies": studies}
        ) as context,
    ):
        requests = list(weekday_mornings(context))
        assert set(instance.get_dynamic_partitions("study")) == {"autumn", "winter"}
    assert [request.partition_key for request in requests] == ["autumn", "winter"]
    assert len({request.run_key for request in requests}) == len(requests)


def test_overrides_reach_the_resource(tmp_path: Path) -> None:
    built = build_definitions(data_raw=tmp_path / "raw", data_marts=tmp_path / "marts")
    studies = (built.resources or {})["studies"]
    assert studies.data_marts == str(tmp_path / "marts")
    assert studies.data_raw == str(tmp_path / "raw")


def test_without_the_page_s_packages_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assets.dagster_home.importlib.util, "find_spec", lambda _: None)
    assert assets.cli.main(["serve"]) == 1
    assert "`make serve` installs them" in capsys.readouterr().err
