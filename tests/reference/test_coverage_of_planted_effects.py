"""Coverage of the headline's interval in invented cities with known effects.

Each city goes through files, ingest and the marts' own SQL. `pipelines.example` plants the effects;
`test_bracket_by_simulation` tests false claims.
"""

from __future__ import annotations

import os
from dataclasses import asdict

import pandas as pd
import pytest

from pipelines.example import TRUE_EFFECTS
from pipelines.example.ks2 import PUPIL_SD_POINTS
from pipelines.impact.study_effects import Marts, build_estimate, headlines
from tests.city_store import city_store

# `make calibrate` draws 200. In 40, intervals seven tenths as wide as they should be are found.
SEEDS = range(1, 1 + int(os.environ.get("CITIES", "40")))
LEAST_COVERED_SHARE = 0.94
MOST_WITHOUT_ESTIMATE_SHARE = 0.15
MOST_FALSE_CLAIMS_SHARE = 0.05
# An infinite interval would cover anything, so it must exclude an effect as large as the pupil SD.
FAR_OFF = {"points": PUPIL_SD_POINTS, "share": 0.5}
LEAST_FAR_OFF_EXCLUDED_SHARE = 0.95

# Reading, writing and maths together: the SEND programme also raises disadvantaged pupils on SEN support, but
# is in the model; the gap programme's own effect is zero.
TRUTHS = {
    **{("send", measure): points for measure, points in TRUE_EFFECTS["send"].items()},
    ("gap", "ks2_rwm_expected"): 0.0,
    ("gap", "ks2_reading_progress"): TRUE_EFFECTS["gap"]["ks2_reading_progress"],
}


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    """The headline rows of every seed's city, built from its files."""
    found = []
    for seed in SEEDS:
        with city_store(seed, TRUTHS) as (con, study):
            found += [asdict(row) for row in headlines(Marts(con, study))]
    return pd.DataFrame(found)


@pytest.mark.slow
def test_headline_range_covers_what_was_planted(drawn: pd.DataFrame):
    assert len(drawn) == len(SEEDS) * len(TRUTHS)
    tallies = _tallies(drawn)
    print(tallies.to_string(index=False))  # pytest -rP shows it
    assert (tallies["without_estimate"] <= MOST_WITHOUT_ESTIMATE_SHARE).all(), tallies
    assert (tallies["covered"] >= LEAST_COVERED_SHARE).all(), tallies
    assert (tallies["false_claims"] <= MOST_FALSE_CLAIMS_SHARE).all(), tallies
    assert (tallies["far_off_excluded"] >= LEAST_FAR_OFF_EXCLUDED_SHARE).all(), tallies


@pytest.mark.slow
@pytest.mark.parametrize(
    ("narrower", "shifted"), [(0.7, 0.0), (1.0, 0.6), (1.0, -0.6)], ids=["narrow", "high", "low"]
)
def test_a_wrong_interval_would_be_found(
    drawn: pd.DataFrame, narrower: float, shifted: float
) -> None:
    """As many cities as these are enough to tell: intervals too narrow, or off by 0.6 half-widths."""
    middle, half = (drawn[["ci_low", "ci_high"]] @ [[0.5, -0.5], [0.5, 0.5]]).to_numpy().T
    low, high = (middle + half * (shifted + narrower * end) for end in (-1, 1))
    tallies = _tallies(drawn.assign(ci_low=low, ci_high=high))
    assert (tallies["covered"] < LEAST_COVERED_SHARE).any(), tallies


def test_headlines_alone_are_those_that_stand_beside_every_method():
    with city_store(1, TRUTHS) as (con, study):
        build_estimate(con, study)
        beside = con.execute("FROM impact.estimate WHERE role = 'headline'").df()
        alone = pd.DataFrame([asdict(row) for row in headlines(Marts(con, study))])
    told = ["estimate_low", "estimate_high", "ci_low", "ci_high", "verdict", "verdict_reason"]
    key = ["programme", "measure"]
    assert len(alone) == len(TRUTHS)
    pd.testing.assert_frame_equal(
        alone.set_index(key).sort_index()[told],
        beside.set_index(key).sort_index()[told],
        check_exact=True,
        check_dtype=False,
    )


def _tallies(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [_tally(*key, of_key) for key, of_key in rows.groupby(["programme", "measure"])]
    )


def _tally(programme: str, measure: str, rows: pd.DataFrame) -> dict[str, object]:
    """Shares of the seeds; coverage and exclusion are among those with an estimate."""
    truth = TRUTHS[programme, measure]
    given = rows.dropna(subset=["ci_low", "ci_high"])
    is_false = rows["verdict"].isin(["worse"] if truth > 0 else ["better", "worse"])
    far_off = truth + FAR_OFF[rows["unit"].iloc[0]]
    return {
        "programme": programme,
        "measure": measure,
        "truth": truth,
        "without_estimate": 1 - len(given) / len(rows),
        "covered": given["ci_low"].le(truth).mul(given["ci_high"].ge(truth)).mean(),
        "false_claims": is_false.mean(),
        "far_off_excluded": given["ci_high"].lt(far_off).mean(),
        "mean_width": (given["ci_high"] - given["ci_low"]).mean(),
        "mean_middle": (given["estimate_low"] + given["estimate_high"]).mean() / 2,
    }
