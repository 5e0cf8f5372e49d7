-- What would let a school of one or two pupils be worked back from estimates, by somebody who has everything else
-- (`tests/disclosure/test_estimates.py` tries it). Estimates are equations in what each school's pupils got, and
-- these are few:
-- * where the figures about a group of pupils come to more than a quarter of the numbers they are made of, methods
--   beside the headline lose their intervals, which tell how the schools' results spread; where even so they come
--   to more than a quarter, they are withheld;
-- * fewer than 16 schools for each programme that asks about the same pupils leave the headlines alone, and fewer
--   than 12 not even these: sums of overlapping programmes know those schools too well already;
-- * leaving out one school in turn gives a range that one unnamed school has moved furthest, so its ends are
--   rounded outwards to what is read;
-- * degrees of freedom tell how pupils are spread over schools: of the headline alone, and nowhere else.
-- A quarter, 16 and 12 are from trials: of 24 sizes of study (one to three programmes, one to four measures, one or
-- two earlier years), 10 studies each, none told of a school; at a third, 12 and 9 some did.
WITH estimate AS (
    SELECT
        *,
        rowid AS place,
        left(measure, 3) AS key_stage,
        -- Who is on SEN support is what this share counts.
        CASE WHEN ends_with(measure, '_sen_support_share') THEN 'sen_support' ELSE pupil_group END AS of_pupils,
        role = 'headline' OR estimator = 'leave_one_school_out' AS is_kept_whole,
        CAST(estimate_low IS NOT NULL AS INTEGER)
        + coalesce(CAST(estimate_low <> estimate_high AS INTEGER), 0)
        + CAST(expected_anyway IS NOT NULL AS INTEGER) AS n_points,
        -- An interval is as wide one way as the other, and what could be detected follows from it.
        CAST(ci_low IS NOT NULL AS INTEGER)
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
        left(measure, 3) AS key_stage,
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
        max(n_programme_schools + n_comparison_schools) AS n_schools,
        count(DISTINCT programme) AS n_programmes,
        sum(n_points + n_of_interval) AS n_figures,
        sum(n_points + CASE WHEN is_kept_whole THEN n_of_interval ELSE 0 END) AS n_without_intervals
    FROM estimate
    WHERE estimate_low IS NOT NULL
    GROUP BY key_stage, of_pupils
),

judged AS (
    SELECT
        estimate.*,
        CASE
            WHEN estimate_low IS NULL THEN NULL
            WHEN n_schools < 12 * n_programmes THEN 'estimate'
            WHEN
                role <> 'headline'
                AND (n_schools < 16 * n_programmes OR 4 * n_without_intervals > coalesce(n_numbers, 0))
                THEN 'estimate'
            WHEN NOT is_kept_whole AND 4 * n_figures > coalesce(n_numbers, 0) THEN 'interval'
        END AS withheld
    FROM estimate
    LEFT JOIN told USING (key_stage, of_pupils)
    LEFT JOIN known USING (key_stage, of_pupils)
),

released AS (
    SELECT
        judged.* REPLACE (
            CASE WHEN estimator = 'leave_one_school_out' THEN floor(estimate_low * asked.steps) / asked.steps
                ELSE estimate_low END AS estimate_low,
            CASE WHEN estimator = 'leave_one_school_out' THEN ceil(estimate_high * asked.steps) / asked.steps
                ELSE estimate_high END AS estimate_high,
            CASE WHEN withheld IS NULL THEN ci_low END AS ci_low,
            CASE WHEN withheld IS NULL THEN ci_high END AS ci_high,
            CASE WHEN withheld IS NULL THEN p_value END AS p_value,
            CASE WHEN withheld IS NULL THEN mde END AS mde,
            CASE WHEN role = 'headline' AND estimate_low IS NOT NULL THEN effective_df END AS effective_df
        )
    FROM judged
    LEFT JOIN (
        SELECT programme, measure, pow(10, decimals) AS steps
        FROM protocol.programme_measure
    ) AS asked USING (programme, measure)
    WHERE withheld IS DISTINCT FROM 'estimate'
    UNION ALL BY NAME
    SELECT
        programme,
        pupil_group,
        measure,
        academic_year,
        release_status,
        estimator,
        role,
        n_programme_schools,
        n_comparison_schools,
        n_programme_pupils,
        n_comparison_pupils,
        CASE WHEN verdict IS NOT NULL THEN 'cannot_tell' END AS verdict,
        'withheld: estimates from so few schools could tell what single pupils got' AS verdict_reason,
        unit,
        withheld,
        place
    FROM judged
    WHERE withheld = 'estimate'
)

SELECT * EXCLUDE (place, key_stage, of_pupils, is_kept_whole, n_points, n_of_interval)
FROM released
ORDER BY place
