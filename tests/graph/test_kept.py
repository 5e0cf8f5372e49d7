"""A run of the graph makes what a change asks for and keeps the rest; terminal and Dagster's page say so."""

import json
import re
import shutil
from pathlib import Path

import dagster as dg
import pytest

import assets.cli
from assets.described import KEPT
from assets.resources import FRESH_TAG
from pipelines.freshness.parts import PARTS
from pipelines.ingest.registration import file_sha256
from pipelines.study.paths import StudyPaths
from tests.evaluated import Evaluated, bytes_of

MADE = re.compile(r"^  (\S+) +[\d,]+ rows +[\d.]+ s$", re.M)


def test_after_one_answer_has_changed_only_its_tables_charts_and_pages_are_made(
    example: Evaluated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(example.folder, tmp_path / "raw" / "example")
    marts = shutil.copytree(example.paths.marts, tmp_path / "data_marts", symlinks=True)
    paths = StudyPaths(marts, "example")
    paths.folder_note.write_text(f"{folder}\n", encoding="utf-8")
    before = bytes_of(paths.current)
    file, protocol = folder / "evaluations.csv", folder / "study.toml"
    checksum = file_sha256(file)
    file.write_text(file.read_text(encoding="utf-8").replace("Strongly agree", "Agree", 1))
    protocol.write_text(protocol.read_text(encoding="utf-8").replace(checksum, file_sha256(file)))

    assert assets.cli.main(["evaluate", str(folder), "--data-marts", str(marts)]) == 0
    said = capsys.readouterr().out
    made = set(MADE.findall(said))
    assert {
        "protocol",
        "raw/evaluations",
        "charts/evaluation_answers",
        "board/board",
        "publish",
    } <= made
    unasked = {"raw/ks2_pupils", "mart/cell", "impact/estimate", "charts/headline_effects"}
    assert not made & unasked
    assert re.search(r"^  \d+ others are as they were, and were kept$", said, re.M)
    after = bytes_of(paths.current)
    assert after["charts/headline_effects.svg"] == before["charts/headline_effects.svg"]
    assert after["board/board.pdf"] != before["board/board.pdf"]

    with dg.DagsterInstance.from_config(str(marts / ".dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["mart", "cell"]))
        assert event
        assert event.asset_materialization
        assert event.asset_materialization.metadata[KEPT].value is True
        tags = event.asset_materialization.tags or {}
        assert re.fullmatch(r"\d+-[0-9a-f]+", tags["dagster/data_version"])
        assert tags["dagster/code_version"] == PARTS["mart.cell"].code_version[:12]
        assert FRESH_TAG not in instance.get_runs()[0].tags
    checks = json.loads((paths.current / "run.json").read_text(encoding="utf-8"))
    first = json.loads((example.paths.current / "run.json").read_text(encoding="utf-8"))
    assert checks["checks_passed"] == first["checks_passed"]
    assert checks["warnings"] == first["warnings"]
