"""The study that data_raw/README.md works through is sound on the authority's real tables."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pipelines.protocol.new_study import write_new_study
from pipelines.study.paths import PROJECT
from pipelines.validation.folder import check_folder

STUDIES = (PROJECT / "data_raw" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def hampshire_folder(real_data: Path, tmp_path: Path) -> Path:
    """The folder that `make new` lays out, with the files and the protocol of the paper put in."""
    folder = tmp_path / "hampshire"
    list(write_new_study(folder))
    (protocol,) = re.findall(r"```toml\n(.*?)```", STUDIES, re.DOTALL)
    (enrolments,) = re.findall(r"```text\n(programme,URN.*?)```", STUDIES, re.DOTALL)
    (folder / "study.toml").write_text(protocol, encoding="utf-8")
    (folder / "enrolments.csv").write_text(enrolments, encoding="utf-8")
    for year in (2016, 2017, 2018):
        shutil.copy(real_data / "hampshire" / f"{year}-850-ks2.csv", folder)
    shutil.copy(real_data / "hampshire" / "2021-gias.csv", folder / "school_register.csv")
    return folder


def test_what_has_to_be_mended_is_what_the_paper_says(hampshire_folder: Path) -> None:
    """The extract of the register lacks three columns of the download; the message gives the setting."""
    faults = check_folder(hampshire_folder).faults
    lacking = {fault.column for fault in faults}
    assert lacking == {"TypeOfEstablishment (name)", "OpenDate", "CloseDate"}
    assert all("without = [" in fault.remedy for fault in faults)
    protocol = hampshire_folder / "study.toml"
    names = ", ".join(f'"{name}"' for name in sorted(str(name) for name in lacking))
    text = protocol.read_text(encoding="utf-8").replace(
        'file = "school_register.csv"\n', f'file = "school_register.csv"\nwithout = [{names}]\n'
    )
    protocol.write_text(text, encoding="utf-8")
    assert check_folder(hampshire_folder).faults == ()


def test_the_line_that_tables_of_schools_cannot_answer_is_told(hampshire_folder: Path) -> None:
    protocol = hampshire_folder / "study.toml"
    text = protocol.read_text(encoding="utf-8")
    text = text.replace(
        "  primary = true\n", "  primary = true\n  adjust_for_prior_attainment = true\n"
    )
    protocol.write_text(text, encoding="utf-8")
    (fault,) = check_folder(hampshire_folder).faults
    assert fault.remedy == "take adjust_for_prior_attainment out"
