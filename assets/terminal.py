"""What commands print at the terminal: the answer, faults, warnings, where outputs are."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pipelines.errors.fault import Fault, StudyError, kinds_of
from pipelines.publishing.retention import PUPIL_DAYS
from pipelines.store import fault_list
from pipelines.study.paths import StudyPaths

FAILED = 1


def print_headline(paths: StudyPaths) -> None:
    """Print the answer in words, and where the outputs are."""
    from pipelines.board.terminal import headline_words  # noqa: PLC0415
    from pipelines.released.citations import released_rows  # noqa: PLC0415
    from pipelines.released.reading import read_published  # noqa: PLC0415

    print()
    for line in headline_words(released_rows(read_published(paths.current / "released.duckdb"))):
        print(line)
    current = shown(paths.current)
    print(f"\nThe board pack:    {current / 'board' / 'index.html'} (on paper: board.pdf)")
    print(f"Technical report:  {current / 'board' / 'technical.html'}")
    officers = paths.restricted_current / "officers" / "index.html"
    if officers.is_file():
        print(f"For officers only: {shown(officers)} (not to be published)")
    print(f"Everything else:   {current}")


def say_unchanged(made_at: datetime) -> None:
    """Say that the published run is up to date, and how to make it again anyway."""
    when = made_at.astimezone().strftime("%Y-%m-%d %H:%M")
    print(f"Nothing changed since {when}; --fresh makes everything again.")


def stop(faults: Sequence[Fault], paths: StudyPaths | None = None, stopped: str = "") -> int:
    """Print what stopped a run; returns the exit status. `stopped` is printed if nothing else is known."""
    say(faults, "Stopped: ")
    unexpected = fault_list.tracebacks(paths) if paths else ()
    if stopped and not faults and not unexpected:
        print(f"Stopped: {stopped}", file=sys.stderr)
    for file in unexpected:
        print(f"An unexpected error. Please report it; its text is in {file}", file=sys.stderr)
    if paths and paths.current.exists():
        print(f"Nothing was published: {shown(paths.current)} is as it was.", file=sys.stderr)
    elif paths:
        print("Nothing was published.", file=sys.stderr)
    return FAILED


def stop_command(options: Namespace, faults: Sequence[Fault]) -> int:
    """Print what stopped a command, and tell of it if it evaluates; returns the exit status."""
    if options.command == "evaluate":
        tell_of_failure(options.data_marts, options.study.resolve().name, faults)
    return stop(faults)


def tell_of_failure(
    data_marts: Path, study: str, faults: Sequence[Fault], stopped: str | None = None
) -> None:
    """Tell a person of a failed evaluation, if data_marts/alerts.toml asks for it; print what fails."""
    from pipelines.alerts import telling  # noqa: PLC0415

    for sentence in telling.tell_of_failure(
        data_marts, study, faults, otherwise=stopped, is_by_hand=True
    ):
        print(sentence, file=sys.stderr)


def say(faults: Sequence[Fault], begun: str = "") -> None:
    """Print every fault and how many there are."""
    if faults:
        print(f"\n{StudyError(faults).for_analyst()}", file=sys.stderr)
        print(f"\n{begun}{_counted(faults)} to mend.", file=sys.stderr)


def say_pupils_deleted(studies: Sequence[str]) -> None:
    """Report studies whose pupil rows, left by a failed run, were deleted because of their age."""
    for study in studies:
        print(
            f"Deleted: the pupil rows of the study {study}, which a run that did not succeed left "
            f"{PUPIL_DAYS} days ago or earlier.",
            file=sys.stderr,
        )


def warn(warnings: Sequence[Fault]) -> None:
    """Print warnings, which do not stop the study."""
    if warnings:
        print(f"\n{_counted(warnings)} to look at; none stops the study:", file=sys.stderr)
        print(StudyError(warnings).for_analyst(), file=sys.stderr)


def warn_in_short(warnings: Iterable[Sequence[Fault]]) -> None:
    """One line for each rule that warned; `validate` lists the places."""
    lines = [f"  {faults[0].place}: {faults[0].problem}" + _and_more(faults) for faults in warnings]
    if lines:
        print(
            "\nTo look at; nothing was stopped by it (`ssif validate` writes every place to faults.csv):"
        )
        print("\n".join(lines))


def _counted(faults: Sequence[Fault]) -> str:
    """Number of kinds of fault, and of places if there are more."""
    n, n_places = len(kinds_of(faults)), len(faults)
    return f"{n} thing{'s' if n > 1 else ''}" + (f" in {n_places} places" if n_places > n else "")


def _and_more(faults: Sequence[Fault]) -> str:
    return f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""


def shown(path: Path) -> Path:
    """The path relative to the current folder, if it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
