"""Excessive values are refused with an explanation before they can exhaust disk, screen or processor."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.errors.unseen import spelled_out, unseen_in
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import PROJECT
from tests.unit.protocol.test_study_file import GOOD, faults_of

DEEP = "a" + ".a" * 5000


def title(value: str) -> str:
    return re.sub(r"(?m)^title = .*$", lambda _: f"title = {value}", GOOD, count=1)


def under_study(line: str) -> str:
    return GOOD.replace("[study]\n", f"[study]\n{line}\n", 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (title("9" * 5000), "more digits than any setting"),
        (title("0x" + "f" * 5000), "more digits than any setting"),
        (under_study(f"draws = {'9' * 40}"), "more digits than any setting"),
        (title("[" * 100_000), "brackets within brackets"),
        (title("[" * 300 + "]" * 300), "brackets within brackets"),
        (title("{a=" * 300 + "1" + "}" * 300), "brackets within brackets"),
        (under_study(f"{DEEP} = 1"), "brackets within brackets"),
        (f"{GOOD}\n[{DEEP}]\n", "brackets within brackets"),
        (GOOD + '\n[[source]]\nkind = "x"\n' * 2001, "entries"),
        (GOOD + "#" * 2_000_000, "longer than any study's"),
        (title('"' + "x" * 5001 + '"'), "5,001 characters"),
        (title("inf"), "no number"),
        (title("1e400"), "no number"),
        (title("-nan"), "no number"),
        (title('"a\\u202Eb"'), "not seen: ⟨U+202E⟩"),
        (title('"a\\u001B[31m"'), "not seen: ⟨U+001B⟩"),
        (title('"a\u200bb"'), "not seen: ⟨U+200B⟩"),
        (title('"a\\uE000x|y|z|w\\uE0015\\uE002"'), "not seen: ⟨U+E000⟩⟨U+E001⟩⟨U+E002⟩"),
    ],
    ids=lambda value: re.sub(r"\W+", " ", value[:40]) if len(value) < 60 else "a long text",
)
def test_impossible_settings_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    began = time.process_time()
    (fault,) = faults_of(tmp_path, text)
    assert problem.replace("brackets within", "brackets stand within") in fault.problem
    assert fault.file == "study.toml"
    assert fault.expected
    assert fault.remedy
    assert len(fault.for_analyst()) < 600
    assert time.process_time() - began < 30


@pytest.mark.parametrize("size", ["inf", "nan", "1e12"])
def test_a_smallest_effect_is_a_number_of_some_size(tmp_path: Path, size: str) -> None:
    text = re.sub(r"smallest_effect = [\d.]+", f"smallest_effect = {size}", GOOD, count=1)
    assert text != GOOD
    (fault,) = faults_of(tmp_path, text)
    assert fault.column == "programme[1].measure[1].smallest_effect"


@pytest.mark.parametrize(
    ("setting", "bound"),
    [
        ("minimum_cell = 2", "at least 5"),
        ("minimum_cell = 4", "at least 5"),
        ("draws = 1_000_000_000_000", "at most 100,000"),
    ],
)
def test_a_number_has_bounds_that_protect(tmp_path: Path, setting: str, bound: str) -> None:
    (fault,) = faults_of(tmp_path, under_study(setting))
    assert bound in (fault.expected or "")


@pytest.mark.parametrize(
    "root",
    ["/", str(Path.home()), str(Path.home().parent), str(PROJECT), "../../../../../../../.."],
)
def test_data_root_is_neither_a_whole_disk_nor_a_home_folder(tmp_path: Path, root: str) -> None:
    faults = faults_of(tmp_path, under_study(f'data_root = "{root}"'))
    assert "study.data_root" in {fault.column for fault in faults}


def test_settings_accept_text_of_any_language_and_emoji(tmp_path: Path) -> None:
    folder = tmp_path / "autumn"
    folder.mkdir()
    words = "Ysgol Tŷ’r Ffynnon – 学校 بيت 👩‍👩‍👧 £5 & $x$ <b>"
    (folder / "study.toml").write_text(title(f'"{words}"'), encoding="utf-8")
    assert load_study(folder).study.title == words


# -------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize("field", ["file", "problem", "remedy", "column", "found", "expected"])
def test_fault_messages_contain_no_terminal_control_codes(field: str) -> None:
    told = {"file": "f.csv", "problem": "p", "remedy": "r", "column": "c", "found": "x"}
    hostile = "a\x1b[2J\r\nStopped.\u202eb\u2066\x9b"
    fault = Fault(**(told | {"expected": "e"} | {field: hostile}))  # type: ignore[arg-type]
    error = StudyError([fault, fault])
    for text in (fault.for_analyst(), fault.shareable(), error.for_analyst(), str(error)):
        assert unseen_in(text) == []
        assert "\r" not in text
        assert "\nStopped" not in text
    assert spelled_out(hostile) in fault.for_analyst()


def test_visible_text_is_quoted_unchanged() -> None:
    for text in ("Tŷ’r – 学校", "a b", "⟨U+202E⟩"):
        assert spelled_out(text) == text
    assert spelled_out("a\tb\u00adc") == "a⟨U+0009⟩b⟨U+00AD⟩c"
