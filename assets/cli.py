"""The command line `ssif`: start, check, evaluate and release studies, and serve the page.

Commands only combine functions of `pipelines` and the graph, and import slow libraries when run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NoReturn

from assets.arguments import RUN_OPTIONS, parser
from assets.dagster_home import require_page
from assets.service import printed, units, write_units
from assets.terminal import (
    FAILED,
    print_headline,
    say,
    say_pupils_deleted,
    say_unchanged,
    shown,
    stop,
    stop_command,
    tell_of_failure,
    warn,
    warn_in_short,
)  # fmt: skip
from pipelines.errors.fault import StudyError
from pipelines.errors.machine import machine_fault
from pipelines.protocol.study_file import load_study
from pipelines.publishing import retention
from pipelines.publishing.unchanged import unchanged_since
from pipelines.store import fault_list, folder_note
from pipelines.study.paths import EXAMPLE, PROJECT, StudyPaths
from pipelines.study.settings import PROTOCOL


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    described = {each.__name__: each.__doc__ for each in (evaluate, new, validate, power, release)}
    options = parser(described).parse_args(arguments)
    try:
        if "data_marts" in options:
            say_pupils_deleted(retention.forget_old_pupils(options.data_marts, time.time()))
        if options.command == "evaluate":
            return evaluate(
                options.study,
                data_marts=options.data_marts,
                is_verbose=options.verbose,
                is_fresh=options.fresh,
                run_options={name: getattr(options, name) for name in RUN_OPTIONS},
            )
        if options.command == "new":
            return new(options.study)
        if options.command == "validate":
            return validate(options.study, data_marts=options.data_marts)
        if options.command == "power":
            return power(options.study, data_marts=options.data_marts)
        if options.command == "release":
            return release(options.study, options.date, data_marts=options.data_marts)
        if options.command == "alert":
            return alert(data_marts=options.data_marts)
        if options.command == "service":
            return service(
                options.folder, options.data_raw, data_marts=options.data_marts, port=options.port
            )
        if options.command == "serve":
            return serve(
                data_raw=options.data_raw, data_marts=options.data_marts, port=options.port
            )
        return regenerate_example(options.through)
    except StudyError as error:
        return stop_command(options, error.faults)
    except Exception as error:
        if fault := machine_fault(
            error, str(options.data_marts if "data_marts" in options else ".")
        ):
            return stop_command(options, [fault])
        raise


def evaluate(
    folder: Path,
    *,
    data_marts: Path,
    is_verbose: bool,
    is_fresh: bool,
    run_options: dict[str, bool],
) -> int:
    """Evaluate one study; print a line for each asset, the headline in words, and where the outputs are."""
    study = load_study(folder)
    paths = StudyPaths(data_marts.resolve(), study.name)
    folder_note.remember(paths, study.folder)
    print(f"{study.study.title}\n")
    made_at = None if is_fresh else unchanged_since(study, paths, **run_options)
    if made_at:
        say_unchanged(made_at)
    else:
        from assets.running import run_graph  # noqa: PLC0415

        # Pupil rows to be kept have to be read.
        is_fresh = is_fresh or run_options["keep_pupils"]
        stopped = run_graph(
            paths, is_verbose=is_verbose, is_fresh=is_fresh, publish_config=run_options
        )
        if stopped:
            faults = fault_list.read(paths)
            tell_of_failure(data_marts, study.name, faults, stopped)
            return stop(faults, paths, stopped)
    print_headline(paths)
    warn_in_short(fault_list.read_warnings(paths).values())
    return 0


def new(folder: Path) -> int:
    """Create a study's folder: a commented study.toml and a file of headings for each kind of source."""
    from pipelines.protocol.new_study import write_new_study  # noqa: PLC0415

    for line in write_new_study(folder):
        print(line)
    return 0


