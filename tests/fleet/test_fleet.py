"""The committed studies: each from files to page and PDF, counted again, and covering what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet.drawing import draw_study
from tests.fleet.files import write_study
from tests.fleet.fleet import judge
from tests.fleet.running import run

SEEDS = (1, 4, 5, 9)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_study_is_made_and_nothing_printed_is_false(seed: int, tmp_path: Path) -> None:
    made = run(write_study(draw_study(seed), tmp_path))
    assert made.document.startswith(b"%PDF")
    assert "</html>" in made.html
    assert judge(made) == ()


def test_a_seed_s_study_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = (write_study(draw_study(4), tmp_path / name) for name in ("one", "two"))
    files = sorted(file.name for file in first.iterdir())
    assert files == sorted(file.name for file in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)
