"""Regression, HC2, Bell–McCaffrey and Paule–Mandel against definitions and other packages.

EXACT: the same formula in another order, so only rounding differs. ITERATED: the other package iterates to
its own tolerance.
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from diff_diff.linalg import compute_robust_vcov
from statsmodels.stats.meta_analysis import combine_effects

from pipelines.impact.inference import between_school_variance, weighted_least_squares

EXACT = 1e-9
ITERATED = 1e-5


def example(seed: int, n_schools: int = 34, n_baselines: int = 2):
    rng = np.random.default_rng(seed)
    columns = [
        np.ones(n_schools),
        rng.permutation(np.arange(n_schools) < 11),
        rng.permutation(np.arange(n_schools) < 6),
        *rng.normal(size=(n_baselines, n_schools)),
    ]
    design = np.column_stack(columns).astype(float)
    weights = rng.uniform(0.2, 8.0, n_schools)
    outcome = design @ rng.normal(size=design.shape[1]) + rng.normal(size=n_schools)
    return design, outcome, weights


seeds = pytest.mark.parametrize("seed", range(6))


def dense_hc2_and_df(design, outcome, weights):
    """By definition: hat matrix, G'G of Imbens and Kolesár (2016), eigenvalues."""
    x, y = design * np.sqrt(weights)[:, None], outcome * np.sqrt(weights)
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    annihilator = np.eye(len(y)) - hat
    residual = annihilator @ y
    h = np.diag(hat)
    variance = bread @ (x.T @ np.diag(residual**2 / (1 - h)) @ x) @ bread
    degrees = []
    for j in range(design.shape[1]):
        # The HC2 variance is y' M A M y with A diagonal: eigenvalues of M A M with equal errors.
        a = np.diag((x @ bread[:, j]) ** 2 / (1 - h))
        eigenvalues = np.linalg.eigvalsh(annihilator @ a @ annihilator)
        degrees.append(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    return np.sqrt(np.diag(variance)), np.array(degrees)


@seeds
def test_hc2_and_bell_mccaffrey_equal_the_dense_definition(seed):
    data = example(seed)
    standard_error, degrees = dense_hc2_and_df(*data)
    result = weighted_least_squares(*data)
    assert result.standard_error == pytest.approx(standard_error, rel=EXACT)
    assert result.degrees_of_freedom == pytest.approx(degrees, rel=EXACT)


@seeds
def test_coefficients_and_hc2_equal_statsmodels(seed):
    design, outcome, weights = example(seed)
    reference = sm.WLS(outcome, design, weights=weights).fit(cov_type="HC2")
    result = weighted_least_squares(design, outcome, weights)
    assert result.coefficient == pytest.approx(reference.params, rel=EXACT)
    assert result.standard_error == pytest.approx(reference.bse, rel=EXACT)
    assert result.residual == pytest.approx(reference.resid, abs=EXACT)


@seeds
def test_hc2_and_bell_mccaffrey_equal_diff_diff_on_weighted_rows(seed):
    design, outcome, weights = example(seed)
    result = weighted_least_squares(design, outcome, weights)
    root = np.sqrt(weights)
    variance, degrees = compute_robust_vcov(
        design * root[:, None], result.residual * root, vcov_type="hc2_bm", return_dof=True
    )
    assert result.standard_error == pytest.approx(np.sqrt(np.diag(variance)), rel=EXACT)
    assert result.degrees_of_freedom == pytest.approx(degrees, rel=EXACT)


@pytest.mark.parametrize(("n_in", "n_out"), [(18, 16), (5, 29), (3, 3)])
def test_two_groups_give_the_closed_form_of_imbens_and_kolesar(n_in, n_out):
    treated = np.arange(n_in + n_out) < n_in
    outcome = np.random.default_rng(2).normal(size=n_in + n_out)
    design = np.column_stack([np.ones(n_in + n_out), treated]).astype(float)
    result = weighted_least_squares(design, outcome, np.ones(n_in + n_out))
    inside, outside = outcome[treated], outcome[~treated]
    welch = inside.var(ddof=1) / n_in + outside.var(ddof=1) / n_out
    degrees = (n_in + n_out) ** 2 * (n_in - 1) * (n_out - 1)
    degrees /= n_out**2 * (n_out - 1) + n_in**2 * (n_in - 1)
    assert result.standard_error[1] == pytest.approx(np.sqrt(welch), rel=EXACT)
    assert result.degrees_of_freedom[1] == pytest.approx(degrees, rel=EXACT)


def test_weights_matter_only_in_proportion():
    design, outcome, weights = example(1)
    one, other = (weighted_least_squares(design, outcome, k * weights) for k in (1, 1e6))
    assert one.ci_low == pytest.approx(other.ci_low, rel=EXACT)
    assert one.p_value == pytest.approx(other.p_value, rel=EXACT)


def test_a_redundant_column_changes_nothing_and_has_no_coefficient():
    design, outcome, weights = example(3)
    result = weighted_least_squares(design, outcome, weights)
    twice = np.column_stack([design, design[:, 3] * 2 + 5])
    redundant = weighted_least_squares(twice, outcome, weights)
    assert redundant.is_estimable.tolist() == [False, True, True, False, True, False]
    kept = [1, 2, 4]
    for name in ("coefficient", "standard_error", "degrees_of_freedom", "p_value", "ci_high"):
        assert getattr(redundant, name)[kept] == pytest.approx(
            getattr(result, name)[kept], rel=EXACT
        )
    assert np.isnan(redundant.ci_low[3])


def test_a_row_that_fits_itself_takes_the_error_of_its_own_coefficient_only():
    design, outcome, weights = example(4)
    alone = np.zeros((len(outcome), 1))
    alone[0] = 1
    result = weighted_least_squares(np.hstack([design, alone]), outcome, weights)
    without = weighted_least_squares(design[1:], outcome[1:], weights[1:])
    assert np.isnan(result.standard_error[-1])
    assert result.standard_error[:-1] == pytest.approx(without.standard_error, rel=1e-7)
    assert result.degrees_of_freedom[:-1] == pytest.approx(without.degrees_of_freedom, rel=1e-7)


@seeds
def test_paule_mandel_equals_statsmodels_for_a_plain_mean(seed):
    rng = np.random.default_rng(seed)
    variance = rng.uniform(0.05, 0.6, 30)
    effect = rng.normal(0.3, np.sqrt(variance + 0.25))
    # With a finer tolerance its iteration mistakes rounding for an overshoot and returns 0.
    reference = combine_effects(effect, variance, method_re="iterated", atol=1e-6, maxiter=500)
    tau2 = between_school_variance(np.ones((30, 1)), effect, variance)
    assert tau2 == pytest.approx(reference.tau2, rel=ITERATED)
    assert tau2 > 0


@seeds
def test_paule_mandel_in_a_regression_solves_its_equation(seed):
    design, outcome, weights = example(seed)
    variance = 0.05 / weights
    tau2 = between_school_variance(design, outcome, variance)
    fitted = sm.WLS(outcome, design, weights=1 / (variance + tau2)).fit()
    assert (fitted.wresid**2).sum() == pytest.approx(len(outcome) - design.shape[1], rel=1e-7)


def test_paule_mandel_is_zero_where_sampling_explains_all_and_residual_variance_without_it():
    design, outcome, _ = example(5)
    assert between_school_variance(design, outcome, np.full(len(outcome), 50.0)) == 0
    plain = sm.OLS(outcome, design).fit()
    tau2 = between_school_variance(design, outcome, np.zeros(len(outcome)))
    assert tau2 == pytest.approx(plain.mse_resid, rel=1e-7)
