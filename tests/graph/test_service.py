"""`ssif service`: units that systemd accepts, at the hours of the schedule; an edited one is left alone."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assets import automation, cli, service

ODD = """it's 100% "odd" $HOME"""
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze"
)


def lines(text: str) -> dict[str, str]:
    """The keys of a unit's sections, as `Service.ExecStart`."""
    unit = configparser.RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    return {f"{part}.{key}": value for part in unit.sections() for key, value in unit[part].items()}


def command(text: str) -> list[str]:
    """A unit's command as systemd runs it."""
    written = lines(text)["Service.ExecStart"].replace("%i", "surrey")
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(written)]


def test_its_commands_are_commands_of_this_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written = service.units(tmp_path / ODD, tmp_path / "marts", 3001)
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(cli, "serve", lambda **how: asked.append(how) or 0)
    monkeypatch.setattr(cli, "evaluate", lambda folder, **_: asked.append({"it": folder}) or 0)
    for name in (service.PAGE, service.STUDY):
        python, flag, module, *arguments = command(written[name])
        assert (python, flag, module) == (sys.executable, "-m", "assets.cli")
        assert cli.main(arguments) == 0
    assert asked == [
        {"data_raw": tmp_path / ODD, "data_marts": tmp_path / "marts", "port": 3001},
        {"it": tmp_path / ODD / "surrey"},
    ]


def test_the_timer_keeps_the_hours_of_the_schedule():
    days, date, time, zone = service.MORNINGS.split()
    months = {int(month) for month in date.removeprefix("*-").removesuffix("-*").split(",")}
    minute, hour, _, cron_months, cron_days = automation.MORNINGS.split()
    assert (days, cron_days) == ("Mon..Fri", "1-5")
    assert (months, cron_months) == ({8, 9, 10, 11, 12, 1}, "8-12,1")
    assert time == f"{int(hour):02}:{int(minute):02}:00"
    assert zone == automation.TIMEZONE


def judged(unit: Path) -> tuple[int, str]:
    """What systemd says of a unit: 0 and nothing if it takes it."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(unit.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to initialize manager" in done.stderr:
        pytest.skip("systemd cannot judge units here")
    return done.returncode, done.stderr


@needs_systemd
@pytest.mark.parametrize("name", ["plain", ODD])
def test_systemd_takes_them(tmp_path: Path, name: str):
    folder = tmp_path / "units"
    service.write_units(folder, service.units(tmp_path / name, tmp_path / name, 3000))
    study, timer = (
        Path(shutil.copy(folder / unit, folder / unit.replace("@", "@surrey")))
        for unit in (service.STUDY, service.TIMER)
    )
    for unit in (folder / service.PAGE, study, timer):
        assert judged(unit) == (0, "")
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace(sys.executable, "/no/such/python"), encoding="utf-8")
    assert judged(study)[0] != 0
    timer.write_text("[Timer]\nOnCalendar=Mon..Fri *-13-* 06:00\n", encoding="utf-8")
    assert judged(timer)[0] != 0


def test_they_are_printed_or_written_and_an_edited_one_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["service"]) == 0
    said = capsys.readouterr().out
    assert all(
        f"# {name}\n[Unit]\n" in said for name in (service.PAGE, service.STUDY, service.TIMER)
    )
    folder = tmp_path / "user"
    assert cli.main(["service", str(folder)]) == 0
    assert cli.main(["service", str(folder)]) == 0
    assert {file.name for file in folder.iterdir()} == {service.PAGE, service.STUDY, service.TIMER}
    (folder / service.TIMER).write_text("my own\n", encoding="utf-8")
    before = (folder / service.PAGE).read_text(encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["service", str(folder), "--port", "3005"]) == 1
    assert "may be your own" in capsys.readouterr().err
    assert (folder / service.TIMER).read_text(encoding="utf-8") == "my own\n"
    assert (folder / service.PAGE).read_text(encoding="utf-8") == before


def test_the_help_says_what_to_do_on_windows(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["service", "--help"])
    said = capsys.readouterr().out
    assert "schtasks /Create" in said
    assert "systemctl --user enable --now ssif.service" in said
