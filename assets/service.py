"""Units of systemd that run the page, or evaluate one study on weekday mornings, with nobody logged in."""

from __future__ import annotations

import sys
from pathlib import Path

from assets.dagster_home import write_whole
from pipelines.errors.fault import Fault, StudyError
from pipelines.study.paths import PROJECT

PAGE = "ssif.service"
STUDY = "ssif-evaluate@.service"
TIMER = "ssif-evaluate@.timer"
# As the schedule of Dagster's page: `automation.MORNINGS`.
MORNINGS = "Mon..Fri *-01,08,09,10,11,12-* 06:00:00 Europe/London"
# What `ssif serve` needs to end, and some more.
_STOP_SECONDS = 30

WHAT_TO_DO = """\
What to do with them (Linux):
  ssif service ~/.config/systemd/user                         write them there
  systemctl --user daemon-reload
  systemctl --user enable --now ssif.service                  the page, with schedule and sensor
  systemctl --user enable --now ssif-evaluate@surrey.timer    or, without the page, one study: data_raw/surrey
  loginctl enable-linger                                      go on when nobody is logged in
What they say: journalctl --user -u ssif.service; of failures, data_marts/alerts.toml tells a person.

On Windows, in a terminal, with the project's folder in place of C:\\ssif:
  schtasks /Create /TN ssif /SC ONLOGON /TR "C:\\ssif\\.venv\\Scripts\\ssif.exe serve"
  schtasks /Create /TN ssif-surrey /SC WEEKLY /D MON,TUE,WED,THU,FRI /ST 06:00 ^
    /TR "C:\\ssif\\.venv\\Scripts\\ssif.exe evaluate C:\\ssif\\data_raw\\surrey"
"""


def units(data_raw: Path, data_marts: Path, port: int) -> dict[str, str]:
    """Each unit's text by its file name."""
    program = f"{_quoted(sys.executable)} -m assets.cli"
    marts = f"--data-marts {_quoted(str(data_marts.resolve()))}"
    raw = _quoted(str(data_raw.resolve()))
    study = f"{raw[:-1]}/%i{raw[-1]}"
    place = f"WorkingDirectory={str(PROJECT).replace('%', '%%')}"
    return {
        PAGE: f"""\
[Unit]
Description=School-improvement evaluations: Dagster's page, schedule and sensor

[Service]
{place}
ExecStart={program} serve --port {port} --data-raw {raw} {marts}
Restart=on-failure
RestartSec=60
KillMode=mixed
TimeoutStopSec={_STOP_SECONDS}

[Install]
WantedBy=default.target
""",
        STUDY: f"""\
[Unit]
Description=School-improvement evaluation: the study %i

[Service]
Type=oneshot
{place}
ExecStart={program} evaluate {study} {marts}
""",
        TIMER: f"""\
[Unit]
Description=School-improvement evaluation: the study %i, weekday mornings from August to January

[Timer]
OnCalendar={MORNINGS}
Persistent=true

[Install]
WantedBy=timers.target
""",
    }


def printed(written: dict[str, str]) -> str:
    """The units one after the other, each under its file name, and what to do with them."""
    parts = [f"# {name}\n{text}" for name, text in written.items()]
    return "\n".join([*parts, *(f"# {line}".rstrip() for line in WHAT_TO_DO.splitlines())])


def write_units(folder: Path, written: dict[str, str]) -> str:
    """Write the units to a folder; returns what to say of it.

    Raises StudyError, and writes none, if one is there that says something else: it may have been edited.
    """
    files = {folder / name: text for name, text in written.items()}
    other = [
        file
        for file, text in files.items()
        if file.exists() and file.read_text(encoding="utf-8") != text
    ]
    if other:
        raise StudyError(
            Fault(
                file=str(file),
                problem="there is another unit of this name, which may be your own",
                remedy="delete it, or write to another folder and compare",
            )
            for file in other
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        write_whole(file, text)
    said = [*(f"Written: {file}" for file in files), "What to do with them: `ssif service --help`"]
    return "\n".join(said)


def _quoted(text: str) -> str:
    """A word of a unit's command line; `%` and `$` have a meaning there."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"'
