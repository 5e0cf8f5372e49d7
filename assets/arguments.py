"""The arguments of the command line `ssif`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from assets.service import WHAT_TO_DO
from pipelines.study.paths import DATA_MARTS, DATA_RAW, EXAMPLE

# Options of a run, passed to the asset `publish`.
RUN_OPTIONS = {
    "keep_pupils": "keep the pupil rows in the working store",
    "officers": "make the officers' version too: named schools, small figures, not to be published",
}


def parser(described: Mapping[str, str | None]) -> argparse.ArgumentParser:
    """The parser of all commands; `described` gives the longer descriptions of some."""
    whole = argparse.ArgumentParser(
        prog="ssif", description="Did a school-improvement programme change its pupils' results?"
    )
    commands = whole.add_subparsers(dest="command", required=True)
    evaluating = commands.add_parser("evaluate", help="one study from raw files to the page")
    evaluating.add_argument("--verbose", action="store_true", help="show everything Dagster logs")
    fresh = "make everything again, even if nothing has changed"
    evaluating.add_argument("--fresh", action="store_true", help=fresh)
    for name, about in RUN_OPTIONS.items():
        evaluating.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=about)
    beginning = commands.add_parser("new", help="a new study's folder, to be filled in")
    beginning.add_argument("study", type=Path, help="its folder, as data_raw/<name>")
    validating = commands.add_parser("validate", help="list what is wrong with a study's files")
    asking = commands.add_parser("power", help="what a study could see, from earlier results")
    releasing = commands.add_parser("release", help="record that a person published this run")
    releasing.add_argument("--date", required=True, type=_day, help="as 2018-10-02")
    unattended = _unattended(commands)
    for command in (evaluating, validating, asking, releasing):
        command.add_argument("study", nargs="?", default=EXAMPLE, type=Path, help="its folder")
    for command in (evaluating, validating, asking, releasing, *unattended):
        command.add_argument("--data-marts", default=DATA_MARTS, type=Path, help="for the outputs")
    again = commands.add_parser("example", help="regenerate data_raw/example, or a sequel")
    again.add_argument("--through", type=int, default=2018, help="summer of the last results")
    for name, command in commands.choices.items():
        command.description = described.get(name)
    return whole


def _unattended(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> tuple[argparse.ArgumentParser, ...]:
    """Add the commands that run studies while nobody watches."""
    serving = commands.add_parser("serve", help="the Dagster page, on this machine only")
    installing = commands.add_parser(
        "service",
        help="units of systemd that run it without you; what to do on Windows",
        epilog=WHAT_TO_DO,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    installing.add_argument("folder", nargs="?", type=Path, help="write them there, not print them")
    trying = commands.add_parser("alert", help="try whether a person is told of failures")
    for command in (serving, installing):
        command.add_argument("--port", type=int, default=3000)
        command.add_argument(
            "--data-raw", default=DATA_RAW, type=Path, help="the folder of studies"
        )
    return serving, installing, trying


def _day(text: str) -> date:
    """The date of an option. Raises ArgumentTypeError, which says how to write one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = f"{text!r} is not a date, year first, as 2018-10-02"
        raise argparse.ArgumentTypeError(said) from None
