"""Coefficients and clustered errors from the marts' sums equal those of pyfixest on pupil rows.

EXACT is far above rounding over 50,000 rows and far below any published digit.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pyfixest as pf
import pytest
from diff_diff.linalg import compute_robust_vcov

from pipelines import marts
from pipelines.catalogue import (
    KS2_PUPILS,
    KS2_STRATUM,
    KS4_PUPILS,
    KS4_STRATUM,
    PUPIL_MOMENT,
    SCHOOL_URN,
)
from pipelines.impact.clustered import (
    ClusteredRegression,
    PupilSums,
    clustered_regression,
    pupil_moments,
)

# pyfixest uses a deprecated pandas feature.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

EXACT = 1e-8
N_PUPILS, N_SCHOOLS = 50_000, 400
FIRST_SCHOOL = 7992000
SCHOOL_COLUMNS = ["is_send", "is_gap", "baseline"]


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    """Scaled scores in schools of very different sizes; some outcomes and prior points are missing."""
    rng = np.random.default_rng(2018)
    size = rng.gamma(1.5, 1.0, N_SCHOOLS)
    school = rng.choice(N_SCHOOLS, N_PUPILS, p=size / size.sum())
    per_school = pd.DataFrame(
        {
            "is_send": (rng.random(N_SCHOOLS) < 0.05).astype(float),
            "is_gap": (rng.random(N_SCHOOLS) < 0.05).astype(float),
            "baseline": rng.normal(size=N_SCHOOLS),
            "weight": rng.uniform(0.2, 3.0, N_SCHOOLS),
        }
    )
    rows = per_school.iloc[school].reset_index(drop=True)
    rows.insert(0, "school_id", school)
    rows["x"] = np.round(rng.normal(15.5, 3.0, N_PUPILS) * 4) / 4
    shared = rng.normal(0, 2.0, N_SCHOOLS)[school]
    rows["y"] = np.round(
        75 + 1.8 * rows["x"] + 0.7 * rows["is_send"] + shared + rng.normal(0, 7.0, N_PUPILS)
    )
    rows.loc[rng.random(N_PUPILS) < 0.06, "y"] = np.nan
    rows.loc[rng.random(N_PUPILS) < 0.04, "x"] = np.nan
    # One school has no results, so it is not a cluster.
    rows.loc[rows["school_id"] == rows["school_id"].iloc[0], "y"] = np.nan
    return rows


@pytest.fixture(scope="module")
def moments(pupils) -> pd.DataFrame:
    """The marts' sums for these pupils, one row per school ordered by `school_id`."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS pupils")
        con.execute("CREATE SCHEMA raw; CREATE SCHEMA mart; CREATE SCHEMA protocol")
        con.execute("CREATE TABLE protocol.study AS SELECT 799 AS local_authority")
        con.execute("CREATE TABLE protocol.study_year (academic_year VARCHAR, is_outcome BOOLEAN)")
        con.execute(
            "CREATE TABLE protocol.result_release AS SELECT 'ks2' AS key_stage, "
            "'2017-18' AS academic_year, 'final' AS release_status, true AS is_used"
        )
        for table in (KS2_PUPILS, KS4_PUPILS, SCHOOL_URN):
            con.execute(table.ddl())
        con.register("pupil", pupils)
        con.execute(
            "INSERT INTO mart.school_urn BY NAME SELECT DISTINCT 900000 + school_id AS urn, "
            f"{FIRST_SCHOOL} + school_id AS school_id FROM pupil"
        )
        con.execute(
            "INSERT INTO pupils.ks2_pupils BY NAME SELECT 900000 + school_id AS urn, "
            "'2017-18' AS academic_year, 'final' AS release_status, nullif(x, 'nan') AS prior_points, "
            "nullif(y, 'nan') AS maths_score_points, 'K' AS sen FROM pupil"
        )
        for table in (KS2_STRATUM, KS4_STRATUM, PUPIL_MOMENT):
            marts.build(con, table)
        return con.execute(
            "SELECT * FROM mart.pupil_moment "
            "WHERE measure = 'ks2_maths_score' AND pupil_group = 'sen_support' ORDER BY school_id"
        ).df()


