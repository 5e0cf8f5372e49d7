"""`ssif validate` on the command line: exit status, output, faults.csv, and unchanged files."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assets import cli
from pipelines.study.paths import PROJECT
from tests.faults.formats import WRITERS
from tests.faults.good import STUDIES, file_of, fresh, study_of
from tests.faults.planted import all_cases, spoilt

CASES = {case.id: case for case in all_cases()}
# One fault of each kind: in a cell, a heading, a row, the bytes, the registration.
TRIED = (
    "unknown code-ks2_pupils-csv",
    "missing column-enrolments-urn-csv",
    "wrong authority-ks4_pupils-csv",
    "truncated gzip-school_register-csv.gz",
    "zip bomb-statements-xlsx",
    "path outside data_root-reviews-csv",
    "percentage against share-ks2_schools-csv",
)


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    """Outputs of an earlier run, which a check must not change."""
    for study in STUDIES:
        run = tmp_path / "marts" / study.name / "runs" / "a1"
        run.mkdir(parents=True)
        (run / "run.json").write_text("{}")
        (run.parents[1] / "current").symlink_to("runs/a1")
    return tmp_path / "marts"


def lay_out(
    folder: Path, study: str, kind: str | None = None, file_format: str = "csv", more: str = ""
) -> Path:
    good = next(good for good in STUDIES if good.name == study)
    (folder / study).mkdir()
    for each in good.kinds:
        (folder / study / file_of(each, "csv")).write_bytes(WRITERS["csv"](fresh(each)))
    protocol = good.protocol(kind, file_format, more)  # type: ignore[arg-type]
    (folder / study / "study.toml").write_text(protocol, encoding="utf-8")
    return folder / study


def listed(marts: Path, study: str) -> list[dict[str, str]]:
    with (marts / study / "faults.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def everything_but_the_list(marts: Path) -> dict[str, bytes | str]:
    return {
        str(path): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(marts.rglob("*"))
        if (path.is_symlink() or path.is_file()) and path.name != "faults.csv"
    }


@pytest.mark.parametrize("case_id", TRIED)
def test_a_fault_ends_with_status_1_and_is_listed_and_nothing_else_changes(
    tmp_path: Path, marts: Path, case_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[case_id]
    folder = lay_out(tmp_path, study_of(case.kind).name, case.kind, case.file_format, case.entry)
    if case.content:
        (folder / file_of(case.kind, case.file_format)).write_bytes(case.content())
    protocol = folder / "study.toml"
    protocol.write_text(case.change(protocol.read_text("utf-8")), encoding="utf-8")
    before = everything_but_the_list(marts)
    assert cli.main(["validate", str(folder), "--data-marts", str(marts)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert everything_but_the_list(marts) == before
    rows = [row for row in listed(marts, folder.name) if row["severity"] == "stops the study"]
    stopping = [e for e in case.expected if not e.is_warning]
    assert len(rows) == len(stopping)
    for row, expected in zip(rows, stopping, strict=True):
        assert expected.said in row["problem"]
        place = ", ".join(
            [
                row["file"],
                *([f"row {row['row']}"] if row["row"] else []),
                *([f"column {row['column']}"] if row["column"] else []),
            ]
        )
        # Faults of one kind are printed once with the first places; faults.csv lists all.
        assert f"{row['problem']}." in printed.err
        assert place in printed.err or re.search(r"and \d+ more", printed.err)
        assert row["to do"] in printed.err
    assert re.search(rf"\b{len(rows)} (thing|places)", printed.err)


@pytest.mark.parametrize("study", [study.name for study in STUDIES])
def test_a_sound_study_is_said_to_be_so_file_by_file(
    tmp_path: Path, marts: Path, study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path, study)
    (marts / study / "faults.csv").write_text("of an earlier check")
    before = everything_but_the_list(marts)
    assert cli.main(["validate", str(folder), "--data-marts", str(marts)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for kind in next(good for good in STUDIES if good.name == study).kinds:
        n_rows = len(fresh(kind)) - 1
        (line,) = [
            line for line in printed.out.splitlines() if f"  {file_of(kind, 'csv')} " in line
        ]
        assert line.split()[1:3] == [str(n_rows), str(n_rows)]
    assert "nothing that stops the study" in printed.out
    assert not (marts / study / "faults.csv").exists()
    assert everything_but_the_list(marts) == before


def test_faults_of_every_file_are_told_in_one_go(
    tmp_path: Path, marts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path, "pupils")
    (folder / "ks2_pupils.csv").write_bytes(WRITERS["csv"](spoilt("ks2_pupils", "SEN", "??")))
    (folder / "school_links.csv").write_bytes(b"")
    (folder / "reviews.csv").unlink()
    (folder / "statements.csv").write_bytes(WRITERS["csv"](spoilt("statements", "tone", "??")))
    assert cli.main(["validate", str(folder), "--data-marts", str(marts)]) == 1
    said = capsys.readouterr().err
    for file in ("ks2_pupils.csv", "school_links.csv", "reviews.csv", "statements.csv"):
        assert f"{file}" in said
    assert "4 things to mend" in said


def test_what_stops_the_study_is_told_before_what_is_only_to_look_at(
    tmp_path: Path, marts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path, "pupils")
    late = spoilt("reviews", "review_date", "2108-11-02")
    (folder / "reviews.csv").write_bytes(WRITERS["csv"](late))
    (folder / "statements.csv").write_bytes(WRITERS["csv"](spoilt("statements", "tone", "??")))
    assert cli.main(["validate", str(folder), "--data-marts", str(marts)]) == 1
    said = capsys.readouterr().err
    assert said.index("1 thing to mend.") < said.index("1 thing to look at")
    assert said.index("the code is not known") < said.index("the date is not of this study's time")


def test_a_warning_is_told_and_listed_and_stops_nothing(
    tmp_path: Path, marts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path, "pupils")
    late = spoilt("reviews", "review_date", "2108-11-02")
    (folder / "reviews.csv").write_bytes(WRITERS["csv"](late))
    assert cli.main(["validate", str(folder), "--data-marts", str(marts)]) == 0
    printed = capsys.readouterr()
    assert "1 thing to look at" in printed.out
    assert (
        "reviews.csv, row 3, column review_date: the date is not of this study's time"
        in printed.err
    )
    (row,) = listed(marts, "pupils")
    assert (row["severity"], row["found"]) == ("warning", "2108-11-02")


def test_what_stands_in_a_pupils_row_is_on_the_terminal_and_not_in_the_list(
    tmp_path: Path, marts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(tmp_path, "pupils")
    (folder / "ks2_pupils.csv").write_bytes(
        WRITERS["csv"](spoilt("ks2_pupils", "KS1AVERAGEPS", "37"))
    )
    assert cli.main(["validate", str(folder), "--data-marts", str(marts)]) == 1
    assert "'37'" in capsys.readouterr().err
    (row,) = listed(marts, "pupils")
    assert (row["row"], row["column"], row["found"]) == ("3", "KS1AVERAGEPS", "")
    assert "37" not in (marts / "pupils" / "faults.csv").read_text("utf-8-sig")
    assert (marts / "pupils" / "faults.csv").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_no_study_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["validate", str(tmp_path), "--data-marts", str(tmp_path / "m")]) == 1
    assert "there is no such file" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_it_does_without_dagster(tmp_path: Path) -> None:
    folder = lay_out(tmp_path, "published")
    code = (
        "import sys; from assets import cli; "
        f"status = cli.main(['validate', {str(folder)!r}, '--data-marts', {str(tmp_path / 'm')!r}]); "
        "sys.exit(status or 3 * ('dagster' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder)