def validate(folder: Path, *, data_marts: Path) -> int:
    """Check a study's protocol and every file without evaluating it; published outputs do not change."""
    from pipelines.validation.faults_csv import write_faults  # noqa: PLC0415
    from pipelines.validation.folder import check_folder  # noqa: PLC0415
    from pipelines.validation.what_was_checked import checked_table  # noqa: PLC0415

    folder = folder.resolve()
    paths = StudyPaths(data_marts.resolve(), folder.name)
    folder_note.refuse_a_second(paths, folder)
    findings = check_folder(folder)
    if not findings.faults:
        for line in checked_table(findings):
            print(line)
    # Faults come before warnings, because they must be corrected.
    say(findings.faults)
    warn(findings.warnings)
    if (folder / PROTOCOL).is_file() and write_faults(paths.faults_csv, findings):
        print(f"\nThe same as a table: {shown(paths.faults_csv)}", file=sys.stderr)
    return FAILED if findings.faults else 0


def power(folder: Path, *, data_marts: Path) -> int:
    """Print and write the smallest effect each measure could detect, before outcome-year results are read."""
    from pipelines.board.plan_files import write_plan_page  # noqa: PLC0415
    from pipelines.planning import plan, study_power  # noqa: PLC0415

    study = load_study(folder)
    paths = StudyPaths(data_marts.resolve(), study.name)
    folder_note.remember(paths, study.folder)
    answers = study_power.study_power(study, paths.work)
    study_power.write_power(answers, paths.power)
    drafts = plan.better_drafts(plan.plan_of(study, answers))
    print("\n".join([*study_power.power_page(study, answers), *drafts]))
    page, paper = write_plan_page(study, answers, paths.power_page)
    print(f"\nFor the board:     {shown(page)} (on paper: {paper.name})")
    print(f"For officers only: {shown(paths.power)} (not to be published)")
    return 0


def release(folder: Path, released_on: date, *, data_marts: Path) -> int:
    """Record the current run of a study as published on a day, after a person has published it."""
    from pipelines.disclosure import releases  # noqa: PLC0415

    study = load_study(folder)
    recorded = releases.record(study, StudyPaths(data_marts.resolve(), study.name), released_on)
    print(recorded.in_words())
    print(f"\nThe record: {shown(recorded.folder)} (keep it: it cannot be made again)")
    return 0


def serve(*, data_raw: Path, data_marts: Path, port: int) -> int:
    """Serve the Dagster page on this machine, with schedule and sensor running, until interrupted."""
    from assets.serving import serve_until_stopped  # noqa: PLC0415
    from pipelines.alerts.settings import read_alerts  # noqa: PLC0415

    require_page()
    # A fault in the file is found now, and not when an evaluation has failed.
    read_alerts(data_marts)
    serve_until_stopped(data_raw, data_marts, port, say=partial(print, flush=True))
    return 0


def alert(*, data_marts: Path) -> int:
    """Send a trial message in every way that data_marts/alerts.toml asks for."""
    from pipelines.alerts.telling import send_trial  # noqa: PLC0415

    problems = send_trial(data_marts)
    print("\n".join(problems) or "Sent: see whether it has arrived.")
    return FAILED if problems else 0


def service(folder: Path | None, data_raw: Path, *, data_marts: Path, port: int) -> int:
    """Print units of systemd that serve the page or evaluate a study each morning, or write them."""
    written = units(data_raw, data_marts, port)
    print(write_units(folder, written) if folder else printed(written))
    return 0


def regenerate_example(through: int) -> int:
    """Regenerate data_raw/example, byte for byte, from the committed generator and seed; or its sequel."""
    from pipelines.example import write_example  # noqa: PLC0415

    folder = EXAMPLE if through <= 2018 else EXAMPLE.with_name(f"{EXAMPLE.name}-{through}")
    write_example(folder, through=through)
    print(f"Written: {folder.relative_to(PROJECT)}")
    return 0


def run() -> NoReturn:
    """Run a command in its own process."""
    status = main()
    if sys.argv[1:2] == ["serve"]:
        sys.exit(status)
    # All files are closed. A normal exit would spend 1.5 seconds freeing millions of objects.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
