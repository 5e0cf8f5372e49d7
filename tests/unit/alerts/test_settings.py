"""The setting of alerts: off by default, the note's example is whole, each fault has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.alerts.settings import FILE, Alerts, read_alerts
from pipelines.errors.fault import StudyError
from pipelines.study.paths import PROJECT

NOTE = (PROJECT / "data_marts" / "README.md").read_text(encoding="utf-8")
EMAIL = '[email]\nserver = "mail.example.org"\nsender = "a@example.org"\nto = ["b@example.org"]\n'
HIDDEN = "s3cret-token"


def given(folder: Path, text: str) -> Alerts | None:
    (folder / FILE).write_text(text, encoding="utf-8")
    return read_alerts(folder)


def test_nobody_is_told_by_default(tmp_path: Path):
    assert read_alerts(tmp_path) is None
    assert not given(tmp_path, EMAIL).also_evaluate


def test_the_example_of_the_note_names_every_key(tmp_path: Path):
    (text,) = re.findall(r"```toml\n(.*?)```", NOTE, flags=re.DOTALL)
    alerts = given(tmp_path, text)
    assert alerts.command
    for part in (alerts, alerts.email, alerts.webhook):
        assert part.model_fields_set == set(type(part).model_fields)


@pytest.mark.parametrize(
    ("text", "row", "column", "problem"),
    [
        ("also_evaluate = true\n", None, None, "names nobody to tell"),
        ("", None, None, "names nobody to tell"),
        ("command = notify-send\n", None, None, "is not TOML"),
        ('command = "notify-send"\n', 1, "command", "not usable"),
        (EMAIL + 'too = ["c@example.org"]\n', 5, "email.too", "'too' is not known"),
        (EMAIL.replace('to = ["b@example.org"]\n', ""), 1, "email.to", "'to' is missing"),
        (EMAIL.replace('"b@example.org"', ""), 4, "email.to", "not usable"),
        (EMAIL.replace("b@example.org", "nobody"), 4, "email.to[1]", "not usable"),
        (EMAIL.replace("a@example.org", "a@b\\nBcc: c@d"), 3, "email.sender", "not usable"),
        (EMAIL + 'port = "25"\n', 5, "email.port", "not usable"),
        (EMAIL + "port = 70000\n", 5, "email.port", "not usable"),
        (EMAIL + 'security = "ssl"\n', 5, "email.security", "not usable"),
        (f'[webhook]\nurl = "file:///{HIDDEN}"\n', 2, "webhook.url", "not usable"),
        (f'[webhook]\nurl = "{HIDDEN}"\n', 2, "webhook.url", "not usable"),
    ],
)
def test_a_fault_names_its_line_and_quotes_nothing(tmp_path, text, row, column, problem):
    with pytest.raises(StudyError) as caught:
        given(tmp_path, text)
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.column) == (FILE, row, column)
    assert problem in fault.problem
    assert fault.expected
    assert HIDDEN not in caught.value.for_analyst()


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="cannot be read"):
        read_alerts(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    with pytest.raises(StudyError, match="cannot be read"):
        read_alerts(tmp_path)