def from_sums(
    pupils: pd.DataFrame, moments: pd.DataFrame, *, with_covariate: bool, is_weighted: bool
) -> ClusteredRegression:
    """The regression from the marts; without a covariate, pupils who lack it also count."""
    school = pupils.groupby("school_id").first()
    school = school.loc[moments["school_id"].to_numpy() - FIRST_SCHOOL]
    sums = moments.select_dtypes("number").astype(float)
    if not with_covariate:
        for name, more in (("n_pupils", "n"), ("sum_y", "sum_y"), ("sum_yy", "sum_yy")):
            sums[name] += sums[f"{more}_without_prior"]
    names = ("n_pupils", "sum_y", "sum_yy", "sum_x", "sum_xx", "sum_xy")
    return clustered_regression(
        pupil_moments(
            school[SCHOOL_COLUMNS].to_numpy(float),
            PupilSums(*(sums[name].to_numpy() for name in names)),
            with_covariate=with_covariate,
            weights=school["weight"].to_numpy(float) if is_weighted else None,
        )
    )


@pytest.mark.parametrize("is_weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("with_covariate", [False, True], ids=["no covariate", "prior points"])
def test_sums_equal_rows(pupils, moments, with_covariate, is_weighted):
    names = ["Intercept", *SCHOOL_COLUMNS, *(["x"] if with_covariate else [])]
    used = pupils.dropna(subset=["y", "x"] if with_covariate else ["y"])
    rows = pf.feols(
        f"y ~ {' + '.join(names[1:])}",
        used,
        vcov={"CRV1": "school_id"},
        weights="weight" if is_weighted else None,
    )
    sums = from_sums(pupils, moments, with_covariate=with_covariate, is_weighted=is_weighted)
    assert sums.n_rows == len(used)
    assert sums.n_clusters == used["school_id"].nunique() < pupils["school_id"].nunique()
    expected = rows.tidy().loc[names]
    for found, column in (
        (sums.coefficient, "Estimate"),
        (sums.standard_error, "Std. Error"),
        (sums.ci_low, "2.5%"),
        (sums.ci_high, "97.5%"),
    ):
        np.testing.assert_allclose(found, expected[column], rtol=EXACT)
    # The relative error of a p-value is that of t times t squared.
    np.testing.assert_allclose(sums.p_value, expected["Pr(>|t|)"], rtol=EXACT, atol=1e-12)
    np.testing.assert_allclose(
        sums.covariance, rows._vcov, rtol=EXACT, atol=EXACT * np.abs(rows._vcov).min()
    )


def few_schools(seed: int) -> tuple[np.ndarray, PupilSums, np.ndarray, np.ndarray, np.ndarray]:
    """34 schools, 11 and 6 of them in programmes: columns, sums, and the same pupils as rows."""
    rng = np.random.default_rng(seed)
    school = np.sort(rng.choice(34, 700, p=rng.dirichlet(np.full(34, 2.0))))
    columns = np.column_stack([np.arange(34) < 11, rng.permutation(np.arange(34) < 6)]).astype(
        float
    )
    columns = np.column_stack([columns, rng.normal(size=34)])
    x = rng.normal(15.0, 3.0, len(school))
    y = 2 * x + rng.normal(0, 2.0, 34)[school] + rng.normal(0, 5.0, len(school))
    each = (np.ones_like(x), y, y * y, x, x * x, x * y)
    sums = PupilSums(*(np.bincount(school, value, minlength=34) for value in each))
    design = np.column_stack([np.ones(len(x)), columns[school], x])
    return columns, sums, school, design, y


@pytest.mark.parametrize("is_weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("seed", range(3))
def test_bias_reduced_errors_and_their_degrees_of_freedom_equal_rows(seed, is_weighted):
    columns, sums, school, design, y = few_schools(seed)
    weights = np.random.default_rng(seed).uniform(0.2, 3.0, 34) if is_weighted else np.ones(34)
    # Multiply rows by the root of their weight, because the other package has another working model.
    root = np.sqrt(weights)[school]
    rows, response = design * root[:, None], y * root
    coefficient = np.linalg.lstsq(rows, response)[0]
    covariance, degrees = compute_robust_vcov(
        rows, response - rows @ coefficient, school, vcov_type="hc2_bm", return_dof=True
    )
    found = clustered_regression(pupil_moments(columns, sums, weights=weights), correction="CR2")
    np.testing.assert_allclose(found.coefficient, coefficient, rtol=EXACT)
    np.testing.assert_allclose(found.standard_error, np.sqrt(np.diag(covariance)), rtol=EXACT)
    np.testing.assert_allclose(found.degrees_of_freedom, degrees, rtol=EXACT)
