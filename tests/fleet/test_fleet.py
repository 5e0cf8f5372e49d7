"""Every study of the committed seeds goes from files to page and PDF."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet.drawing import draw_study
from tests.fleet.files import write_study
from tests.fleet.running import run

SEEDS = (1, 4, 5, 12, 13)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_study_goes_from_files_to_page_and_pdf(seed: int, tmp_path: Path) -> None:
    made = run(write_study(draw_study(seed), tmp_path))
    assert made.document.startswith(b"%PDF")
    assert "</html>" in made.html
