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
# Of forty studies these reach most for the time they take: each line of `pipelines`, setting, code in a
# released table, kind and form of file, measure, group and warning. They reach 99.7% of what the forty do
# in 53% of the time; `make fleet` runs the others and a thousand more.
SEEDS = (*REACHES, 7, 56, 71, 87, 118, 131, 145, 176, 182, 191, 196, 218, 219, 386)
# The PDF is another rendering of the same blocks, so that a few long documents reach all of it.
ON_PAPER = {6, 39, 87, 131, 191}
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
    made = run(write_study(draw_study(seed), tmp_path), has_pdf=seed in ON_PAPER)
    assert [document[:4] for document in made.documents] == [b"%PDF"] * 2 * (seed in ON_PAPER)
    assert all("</html>" in page for page in (made.html, made.report))
    assert judge(made) == ()
    assert set(REACHES.get(seed, ())) <= reached(made)


def test_the_committed_studies_reach_every_verdict_and_reason() -> None:
    codes = {f"verdict {verdict}" for verdict in get_args(Verdict)}
    codes |= {f"reason {reason}" for reason in get_args(ComparisonReason)}
    told = {code for codes_of_seed in REACHES.values() for code in codes_of_seed}
    assert told | NOT_REACHED == codes
    assert not told & NOT_REACHED
    assert len(SEEDS) == len(set(SEEDS)) >= 20
    assert set(SEEDS) > ON_PAPER


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
