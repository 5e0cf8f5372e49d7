-- How much may be told of a group of pupils, over all programmes and measures of a key stage: somebody who has
-- everything else could work a school of one or two pupils back from it (`tests/disclosure/test_estimates.py`
-- tries it). Estimates are equations in what each school's pupils got, and these are few:
-- * where these figures come to more than a quarter of the numbers they are made of, methods beside the headline lose
--   their intervals, which tell how the schools' results spread; where even so they come to more than a quarter,
--   they are withheld, and the headlines are left;
-- * of results that are public by school (`public_key_stage.sql`) all is told;
-- * fewer than 16 schools for each programme that asks about the same pupils leave the headlines alone, and fewer
--   than 12 not even these: sums of overlapping programmes know those schools too well already.
-- A quarter, 16 and 12 are from trials: of 22 sizes of study (one to three programmes, one to four measures, one or
-- two earlier years), up to 10 studies each, none told of a school; at a third, 12 and 9 some did.
WITH estimate AS (
    SELECT
        *,
        key_stage_of(measure) AS key_stage,
        whose_figures(measure, pupil_group) AS of_pupils,
        role = 'headline' OR estimator = 'leave_one_school_out' AS is_kept_whole,
        CAST(estimate_low IS NOT NULL AS INTEGER)
        + coalesce(CAST(estimate_low <> estimate_high AS INTEGER), 0)
        + CAST(expected_anyway IS NOT NULL AS INTEGER) AS n_points,
        -- An interval is as wide one way as the other, and what could be detected follows from it. Where lots are
        -- drawn it is not, and the p-value does not follow either.
        CAST(ci_low IS NOT NULL AS INTEGER)
        * CASE WHEN estimator IN ('randomisation_inference', 'wild_cluster_bootstrap') THEN 3 ELSE 1 END
        + CAST(hedges_g IS NOT NULL AS INTEGER)
        + CAST(role = 'headline' AND effective_df IS NOT NULL AS INTEGER) AS n_of_interval
    FROM impact.estimate
),

compared AS (
    SELECT DISTINCT
        school_id,
        measure,
        pupil_group
    FROM impact.compared_school
    WHERE reason = 'compared'
),

-- Each result is a number, and so is how many pupils it is of, the same for every measure.
result AS (
    SELECT
        key_stage_of(measure) AS key_stage,
        pupil_group AS of_pupils,
        measure,
        count(*) AS n_results
    FROM mart.outcome
    SEMI JOIN compared USING (school_id, measure, pupil_group)
    WHERE value_status = 'value' AND n_pupils > 0
    GROUP BY ALL
),

primary_measure AS (
    SELECT
        measure.measure,
        programme.target_group AS pupil_group
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
    WHERE measure.is_primary
),

-- Schools whose own results are drawn, now and before (`school_point.sql`): nobody need work these out.
drawn AS (
    SELECT
        measure,
        pupil_group AS of_pupils,
        2 * count(*) AS n_drawn
    FROM compared
    SEMI JOIN primary_measure USING (measure, pupil_group)
    ANTI JOIN temp.withheld_school USING (school_id, measure, pupil_group)
    GROUP BY ALL
),

known AS (
    SELECT
        key_stage,
        of_pupils,
        sum(n_results - coalesce(n_drawn, 0)) + max(n_results) AS n_numbers
    FROM result
    LEFT JOIN drawn USING (measure, of_pupils)
    GROUP BY key_stage, of_pupils
),

told AS (
    SELECT
        key_stage,
        of_pupils,
        sum(n_points + n_of_interval) AS n_figures,
        sum(n_points + CASE WHEN is_kept_whole THEN n_of_interval ELSE 0 END) AS n_without_intervals
    FROM estimate
    WHERE estimate_low IS NOT NULL
    GROUP BY key_stage, of_pupils
),

-- Schools compared by the measure with most of them, with an estimate or without.
asked AS (
    SELECT
        key_stage,
        of_pupils,
        max(n_schools) AS n_schools,
        count(DISTINCT programme) AS n_programmes
    FROM (
        SELECT
            programme,
            key_stage_of(measure) AS key_stage,
            pupil_group AS of_pupils,
            count(*) AS n_schools
        FROM impact.compared_school
        WHERE reason = 'compared'
        GROUP BY programme, measure, pupil_group
    )
    GROUP BY key_stage, of_pupils
)

SELECT
    key_stage,
    of_pupils,
    CASE
        WHEN key_stage IN (SELECT key_stage FROM temp.public_key_stage) THEN 'all'
        WHEN n_schools < 12 * n_programmes THEN 'nothing'
        WHEN n_schools < 16 * n_programmes OR 4 * n_without_intervals > coalesce(n_numbers, 0) THEN 'headlines'
        WHEN 4 * n_figures > coalesce(n_numbers, 0) THEN 'estimates'
        ELSE 'all'
    END AS may_be_told
FROM asked
LEFT JOIN told USING (key_stage, of_pupils)
LEFT JOIN known USING (key_stage, of_pupils)
