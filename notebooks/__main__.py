"""Opens a notebook on a study: `python -m notebooks method data_raw/surrey`, or `make notebook`.

The analyst's own copy lies in `notebooks/own/`, which git ignores. It is made once and never overwritten.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines import open_study
from pipelines.errors.fault import Fault, StudyError
from pipelines.store.private import make_closed, private_files
from pipelines.study.paths import DATA_MARTS, EXAMPLE, PROJECT

HERE = Path(__file__).parent
OWN = HERE / "own"
# A planner is for studies that have no results yet, and `method` needs no study.
WITHOUT_A_RUN = ("method", "planner")
_STUDY_LINE = re.compile(r"^    STUDY = .*$", re.MULTILINE)


def names() -> list[str]:
    """The notebooks there are."""
    return sorted(file.stem for file in HERE.glob("*.py") if not file.stem.startswith("_"))


def own_copy(
    notebook: str, study: Path, *, folder: Path = OWN, data_marts: Path = DATA_MARTS
) -> Path:
    """The analyst's copy of a notebook for a study, written if there is none yet; one that is there is kept.

    Raises StudyError if there is no such notebook, or the study has no run that it could show.
    """
    if notebook not in names():
        raise StudyError(
            [
                Fault(
                    file=f"notebook {notebook!r}",
                    problem="there is no such notebook",
                    expected=f"one of {', '.join(names())}",
                    remedy="make notebook NOTEBOOK=explore",
                )
            ]
        )
    if notebook not in WITHOUT_A_RUN:
        open_study(study, data_marts=data_marts).close()
    make_closed(folder)
    copy = folder / f"{notebook}_{study.name}.py"
    if not copy.exists():
        text = (HERE / f"{notebook}.py").read_text(encoding="utf-8")
        named = study.resolve()
        if named.is_relative_to(PROJECT):
            named = named.relative_to(PROJECT)
        line = f"    STUDY = {named.as_posix()!r}"
        with private_files():
            copy.write_text(_STUDY_LINE.sub(lambda _: line, text), encoding="utf-8")
    return copy


def forget_results(copy: Path) -> None:
    """Delete what the editor keeps of the results that were on the screen: they may name schools."""
    (copy.parent / "__marimo__" / "session" / f"{copy.name}.json").unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the copy, and open it in the browser until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m notebooks", description=__doc__)
    parser.add_argument("notebook", nargs="?", default="explore", help=", ".join(names()))
    parser.add_argument("study", nargs="?", type=Path, default=EXAMPLE, help="its folder")
    parser.add_argument("--only-copy", action="store_true", help="make the copy, do not open it")
    given = parser.parse_args(arguments)
    try:
        copy = own_copy(given.notebook, given.study)
    except StudyError as error:
        print(error.for_analyst(), file=sys.stderr)
        return 1
    print(f"Yours, and never overwritten: {copy.relative_to(PROJECT)}", flush=True)
    if given.only_copy:
        return 0
    forget_results(copy)
    editor = [sys.executable, "-m", "marimo", "edit", "--skip-update-check", str(copy)]
    try:
        with private_files():
            return subprocess.run(editor, cwd=PROJECT, env=dict(os.environ), check=False).returncode
    except KeyboardInterrupt:
        return 0
    finally:
        forget_results(copy)


if __name__ == "__main__":
    sys.exit(main())
