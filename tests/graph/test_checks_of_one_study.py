"""Every check belongs to one study: runs of other studies do not change what the page shows."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionResolvedStatus

from assets.definitions import build_definitions, defs
from assets.described import STUDIES
from pipelines.study.paths import EXAMPLE
from tests.planted import Plant

GRAPH = defs.resolve_asset_graph()
# A table whose checks need no other table.
REVIEWS = dg.AssetKey(["raw", "reviews"])
VALUES = dg.AssetCheckKey(REVIEWS, "values_are_as_declared")
PASSED = AssetCheckExecutionResolvedStatus.SUCCEEDED
FAILED = AssetCheckExecutionResolvedStatus.FAILED


@dataclass(frozen=True)
class Two:
    """Two studies in one Dagster instance."""

    raw: Path
    marts: Path
    instance: dg.DagsterInstance

    def run(self, study: str) -> bool:
        """Read the protocol and the reviews of a study, with checks."""
        built = build_definitions(data_raw=self.raw, data_marts=self.marts)
        result = built.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            partition_key=study,
            asset_selection=[dg.AssetKey(["protocol"]), REVIEWS],
            raise_on_error=False,
        )
        return result.success

    def shown(self, check: dg.AssetCheckKey) -> dict[str, set[str]]:
        """The status of a check on the page: the studies by status."""
        with partition_loading_context(dynamic_partitions_store=self.instance):
            asked = [(check, STUDIES)]
            state = self.instance.event_log_storage.get_asset_check_state(asked)[check]
        return {
            status.value: keys
            for status, subset in state.subsets.items()
            if (keys := set(subset.subset_value.get_partition_keys()))
        }


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    raw = tmp_path / "raw"
    for name in ("autumn", "winter"):
        shutil.copytree(EXAMPLE, raw / name)
        Plant(raw / name).protocol('name = "example"', f'name = "{name}"')
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.add_dynamic_partitions(str(STUDIES.name), ["autumn", "winter"])
        yield Two(raw, tmp_path / "marts", instance)


def test_every_check_is_partitioned_by_study() -> None:
    checks = [GRAPH.get(key) for key in GRAPH.asset_check_keys]
    assert len(checks) > 50
    assert [check.key for check in checks if check.partitions_def != STUDIES] == []


def test_a_failed_check_stays_failed_when_another_study_passes(two: Two) -> None:
    Plant(two.raw / "autumn").cells("reviews.csv", {(3, "urn"): "none"})
    assert not two.run("autumn")
    assert two.shown(VALUES) == {FAILED.value: {"autumn"}}
    assert two.run("winter")
    assert two.shown(VALUES) == {FAILED.value: {"autumn"}, PASSED.value: {"winter"}}
