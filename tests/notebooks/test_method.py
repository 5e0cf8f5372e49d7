"""In the notebook `method` the reader moves how schools were picked, and the answers move as simulated."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.study.paths import PROJECT
from tests.calibration import schools as simulated
from tests.notebooks.opened import chosen, run_notebook

SHORT = {
    "naive": "Change since last year (naive)",
    "change": "Change from the mean of earlier years",
    "ancova": "Same earlier results (ANCOVA)",
    "bracket": "Headline: the two above together",
}


def moved(way: str, effect: float = 0.0) -> tuple[dict[str, float], dict]:
    """How many of 100 draws claim an effect, by way of comparing, and all that the notebook defines."""
    settings = {
        "WAYS": {},
        "way": chosen(way),
        "n_members": chosen(18),
        "mean_pupils": chosen(10),
        "effect": chosen(effect),
        "again": chosen(0),
    }
    _, defined = run_notebook("method", **settings)
    (share,) = defined["claimed"].to_dict().values()
    return {name: share[label] for name, label in SHORT.items()}, dict(defined)


def committed(way: str) -> pd.Series:
    """The row of `make calibrate` for a way of picking, in 100."""
    table = pd.read_csv(PROJECT / "pipelines" / "impact" / "calibration.csv", comment="#")
    (row,) = table.query(
        f"selection == '{way}' and n_members == 18 and n_schools == 60 and mean_pupils == 10 "
        "and effect == 0 and not has_second_programme and not is_suppressed and not is_prior_adjusted "
        "and n_outcome_years == 1 and passing_sd == 0.12 and world == 'usual'"
    ).to_dict("records")
    return pd.Series({name: 100 * row[f"{name}_rejects_share"] for name in SHORT})


@pytest.mark.parametrize("way", ["last_year", "lasting_quality", "coming_cohort"])
def test_the_ways_of_comparing_err_as_in_the_committed_simulation(way):
    """200 draws: a share moves by 4 in 100 of itself by chance, and is allowed three times that."""
    said, defined = moved(way)
    for name, share in committed(way).items():
        assert said[name] == pytest.approx(share, abs=11), (way, name)
    assert len(defined["claims"]) == 200


def test_an_effect_that_is_there_is_found():
    said, defined = moved("random", effect=0.6)
    assert said["bracket"] > 90
    assert "The truth is **0.6**" in defined["told"]


def test_schools_are_drawn_with_the_simulations_own_spread():
    _, defined = moved("random")
    within = 1 - simulated.LASTING_SD**2 - simulated.PASSING_SD**2
    assert defined["WITHIN"] ** 2 == pytest.approx(within)
    assert (defined["LASTING"], defined["PASSING"], defined["SLOPE"]) == (
        simulated.LASTING_SD,
        simulated.PASSING_SD,
        simulated.SLOPE_SD,
    )
    many = [defined["draw"](seed, 10) for seed in range(200)]
    spread = pd.Series([one.mean[:, 0].var() for one in many]).mean()
    # Luck of about 10 pupils a school, whose numbers differ, adds to what lasts and what passes.
    least = simulated.LASTING_SD**2 + simulated.PASSING_SD**2 + within / 10
    assert least < spread < 1.6 * least


def test_the_real_placebos_beside_it_are_the_committed_ones():
    _, defined = moved("random")
    pd.testing.assert_frame_equal(
        defined["placebos"], pd.read_csv(PROJECT / "tests" / "real" / "placebos.csv")
    )
