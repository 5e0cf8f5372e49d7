"""Committed studies run to pages and PDFs and pass the oracle; together they cover all codes."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from pipelines.catalogue.comparison_reason import ComparisonReason
from pipelines.catalogue.vocabulary import Verdict
from tests.fleet.files import write_study
from tests.fleet.fleet import AWAITED, judge, reached
from tests.fleet.running import run
from tests.fleet.seeds import draw_study

# The verdicts and reasons for exclusion that each of these studies must produce.
REACHES = {
    39: (
        "verdict better",
        "verdict worse",
        "verdict cannot_tell",
        "reason compared",
        "reason left_before_tests",
        "reason no_result",
        "reason special_school",
        "reason withheld_when_published",
    ),
    24: (
        "reason independent_school",
        "reason no_earlier_result",
        "reason not_in_files",
        "reason not_started",
        "reason not_taught",
    ),
    18: ("reason alternative_provision", "reason programme_in_earlier_years"),
    6: ("verdict no_meaningful_difference",),
    89: ("reason outside_authority",),
    9: ("reason not_yet_published",),
    153: ("reason no_pupil_count",),
}
# The cheapest of the first 230 that together have, twice where they can, everything that the studies here
# ever had: kinds and forms of files, releases, measures (phonics, Key Stage 1, absence, own ones), groups,
# ways of choosing schools, matched pools, placebos, lost columns, warnings.
SEEDS = (
    *REACHES,
    44,
    416,
    *(7, 10, 43, 56, 66, 69, 71, 74, 87, 91, 93, 95, 106, 111, 117, 118),
    *(131, 137, 144, 145, 156, 176, 182, 191, 196, 210, 218, 219, 222, 268, 386),
)
# Reasons for schools in no programme (not in coverage), or about files the fleet does not make.
NOT_REACHED = {
    "reason no_common_year",
    "reason in_evaluated_programme",
    "reason alike_in_make_up_only",
    "reason not_among_most_similar",
    "reason not_mainstream_school",
}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_study_runs_and_nothing_printed_is_false(seed: int, tmp_path: Path) -> None:
    made = run(write_study(draw_study(seed), tmp_path))
    assert [document[:4] for document in made.documents] == [b"%PDF", b"%PDF"]
    assert all("</html>" in page for page in (made.html, made.report))
    assert judge(made) == ()
    assert set(REACHES.get(seed, ())) <= reached(made)


def test_the_committed_studies_reach_every_verdict_and_reason() -> None:
    codes = {f"verdict {verdict}" for verdict in get_args(Verdict)}
    codes |= {f"reason {reason}" for reason in get_args(ComparisonReason)}
    told = {code for codes_of_seed in REACHES.values() for code in codes_of_seed}
    assert told | NOT_REACHED == codes
    assert not told & NOT_REACHED
    assert len(SEEDS) == len(set(SEEDS)) >= 40


def test_no_known_fault_is_ignored() -> None:
    assert AWAITED == ()


def test_a_placebo_without_eligible_schools_says_so(tmp_path: Path) -> None:
    made = run(write_study(draw_study(406), tmp_path), has_pdf=False)
    impact = made.tables["impact"]
    (reason,) = impact.loc[impact["role"] == "headline", "verdict_reason"].unique()
    assert (
        reason
        == "no school has a result of these pupils in every year of the study, so none could be picked"
    )
    assert reason in made.html
    assert reason in made.report
    assert judge(made) == ()


def test_a_seed_s_study_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = (write_study(draw_study(4), tmp_path / name) for name in ("one", "two"))
    files = sorted(file.name for file in first.iterdir())
    assert files == sorted(file.name for file in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)
