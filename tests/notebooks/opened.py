"""Runs a committed notebook from first cell to last, with some of its definitions replaced."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pandas as pd

from pipelines.study.paths import PROJECT


def run_notebook(name: str, **replaced: object) -> tuple[list[Any], Mapping[str, Any]]:
    """What the cells of a notebook show, and what they define.

    A cell that defines anything in `replaced` does not run, so all that it defines must be given.
    """
    file = PROJECT / "notebooks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"notebook_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # the notebook's editor has warnings of its own
        spec.loader.exec_module(module)
        shown, defined = module.app.run(defs=replaced)
    return list(shown), defined


def frames(shown: list[Any]) -> list[pd.DataFrame]:
    """The tables among what is shown."""
    return [output for output in shown if isinstance(output, pd.DataFrame)]


def with_columns(shown: list[Any], *columns: str) -> pd.DataFrame:
    """The one shown table that has these columns."""
    (frame,) = [frame for frame in frames(shown) if {*columns} <= {*frame.columns}]
    return frame


def chosen(value: object) -> SimpleNamespace:
    """A setting of the reader's, such as a slider, at a value."""
    return SimpleNamespace(value=value, selected_key=str(value))


def words(shown: list[Any]) -> str:
    """The texts that are shown."""
    return " ".join(str(output.text) for output in shown if hasattr(output, "text"))
