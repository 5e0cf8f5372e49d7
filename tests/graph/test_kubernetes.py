"""The settings for Kubernetes that assets/README.md shows, tried on a server that answers as a cluster."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import (
    DEFAULT_DAGSTER_ENTRY_POINT,
    JobPythonOrigin,
    RepositoryPythonOrigin,
)
from dagster_k8s import K8sRunLauncher

from assets.automation import JOB
from assets.daemon import GRAPH
from assets.dagster_home import dagster_home, set_up
from assets.left_runs import fail_left_runs
from assets.resources import PARTITION_TAG, Studies
from tests.many_authorities import set_in, shown_under

STUDY = "surrey"


class Cluster(HTTPServer):
    """An API server that takes jobs and remembers them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, dict[str, Any]]] = []


class _Answer(BaseHTTPRequestHandler):
    server: Cluster

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body)))
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def on_kubernetes(tmp_path: Path, cluster: Cluster) -> Iterator[dg.DagsterInstance]:
    """A history whose runs go to the cluster; only where the cluster is differs from the paper."""
    settings = yaml.safe_load(shown_under("Runs on Kubernetes"))
    address = f"http://127.0.0.1:{cluster.server_port}"
    there = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": address}}],
        "users": [{"name": "me", "user": {}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(there), encoding="utf-8")
    settings["run_launcher"]["config"]["kubeconfig_file"] = str(tmp_path / "kubeconfig")
    set_in(tmp_path, yaml.safe_dump(settings))
    with set_up(dagster_home(tmp_path)) as instance:
        yield instance


def begun(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run of a study, as the daemon hands it to the launcher."""
    repository = RepositoryPythonOrigin(
        executable_path=sys.executable,
        code_pointer=ModuleCodePointer(GRAPH, "defs", working_directory=None),
        entry_point=DEFAULT_DAGSTER_ENTRY_POINT,
    )
    return instance.create_run_for_job(
        dg.GraphDefinition(name=JOB).to_job(),
        status=dg.DagsterRunStatus.STARTING,
        tags={PARTITION_TAG: STUDY},
        job_code_origin=JobPythonOrigin(JOB, repository_origin=repository),
    )


def test_a_run_becomes_a_job_of_the_cluster(on_kubernetes: dg.DagsterInstance, cluster: Cluster):
    assert isinstance(on_kubernetes.run_launcher, K8sRunLauncher)
    run = begun(on_kubernetes)
    on_kubernetes.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
    ((path, job),) = cluster.asked
    assert path == "/apis/batch/v1/namespaces/ssif/jobs"
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "registry.example.org/ssif:2018-10-02"
    assert container["args"][:3] == ["dagster", "api", "execute_run"]
    assert run.run_id in container["args"][3]
    assert GRAPH in container["args"][3]
    assert {"name": "studies", "mountPath": "/studies"} in container["volumeMounts"]
    assert {"name": "SSIF_DATA_MARTS", "value": "/studies/data_marts"} in container["env"]
    assert {"secretRef": {"name": "ssif-history"}} in container["envFrom"]
    assert container["resources"]["limits"] == {"memory": "2Gi"}
    claims = [each.get("persistentVolumeClaim", {}).get("claimName") for each in pod["volumes"]]
    assert "studies" in claims


def test_a_run_that_waits_for_a_machine_is_not_taken_for_dead(
    on_kubernetes: dg.DagsterInstance, tmp_path: Path
):
    studies = Studies(data_raw=str(tmp_path / "raw"), data_marts=str(tmp_path))
    studies.paths(STUDY).lock.parent.mkdir(parents=True)
    run = begun(on_kubernetes)
    assert fail_left_runs(on_kubernetes, studies, least_age_seconds=0) == []
    assert on_kubernetes.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.STARTING
    assert on_kubernetes.run_monitoring_enabled
