-- Baseline equivalence of the compared schools of both sides, as Hedges' g, with the thresholds of the What Works
-- Clearinghouse (Standards Handbook 4.1, 2020): up to 0.05 is balanced, up to 0.25 needs adjustment, and beyond that
-- adjustment is not enough. Results are in pupil SDs, as there; school characteristics are in school SDs.
WITH baseline AS (
    SELECT
        compared.programme,
        compared.measure,
        compared.key_stage,
        compared.pupil_group AS target_group,
        compared.school_id,
        compared.is_programme,
        about.counts_pupils,
        outcome.pupil_group,
        outcome.n_pupils,
        outcome.value_status = 'value' AND outcome.n_pupils > 0 AS has_value,
        outcome.mean,
        outcome.variance
    FROM impact.compared_school AS compared
    JOIN protocol.measure AS about USING (measure)
    JOIN mart.outcome AS outcome
        ON outcome.school_id = compared.school_id
        AND outcome.measure = compared.measure
        AND outcome.is_baseline
    SEMI JOIN protocol.comparable_baseline AS comparable
        ON comparable.measure = outcome.measure AND comparable.academic_year = outcome.academic_year
    SEMI JOIN impact.baseline_year AS baseline_year
        ON baseline_year.programme = compared.programme
        AND baseline_year.measure = outcome.measure
        AND baseline_year.academic_year = outcome.academic_year
        AND baseline_year.is_used
    WHERE compared.reason = 'compared'
),

-- Results of the target pupils and of all pupils, pooled over baseline years with no series break between them.
result AS (
    SELECT
        programme,
        measure,
        key_stage,
        target_group,
        counts_pupils,
        CASE WHEN pupil_group = target_group THEN 'target_pupils_before' ELSE 'all_pupils_before' END AS characteristic,
        is_programme,
        count(DISTINCT school_id) AS n_schools,
        CAST(sum(n_pupils) AS BIGINT) AS n_units,
        n_units AS n_pupils,
        sum(n_pupils * mean) / sum(n_pupils) AS side_mean,
        -- The variance of a share of pupils is p (1 - p); for points and rates it must be known within schools.
        CASE
            WHEN counts_pupils THEN greatest(side_mean * (1 - side_mean), 0) * n_units / nullif(n_units - 1, 0)
            WHEN bool_and(variance IS NOT NULL OR n_pupils = 1)
                THEN (
                    sum((n_pupils - 1) * coalesce(variance, 0)) + sum(n_pupils * mean * mean)
                    - n_units * side_mean * side_mean
                ) / nullif(n_units - 1, 0)
        END AS variance
    FROM baseline
    WHERE has_value AND pupil_group IN (target_group, 'all')
    GROUP BY programme, measure, key_stage, target_group, counts_pupils, characteristic, is_programme
),

school_make_up AS (
    SELECT
        compared.programme,
        compared.measure,
        compared.key_stage,
        compared.pupil_group AS target_group,
        compared.is_programme,
        before.n_pupils,
        unnest([
            {characteristic: 'cohort_pupils', figure: before.cohort_pupils},
            {characteristic: 'disadvantaged_share', figure: before.disadvantaged_share}
        ], recursive := true)
    FROM impact.compared_school AS compared
    JOIN impact.school_before AS before USING (measure, pupil_group, school_id)
    WHERE compared.reason = 'compared'
),

make_up AS (
    SELECT
        programme,
        measure,
        key_stage,
        target_group,
        characteristic,
        is_programme,
        count(*) AS n_schools,
        CAST(sum(n_pupils) AS BIGINT) AS n_pupils,
        count(*) AS n_units,
        avg(figure) AS side_mean,
        var_samp(figure) AS variance
    FROM school_make_up
    WHERE figure IS NOT NULL
    GROUP BY programme, measure, key_stage, target_group, characteristic, is_programme
),

side AS (
    SELECT * EXCLUDE (counts_pupils) FROM result
    UNION ALL BY NAME
    SELECT * FROM make_up
),

difference AS (
    SELECT
        inside.programme,
        inside.measure,
        inside.key_stage,
        inside.target_group AS pupil_group,
        inside.characteristic,
        inside.n_schools AS n_programme_schools,
        outside.n_schools AS n_comparison_schools,
        inside.n_pupils AS n_programme_pupils,
        outside.n_pupils AS n_comparison_pupils,
        inside.side_mean AS programme_mean,
        outside.side_mean AS comparison_mean,
        inside.n_units + outside.n_units AS n_units_of_both,
        ((inside.n_units - 1) * inside.variance + (outside.n_units - 1) * outside.variance)
        / nullif(n_units_of_both - 2, 0) AS pooled_variance,
        (inside.side_mean - outside.side_mean) / sqrt(nullif(greatest(pooled_variance, 0), 0))
        * (1 - 3 / (4 * n_units_of_both - 9)) AS standardised_difference
    FROM side AS inside
    JOIN side AS outside
        ON outside.programme = inside.programme
        AND outside.measure = inside.measure
        AND outside.characteristic = inside.characteristic
    WHERE inside.is_programme AND NOT outside.is_programme
)

SELECT
    * EXCLUDE (n_units_of_both, pooled_variance),
    CASE
        WHEN abs(standardised_difference) <= 0.05 THEN 'satisfies'
        WHEN abs(standardised_difference) <= 0.25 THEN 'needs_adjustment'
        WHEN standardised_difference IS NOT NULL THEN 'not_satisfied'
    END AS rating
FROM difference
ORDER BY programme, measure, characteristic
