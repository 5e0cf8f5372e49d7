"""The command line `ssif`: evaluate a study, record a release, serve the page, regenerate the example.

Commands only put things together and print; what they do is in `pipelines` and in the graph. Libraries
that take seconds to load are imported by the command that needs them.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from assets.dagster_home import dagster_home, instance
from pipelines import fault_list
from pipelines.errors import Fault, StudyError
from pipelines.paths import DATA_MARTS, EXAMPLE, PROJECT, StudyPaths
from pipelines.study import load_study

FAILED = 1
# What a person may ask of a run, as the asset `publish` takes it.
MAY_BE_ASKED = {
    "keep_pupils": "keep the pupil rows in the working store",
    "officers": "make the officers' version too: named schools, small figures, not to be published",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "evaluate":
            return evaluate(
                options.study,
                data_marts=options.data_marts,
                is_verbose=options.verbose,
                asked={name: getattr(options, name) for name in MAY_BE_ASKED},
            )
        if options.command == "power":
            return power(options.study, data_marts=options.data_marts)
        if options.command == "release":
            return release(options.study, options.date, data_marts=options.data_marts)
        if options.command == "serve":
            return serve(data_marts=DATA_MARTS, port=options.port)
        return regenerate_example()
    except StudyError as error:
        return _stop(error.faults)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ssif", description="Did a school-improvement programme change its pupils' results?"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    evaluating = commands.add_parser("evaluate", help="one study from raw files to the page")
    evaluating.add_argument("--verbose", action="store_true", help="show everything Dagster logs")
    for name, about in MAY_BE_ASKED.items():
        evaluating.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=about)
    asking = commands.add_parser(
        "power", help="what a study could see, from baseline results alone"
    )
    releasing = commands.add_parser("release", help="record that a person published this run")
    releasing.add_argument("--date", required=True, type=date.fromisoformat, help="as 2018-10-02")
    for command, run in ((evaluating, evaluate), (asking, power), (releasing, release)):
        command.description = run.__doc__
        command.add_argument("study", nargs="?", default=EXAMPLE, type=Path, help="its folder")
        command.add_argument(
            "--data-marts", default=DATA_MARTS, type=Path, help="where outputs are written"
        )
    serving = commands.add_parser("serve", help="the Dagster page, on this machine only")
    serving.add_argument("--port", type=int, default=3000)
    commands.add_parser("example", help="regenerate data_raw/example from its seed")
    return parser


def evaluate(folder: Path, *, data_marts: Path, is_verbose: bool, asked: dict[str, bool]) -> int:
    """Evaluate one study and print a line an asset, the headline in words, and where the outputs lie."""
    study = load_study(folder)
    paths = StudyPaths(data_marts.resolve(), study.name)
    _remember_folder(paths, study.folder)
    print(f"{study.study.title}\n")
    is_success = _run_graph(paths, is_verbose=is_verbose, publish_config=asked)
    if not is_success:
        return _stop(fault_list.read(paths), paths)
    _print_headline(paths)
    return 0


def power(folder: Path, *, data_marts: Path) -> int:
    """Print the smallest effect each measure could show, before any result of the outcome year is read."""
    from pipelines.impact import study_power  # noqa: PLC0415

    study = load_study(folder)
    paths = StudyPaths(data_marts.resolve(), study.name)
    _remember_folder(paths, study.folder)
    answers = study_power.study_power(study, paths.work)
    study_power.write_power(answers, paths.power)
    for line in study_power.power_page(study, answers):
        print(line)
    print(f"\nWritten: {_shown(paths.power)}")
    return 0


def release(folder: Path, released_on: date, *, data_marts: Path) -> int:
    """Record the current run of a study as published on a day; a person does this, after publishing it."""
    from pipelines.disclosure import releases  # noqa: PLC0415

    study = load_study(folder)
    recorded = releases.record(study, StudyPaths(data_marts.resolve(), study.name), released_on)
    print(recorded.in_words())
    print(f"\nThe record: {_shown(recorded.folder)} (keep it: it cannot be made again)")
    return 0


def serve(*, data_marts: Path, port: int) -> int:
    """Serve the Dagster page on loopback, with the schedule and the sensor on, until interrupted."""
    home = dagster_home(data_marts)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # Dagster's advice to its developers is no news to an analyst.
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "dagster", "dev", "--module-name", "assets.definitions"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    print(f"The Dagster page: http://127.0.0.1:{port} (Ctrl+C to stop)", flush=True)
    try:
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0


def regenerate_example() -> int:
    """Write data_raw/example again, byte for byte, from the committed generator and seed."""
    from pipelines.example import write_example  # noqa: PLC0415

    write_example(EXAMPLE)
    print(f"Written: {EXAMPLE.relative_to(PROJECT)}")
    return 0


def _run_graph(paths: StudyPaths, *, is_verbose: bool, publish_config: dict[str, bool]) -> bool:
    """Run the job for one study in this process; returns whether every step succeeded."""
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    # The libraries make objects by the million that last as long as the run: looking them through for
    # garbage again and again cost a tenth of its time.
    gc.set_threshold(200_000, 50, 50)
    from assets.automation import JOB  # noqa: PLC0415
    from assets.definitions import build_definitions  # noqa: PLC0415
    from assets.described import STUDIES  # noqa: PLC0415
    from assets.progress import LOGGER, progress_logger  # noqa: PLC0415

    loggers = None if is_verbose else {LOGGER: progress_logger}
    definitions = build_definitions(data_marts=paths.marts, loggers=loggers)
    dagster_instance = instance(paths.marts)
    dagster_instance.add_dynamic_partitions(str(STUDIES.name), [paths.study])
    result = definitions.resolve_job_def(JOB).execute_in_process(
        instance=dagster_instance,
        partition_key=paths.study,
        raise_on_error=False,
        run_config={
            "ops": {"publish": {"config": publish_config}},
            **({"loggers": {LOGGER: {}}} if loggers else {}),
        },
    )
    return result.success


def _remember_folder(paths: StudyPaths, folder: Path) -> None:
    """Note where a study lies, so that the Dagster page finds it too; refuse a second of its name."""
    if paths.folder_note.is_file():
        other = Path(paths.folder_note.read_text(encoding="utf-8").strip())
        if other != folder and other.is_dir():
            raise StudyError(
                [
                    Fault(
                        file=f"{folder}/study.toml",
                        problem=f"another study is called {paths.study!r}: {other}",
                        expected="one study of a name, since outputs are written under it",
                        remedy=f"rename this study and its folder, or delete {paths.home}",
                    )
                ]
            )
    paths.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths.folder_note.write_text(f"{folder}\n", encoding="utf-8")


def _print_headline(paths: StudyPaths) -> None:
    from pipelines.board.cited import released_rows  # noqa: PLC0415
    from pipelines.board.findings import headline_words  # noqa: PLC0415
    from pipelines.released import read_published  # noqa: PLC0415

    print()
    for line in headline_words(released_rows(read_published(paths.current / "released.duckdb"))):
        print(line)
    current = _shown(paths.current)
    print(f"\nThe board's page:  {current / 'board' / 'index.html'}")
    if (current / "officers").is_dir():
        print(f"For officers only: {current / 'officers' / 'index.html'} (not to be published)")
    print(f"Everything else:   {current}")


def _stop(faults: Sequence[Fault], paths: StudyPaths | None = None) -> int:
    """Print what stopped a run; returns the exit status."""
    print(file=sys.stderr)
    if faults:
        print(StudyError(faults).for_analyst(), file=sys.stderr)
        n = len(faults)
        print(f"\nStopped: {n} thing{'s' if n > 1 else ''} to mend.", file=sys.stderr)
    for file in fault_list.tracebacks(paths) if paths else ():
        print(f"An error nobody foresaw. Please report it; its text is in {file}", file=sys.stderr)
    if paths and paths.current.exists():
        print(f"Nothing was published: {_shown(paths.current)} is as it was.", file=sys.stderr)
    elif paths:
        print("Nothing was published.", file=sys.stderr)
    return FAILED


def _shown(path: Path) -> Path:
    """A path as a person at the project's folder would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
