"""Faults planted in a study that ran before: what the analyst sees, and that nothing is published."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import assets.cli
from pipelines.study.paths import EXAMPLE, StudyPaths
from tests.evaluated import Evaluated, bytes_of
from tests.planted import Plant

KS2 = "ks2_pupils_2018.csv"


@dataclass(frozen=True)
class ExpectedOutput:
    """What must and must not be printed on the terminal."""

    said: tuple[str, ...]
    unsaid: tuple[str, ...] = ()


def missing_files(plant: Plant) -> ExpectedOutput:
    (plant.folder / "ks4_pupils_2017.csv").unlink()
    (plant.folder / "enrolments.csv").unlink()
    return ExpectedOutput(
        (
            "ks4_pupils_2017.csv: the file is not there",
            "enrolments.csv: the file is not there",
            "put the file there, or mend the name in study.toml",
            "2 things to mend",
        )
    )


def missing_columns(plant: Plant) -> ExpectedOutput:
    def rename(rows: list[list[str]]) -> None:
        for heading in ("SEN", "READPROGSCORE_EM_ADJUSTED"):
            rows[0][rows[0].index(heading)] = f"{heading}_OLD"

    plant.table(KS2, rename)
    return ExpectedOutput(
        (
            f"{KS2}, row 1, column SEN: the column is missing",
            f"{KS2}, row 1, column READPROGSCORE_EM_ADJUSTED: the column is missing",
            "export the file with this column; or say in its [[source]] which heading it has",
        )
    )


def wrong_checksum(plant: Plant) -> ExpectedOutput:
    with (plant.folder / "reviews.csv").open("a", encoding="utf-8") as lines:
        lines.write("\n")
    return ExpectedOutput(
        (
            "reviews.csv: the file is not the one that was registered: its checksum differs",
            "found:    sha256 ",
            "expected: sha256 31d864ad",
            "register this one",
        )
    )


def enrolled_school_in_no_register(plant: Plant) -> ExpectedOutput:
    plant.cells("enrolments.csv", {(7, "urn"): "999999"})
    return ExpectedOutput(
        (
            "enrolments.csv, row 7, column URN: the school is in no register",
            "999999",
            "mend the URN, or fetch a register that holds the school",
        )
    )


def unknown_key(plant: Plant) -> ExpectedOutput:
    line = plant.protocol("funding_gbp = 200000", "fundng_gbp = 200000")
    return ExpectedOutput(
        (
            f"study.toml, row {line}, column programme[1].fundng_gbp: the key 'fundng_gbp' is not known",
            "funding_gbp,",
            "mend the spelling, or take the line out",
        )
    )


def source_outside_data_root(plant: Plant) -> ExpectedOutput:
    (plant.folder / "reviews.csv").rename(plant.folder.parent / "elsewhere.csv")
    line = plant.protocol('file = "reviews.csv"', 'file = "../elsewhere.csv"')
    return ExpectedOutput(
        (
            f"study.toml, row {line}, column source[12].file: ../elsewhere.csv lies outside data_root",
            "move the file, or change data_root",
        )
    )


def several_faults_in_one_file(plant: Plant) -> ExpectedOutput:
    number = plant.cell(KS2, 5, "UPN")
    shifted = {
        heading: plant.cell(KS2, 9, heading) for heading in ("UPN", "SURNAME", "FORENAME", "DOB")
    }
    plant.cells(
        KS2,
        {
            (4, "SEN"): "QQ",
            (5, "FSM6_P"): "9",
            (6, "UPN"): number,
            (7, "READPROGSCORE_EM_ADJUSTED"): "1o1",
            (8, "MATPROGSCORE_EM_ADJUSTED"): "130",
            # A row with shifted cells: a pupil's identifier is in another column.
            (9, "LAESTAB"): shifted["UPN"],
            (9, "URN"): shifted["UPN"],
            (9, "PINCL_FLAG"): shifted["SURNAME"],
            (9, "SEN"): shifted["FORENAME"],
            (9, "KS1AVERAGEPS"): shifted["DOB"],
        },
    )
    return ExpectedOutput(
        (
            f"{KS2}, row 4, column SEN: found 'QQ'",
            f"{KS2}, row 5, column FSM6_P: ",
            f"{KS2}, row 5, column UPN: the same pupil number appears in rows 5, 6",
            # The same kind of fault as in row 9: its places are listed together.
            "2 places: the cell cannot be read as a number with a decimal point",
            f"{KS2}, row 7, column READPROGSCORE_EM_ADJUSTED: found '1o1'",
            f"{KS2}, row 8, column MATPROGSCORE_EM_ADJUSTED: the value is out of range",
            "found:    '130",
            *(
                f"{KS2}, row 9, column {heading}: "
                for heading in ("LAESTAB", "URN", "PINCL_FLAG", "SEN", "KS1AVERAGEPS")
            ),
        ),
        unsaid=(number, *shifted.values()),
    )


def faults_in_several_files(plant: Plant) -> ExpectedOutput:
    plant.cells(KS2, {(4, "FSM6_P"): "??"})
    plant.cells("ks4_returns_2018.csv", {(3, "SENF"): "B"})
    plant.cells("enrolments.csv", {(2, "programme"): "nosuch"})
    return ExpectedOutput(
        (
            f"{KS2}, row 4, column FSM6_P: the cell cannot be read as 1 or 0",
            "ks4_returns_2018.csv, row 3, column SENF: the code is not known",
            "enrolments.csv, row 2, column programme: study.toml has no programme of that id",
            "3 things to mend",
        )
    )


FAULTS = (
    missing_files,
    missing_columns,
    wrong_checksum,
    enrolled_school_in_no_register,
    unknown_key,
    source_outside_data_root,
    several_faults_in_one_file,
    faults_in_several_files,
)


def require_told(told: ExpectedOutput, stdout: str, stderr: str) -> None:
    for text in told.said:
        assert text in stderr
    assert stderr.startswith("\n")
    assert stderr.count("to do:") >= 1
    assert "to mend." in stderr
    for text in told.unsaid:
        assert text not in stdout + stderr
    assert "Traceback" not in stdout + stderr
    assert "dagster" not in (stdout + stderr).casefold()
    assert "please report" not in stderr.casefold()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_reported_and_nothing_is_published(
    fault: Callable[[Plant], ExpectedOutput],
    example_again: Evaluated,
    study_copy: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    current = example_again.current
    before = bytes_of(current)
    told = fault(Plant(study_copy))
    marts = str(example_again.paths.marts)
    assert assets.cli.main(["evaluate", str(study_copy), "--data-marts", marts]) == 1
    printed = capsys.readouterr()
    require_told(told, printed.out, printed.err)
    assert before["."].startswith("runs/")
    assert bytes_of(current) == before


def test_the_command_itself_ends_with_status_1(failed: Evaluated, example: Evaluated) -> None:
    """Runs the command in a separate process, with an unknown code and a repeated pupil."""
    assert failed.status == 1
    plant = Plant(failed.folder)
    who = [plant.cell(KS2, 20, heading) for heading in ("UPN", "SURNAME", "FORENAME", "DOB")]
    told = ExpectedOutput(
        (
            f"{KS2}, row 10, column SEN: the code is not known (also in row 12)",
            "found:    'QQ'",
            "expected: one of ",
            "ask whoever sent the file",
            f"{KS2}, row 20, column UPN: the same pupil number appears in rows 20, 31",
            "(a pupil's number is never shown)",
            "keep the row that is right and delete the others",
        ),
        unsaid=tuple(who),
    )
    require_told(told, failed.stdout, failed.stderr)
    assert failed.stderr.endswith("is as it was.\n")
    assert bytes_of(failed.current) == bytes_of(example.current)


def test_a_first_run_that_fails_leaves_no_current(
    study_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing_files(Plant(study_copy))
    assert assets.cli.main(["evaluate", str(study_copy), "--data-marts", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("Nothing was published.\n")
    assert not (tmp_path / "example" / "current").exists()


def test_a_folder_that_is_no_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert assets.cli.main(["evaluate", str(tmp_path), "--data-marts", str(tmp_path / "m")]) == 1
    printed = capsys.readouterr()
    assert f"{tmp_path}/study.toml: there is no such file" in printed.err
    assert "Traceback" not in printed.err
    assert not (tmp_path / "m").exists()


def test_a_corrected_study_is_published_despite_a_warning(
    example_again: Evaluated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Faults and marks of an earlier run do not affect a later one.

    Runs in this process, where every warning raised by a step is an error. 17 schools are expected
    but 18 enrolled, which is a warning. The officers' version was not requested, so it is removed.
    """
    folder = shutil.copytree(EXAMPLE, tmp_path / "raw" / "example")
    home = shutil.copytree(example_again.paths.marts, tmp_path / "data_marts", symlinks=True)
    (home / "example" / ".work" / "study_folder.txt").write_text(f"{folder}\n", encoding="utf-8")
    paths = StudyPaths(home, "example")
    command = ["evaluate", str(folder), "--data-marts", str(home)]
    missing_files(Plant(folder))
    assert assets.cli.main(command) == 1
    assert list(paths.faults.glob("*"))
    assert (paths.restricted_current / "officers").is_dir()
    capsys.readouterr()

    shutil.rmtree(folder)
    Plant(shutil.copytree(EXAMPLE, folder)).protocol(
        "expected_schools = 18", "expected_schools = 17"
    )
    assert assets.cli.main(command) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    said = "enrolments.csv, column programme: the programme has another number of schools"
    assert said in printed.out
    run = json.loads((paths.current / "run.json").read_text(encoding="utf-8"))
    assert run["warnings"] == {"enrolments_programme_has_expected_schools": 1}
    assert not any(
        path.suffix == ".json" and "warning" not in path.name for path in paths.faults.glob("*")
    )
    assert (paths.current / "board").is_dir()
    assert not (paths.restricted_current / "officers").exists()
