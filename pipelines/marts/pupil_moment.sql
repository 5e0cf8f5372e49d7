-- Strata added up to pupil groups. The sums give each cell's mean and variance, and the regression of pupils' outcome
-- (y) on prior attainment (x) and any variable that is constant within a school.
WITH stratum AS (
    SELECT 'ks2' AS key_stage, * FROM mart.ks2_stratum
    UNION ALL BY NAME
    SELECT 'ks4' AS key_stage, * FROM mart.ks4_stratum
),

-- A pupil counts in every group it belongs to; a pupil without SEN or FSM6 code counts in `all` only.
grouped AS (
    SELECT
        *,
        unnest(list_filter(
            [
                'all',
                CASE sen WHEN 'K' THEN 'sen_support' WHEN 'E' THEN 'ehc_plan' WHEN 'N' THEN 'no_sen' END,
                CASE is_fsm6 WHEN 'true' THEN 'disadvantaged' WHEN 'false' THEN 'not_disadvantaged' END,
                CASE prior_band WHEN '3' THEN 'high_prior' END
            ],
            lambda pupil_group: pupil_group IS NOT NULL
        )) AS pupil_group
    FROM stratum
)

SELECT
    school_id,
    key_stage,
    academic_year,
    release_status,
    pupil_group,
    measure,
    CAST(coalesce(sum(n) FILTER (has_prior_points), 0) AS BIGINT) AS n_pupils,
    coalesce(sum(sum_y) FILTER (has_prior_points), 0) AS sum_y,
    coalesce(sum(sum_yy) FILTER (has_prior_points), 0) AS sum_yy,
    coalesce(sum(sum_x), 0) AS sum_x,
    coalesce(sum(sum_xx), 0) AS sum_xx,
    coalesce(sum(sum_xy), 0) AS sum_xy,
    CAST(coalesce(sum(n) FILTER (NOT has_prior_points), 0) AS BIGINT) AS n_without_prior,
    coalesce(sum(sum_y) FILTER (NOT has_prior_points), 0) AS sum_y_without_prior,
    coalesce(sum(sum_yy) FILTER (NOT has_prior_points), 0) AS sum_yy_without_prior
FROM grouped
-- The share on SEN support is meaningful for the whole cohort only, not within a group.
WHERE pupil_group = 'all' OR measure NOT LIKE '%_sen_support_share'
GROUP BY school_id, key_stage, academic_year, release_status, pupil_group, measure
ORDER BY school_id, academic_year, release_status, pupil_group, measure
