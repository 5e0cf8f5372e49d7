"""Matching: distances against another library, choices against brute force, ties and missing values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from pipelines.impact.matching import mahalanobis_distance, nearest


def drawn(n: int, seed: int) -> np.ndarray:
    """Level, share and size of schools; the share correlates with the level."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.1, n)
    share = 0.4 - level + rng.normal(0, 0.1, n)
    return np.column_stack([level, share, rng.normal(30, 9, n)])


def test_the_distance_is_mahalanobis_over_the_candidates():
    schools, candidates = drawn(7, 1), drawn(300, 2)
    inverse = np.linalg.inv(np.cov(candidates, rowvar=False, bias=True))
    expected = cdist(schools, candidates, "mahalanobis", VI=inverse)
    assert mahalanobis_distance(schools, candidates) == pytest.approx(expected)


def test_the_nearest_are_those_that_trying_every_school_finds():
    schools, candidates = drawn(9, 3), drawn(200, 4)
    ids = np.random.default_rng(5).permutation(np.arange(1000, 1200))
    found = nearest(schools, candidates, ids, n_matches=4)
    inverse = np.linalg.inv(np.cov(candidates, rowvar=False, bias=True))
    for row, school in enumerate(schools):
        by_hand = sorted(
            (float(np.sqrt((school - other) @ inverse @ (school - other))), int(number))
            for other, number in zip(candidates, ids, strict=True)
        )[:4]
        assert [number for _, number in by_hand] == ids[found.candidate[row]].tolist()
        assert [far for far, _ in by_hand] == pytest.approx(found.distance[row])


def test_units_do_not_matter():
    schools, candidates, ids = drawn(9, 3), drawn(200, 4), np.arange(200)
    in_other_units = [x * [100, 1, 0.01] for x in (schools, candidates)]
    found = nearest(schools, candidates, ids, n_matches=5)
    again = nearest(*in_other_units, ids, n_matches=5)
    assert found.candidate.tolist() == again.candidate.tolist()


def test_of_candidates_equally_far_the_lower_id_comes_first_whatever_their_order():
    schools = np.array([[0.0, 0.0]])
    candidates = np.array([[1.0, 0.1], [1.0, 0.1], [-1.0, -0.1], [5.0, 9.0], [1.0, 0.1]])
    ids = np.array([50, 20, 30, 10, 40])
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        found = nearest(schools, candidates[order], ids[order], n_matches=3)
        assert ids[order][found.candidate[0]].tolist() == [20, 30, 40]


def test_a_school_is_matched_on_what_is_known_of_it():
    schools, candidates = drawn(1, 6), drawn(100, 7)
    schools[0, 1] = np.nan
    assert mahalanobis_distance(schools, candidates) == pytest.approx(
        mahalanobis_distance(schools[:, [0, 2]], candidates[:, [0, 2]])
    )


def test_what_does_not_vary_among_candidates_decides_nothing():
    schools, candidates = drawn(3, 6), drawn(100, 7)
    candidates[:, 1] = 0.3
    assert mahalanobis_distance(schools, candidates) == pytest.approx(
        mahalanobis_distance(schools[:, [0, 2]], candidates[:, [0, 2]])
    )


def test_fewer_candidates_than_matches_are_all_taken_and_none_may_have_a_gap():
    schools, candidates = drawn(2, 8), drawn(3, 9)
    assert nearest(schools, candidates, np.arange(3), n_matches=5).candidate.shape == (2, 3)
    candidates[1, 0] = np.nan
    with pytest.raises(ValueError, match="lacks a characteristic"):
        mahalanobis_distance(schools, candidates)
