-- Averages over few schools reveal too much about each. Unless results are public by school, they are suppressed for
-- fewer than ten schools on a side or too few pupils. Pupils are rounded, results to the measure's decimals, cohorts to
-- whole pupils.
WITH judged AS (
    SELECT
        balance.*,
        NOT is_public(measure)
        AND (
            least(n_programme_schools, n_comparison_schools) < fewest_schools_of_estimate()
            OR least(n_programme_pupils, n_comparison_pupils) < minimum_cell()
        ) AS is_suppressed,
        pow(
            10,
            -CASE characteristic
                WHEN 'cohort_pupils' THEN 0
                WHEN 'disadvantaged_share' THEN 2
                ELSE stored_decimals_of(measure)
            END
        ) AS step
    FROM impact.balance AS balance
)

SELECT
    programme,
    measure,
    key_stage,
    pupil_group,
    characteristic,
    n_programme_schools,
    n_comparison_schools,
    CASE WHEN NOT is_suppressed THEN rounded_count(n_programme_pupils, measure) END AS n_programme_pupils,
    CASE WHEN NOT is_suppressed THEN rounded_count(n_comparison_pupils, measure) END AS n_comparison_pupils,
    CASE WHEN NOT is_suppressed THEN to_step(programme_mean, step) END AS programme_mean,
    CASE WHEN NOT is_suppressed THEN to_step(comparison_mean, step) END AS comparison_mean,
    CASE WHEN NOT is_suppressed THEN standardised_difference END AS standardised_difference,
    CASE WHEN NOT is_suppressed THEN rating END AS rating,
    figure_status_of(is_suppressed, judged.programme_mean) AS figure_status
FROM judged
ORDER BY
    programme,
    measure,
    list_position(
        ['target_pupils_before', 'all_pupils_before', 'cohort_pupils', 'disadvantaged_share'], characteristic
    )
