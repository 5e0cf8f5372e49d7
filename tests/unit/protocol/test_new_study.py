"""A new study's folder has every kind of source and loads once filled in; on errors nothing is written."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import get_args

import pytest

from assets import cli
from pipelines.errors.fault import StudyError
from pipelines.ingest.records import read_columns
from pipelines.protocol import new_study
from pipelines.protocol.new_study import record_tables, write_new_study
from pipelines.protocol.study_file import load_study
from pipelines.study.settings import (
    AuthorityContext,
    Claim,
    Programme,
    Source,
    SourceKind,
    StatedTotal,
    StudySection,
)
from pipelines.study.toml_lines import blanks

FILLED = re.compile("‹([^›]*)›")


@pytest.fixture
def folder(tmp_path) -> Path:
    write_new_study(tmp_path / "autumn")
    return tmp_path / "autumn"


def fill(folder: Path, *, uncommented: str = "") -> None:
    """Keep the examples between the marks; uncomment one kind of source."""
    text = (folder / "study.toml").read_text(encoding="utf-8")
    if uncommented:
        entry = re.search(rf'# \[\[source\]\]\n# kind = "{uncommented}"\n(# .+\n)+', text)
        assert entry
        text = text.replace(entry[0], re.sub("^# ", "", entry[0], flags=re.M))
    (folder / "study.toml").write_text(FILLED.sub(r"\1", text), encoding="utf-8")


def test_it_loads_once_its_blanks_are_filled(folder):
    fill(folder)
    study = load_study(folder)
    assert study.name == "autumn"
    assert {s.kind for s in study.source} == {"enrolments", "school_register", "ks2_pupils"}


def test_until_then_every_blank_in_use_is_named_with_its_line(folder):
    lines = (folder / "study.toml").read_text(encoding="utf-8").splitlines()
    with pytest.raises(StudyError) as raised:
        load_study(folder)
    in_use = [
        n for n, line in enumerate(lines, 1) if "‹" in line and not line.strip().startswith("#")
    ]
    assert [fault.row for fault in raised.value.faults] == in_use
    assert len(in_use) > 10
    assert all(
        f.column and lines[(f.row or 0) - 1].strip().startswith(f.column)
        for f in raised.value.faults
    )


@pytest.mark.parametrize("kind", get_args(SourceKind))
def test_every_kind_of_source_is_laid_out_and_can_be_used(folder, kind):
    if kind in {"ks2_schools", "ks4_schools"}:
        text = (folder / "study.toml").read_text(encoding="utf-8")
        assert f'kind = "{kind}"' in text
        if kind == "ks2_schools":
            return
    first = {"enrolments", "school_register", "ks2_pupils"}
    fill(folder, uncommented="" if kind in first else kind)
    (source,) = [source for source in load_study(folder).source if source.kind == kind]
    if kind in record_tables():
        assert (folder / source.file).is_file()


@pytest.mark.parametrize("kind", sorted(record_tables()))
def test_a_template_has_the_headings_the_catalogue_reads_and_the_readme_explains_each(folder, kind):
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as lines:
        (headings,) = list(csv.reader(lines))
    columns = read_columns(record_tables()[kind])
    assert headings == [c.headers[0] if c.headers else c.name for c in columns]
    section = (
        (folder / "README.md")
        .read_text(encoding="utf-8")
        .split(f"## {kind}.csv\n")[1]
        .split("\n## ")[0]
    )
    for heading, column in zip(headings, columns, strict=True):
        (line,) = [line for line in section.splitlines() if line.startswith(f"| {heading} ")]
        assert column.about in line
        assert all(code in line for code in column.allowed)
        assert ("| no" in line) == (not column.is_nullable)


def test_a_setting_is_explained_by_its_own_declaration(folder):
    text = " ".join(
        re.sub(r"^\s*#? ?", "", line) for line in (folder / "study.toml").read_text().splitlines()
    )
    shown = {"kind", "file", "academic_year", "status"}
    for model in (StudySection, Programme, Source, StatedTotal, Claim, AuthorityContext):
        for key, field in model.model_fields.items():
            if key not in {"measure", "placebo"} and not (model is Source and key in shown):
                assert field.description, key
                assert field.description in text, key
    assert all(field.description for field in Source.model_fields.values())


def test_every_setting_of_a_source_can_be_used_unchanged(folder):
    text = FILLED.sub(r"\1", (folder / "study.toml").read_text(encoding="utf-8"))
    notes = [
        line for line in text.splitlines() if re.match(r"# (columns|assume|without|used) =", line)
    ]
    assert len(notes) == 4
    for line in notes:
        text = text.replace(line, line.removeprefix("# "))
    text = re.sub(r"# \[\[(stated_total|claim)\]\]\n(# .*\n)+", _uncommented, text)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    study = load_study(folder)
    (pupils,) = [source for source in study.source if source.kind == "ks2_pupils"]
    assert pupils.columns == {"% meeting expected": ("RWMEXP",)}
    assert (pupils.assume, pupils.without) == ({"PINCL_FLAG": "201"}, ("KS1GROUP",))
    assert study.stated_total[0].gbp == 500000
    assert (study.claim[0].kind, study.claim[0].but) == ("every_school_takes_part", 0)


def _uncommented(entry: re.Match[str]) -> str:
    """Uncomment its header and settings, but not their descriptions."""
    return re.sub(r"^# (?=\[|\w+ = )", "", entry[0], flags=re.M)


def test_a_file_that_is_downloaded_as_it_is_has_no_template(folder):
    for kind in ("ks2_schools", "ks4_schools", "la_context"):
        assert not (folder / f"{kind}.csv").exists()
        assert f"`{kind}`" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Autumn", "autumn 2018", "-x", "a" * 61, "é"])
def test_a_name_that_cannot_be_a_study_s_is_refused(tmp_path, name):
    with pytest.raises(StudyError, match="cannot have that name"):
        write_new_study(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_and_left_unchanged(tmp_path, capsys):
    (tmp_path / "autumn").mkdir()
    assert cli.main(["new", str(tmp_path / "autumn")]) == 1
    assert "there is something of that name already" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == [tmp_path / "autumn"]


@pytest.mark.parametrize("folder", ["newport", "notebooks/newport"])
def test_a_folder_that_git_would_keep_is_refused(folder):
    project = Path(__file__).resolve().parents[3]
    with pytest.raises(StudyError, match="git would keep the study's files"):
        write_new_study(project / folder)
    assert not (project / folder).exists()


def test_a_missing_parent_folder_is_refused(tmp_path):
    with pytest.raises(StudyError, match="there is no folder"):
        write_new_study(tmp_path / "nowhere" / "autumn")
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def full(_self, *_args, **_kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(new_study.Path, "rename", full)
    with pytest.raises(OSError, match="no space"):
        write_new_study(tmp_path / "autumn")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    assert cli.main(["new", str(tmp_path / "autumn")]) == 0
    said = capsys.readouterr().out
    assert "study.toml" in said
    assert "make validate STUDY=" in said


def test_a_comment_that_explains_the_marks_is_not_a_blank():
    assert list(blanks('# a = "‹x›"\nb = 1 # ‹x›\n  c = ["‹2016-17›"]\n')) == [(3, "c", "2016-17")]
