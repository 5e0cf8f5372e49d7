-- Estimates from fewer than ten schools on a side, or from too few pupils, are suppressed, unless results are public by
-- school. The naive change equals the difference of the published averages, so that readers can reproduce it. The range
-- over left-out schools is rounded outwards, because one unnamed school determines each end. Degrees of freedom show
-- how pupils are spread over schools, so they are given for the headline only.
WITH question AS (
    SELECT measure.programme, measure.measure, pow(10, measure.decimals) AS steps, programme.comparison_pool
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
),

-- The last outcome year with results, which the naive change compares with the last baseline year.
naive AS (
    SELECT programme, measure, pupil_group, academic_year AS last_year FROM impact.estimate WHERE role = 'naive'
),

-- The published averages of both sides, this year and last.
level AS (
    SELECT
        total.programme,
        total.measure,
        total.pupil_group,
        sum(
            to_step(total.mean, pow(10, -declared.stored_decimals))
            * CASE WHEN total.arm = 'programme' THEN 1 ELSE -1 END
            * CASE WHEN total.academic_year = naive.last_year THEN 1 ELSE -1 END
        ) AS naive_change,
        count(total.mean) AS n_levels,
        bool_or(total.figure_status = 'suppressed') AS is_any_suppressed
    FROM temp.public_total AS total
    JOIN protocol.result_release AS release USING (key_stage, academic_year, release_status)
    JOIN naive USING (programme, measure, pupil_group)
    JOIN protocol.measure AS declared USING (measure)
    WHERE
        release.is_used
        AND total.arm IN ('programme', 'rest')
        AND total.academic_year IN (
            naive.last_year, (SELECT max(academic_year) FROM protocol.study_year WHERE NOT is_outcome)
        )
    GROUP BY total.programme, total.measure, total.pupil_group
),

-- Use the same pupil counts as in `comparison`.
programme_side AS (
    SELECT * EXCLUDE (n_pupils) RENAME (n_exact AS n_programme_pupils), n_pupils AS n_shown
    FROM temp.public_total
    WHERE arm = 'programme'
),

comparison_side AS (
    SELECT * EXCLUDE (n_pupils) RENAME (n_exact AS n_comparison_pupils), n_pupils AS n_shown
    FROM temp.public_total
    WHERE arm = 'rest'
),

-- The few small schools that a side's total leaves out are left out of an estimate's count of pupils too: otherwise the
-- two counts would tell how many pupils those schools have.
left_out AS (
    SELECT
        estimate.place,
        coalesce(sum(side.n_pupils) FILTER (side.arm = 'programme'), 0) AS n_programme_left_out,
        coalesce(sum(side.n_pupils) FILTER (side.arm = 'rest'), 0) AS n_comparison_left_out
    FROM (
        SELECT rowid AS place, role, programme, measure, pupil_group, academic_year AS last_year FROM impact.estimate
    ) AS estimate
    JOIN temp.side_result AS side USING (programme, measure, pupil_group)
    JOIN impact.compared_school AS compared USING (programme, measure, pupil_group, school_id)
    JOIN mart.outcome AS outcome USING (school_id, measure, pupil_group, academic_year, release_status)
    WHERE
        side.is_left_out
        AND side.arm IN ('programme', 'rest')
        AND compared.reason = 'compared'
        AND outcome.is_outcome
        -- The naive change is that of the last outcome year alone.
        AND (estimate.role <> 'naive' OR outcome.academic_year = estimate.last_year)
    GROUP BY estimate.place
),

estimate AS (
    SELECT
        estimate.* REPLACE (
            greatest(estimate.n_programme_pupils - coalesce(left_out.n_programme_left_out, 0), 0) AS n_programme_pupils,
            greatest(estimate.n_comparison_pupils - coalesce(left_out.n_comparison_left_out, 0), 0)
                AS n_comparison_pupils
        ),
        estimate.rowid AS place
    FROM impact.estimate AS estimate
    LEFT JOIN left_out ON left_out.place = estimate.rowid
),

judged AS (
    SELECT
        estimate.*,
        question.steps,
        estimate.role = 'naive' AND question.comparison_pool = 'local' AS is_of_levels,
        programme_side.n_shown AS n_programme_shown,
        comparison_side.n_shown AS n_comparison_shown,
        CASE WHEN level.n_levels = 4 THEN level.naive_change - estimate.estimate_low END AS shift,
        CASE
            WHEN estimate.estimate_low IS NULL OR is_public(estimate.measure) THEN NULL
            WHEN
                least(estimate.n_programme_pupils, estimate.n_comparison_pupils) < minimum_cell()
                OR (is_of_levels AND (coalesce(level.n_levels, 0) < 4 OR level.is_any_suppressed)) THEN 'small_group'
            WHEN least(estimate.n_programme_schools, estimate.n_comparison_schools) < fewest_schools_of_estimate()
                THEN 'few_schools'
        END AS withheld_reason,
        is_public(estimate.measure)
        OR (estimate.estimate_low IS NOT NULL AND withheld_reason IS NULL)
        OR estimate.n_programme_pupils + estimate.n_comparison_pupils = 0 AS has_counts
    FROM estimate
    JOIN question USING (programme, measure)
    LEFT JOIN level USING (programme, measure, pupil_group)
    LEFT JOIN programme_side USING (programme, measure, pupil_group, academic_year, release_status, n_programme_pupils)
    LEFT JOIN comparison_side USING (programme, measure, pupil_group, academic_year, release_status, n_comparison_pupils)
)

SELECT
    programme,
    pupil_group,
    measure,
    academic_year,
    release_status,
    estimator,
    role,
    figure_status_of(withheld_reason IS NOT NULL, judged.estimate_low) AS figure_status,
    withheld_reason,
    CASE
        WHEN withheld_reason IS NOT NULL THEN NULL
        WHEN is_of_levels THEN estimate_low + coalesce(shift, 0)
        WHEN estimator = 'leave_one_school_out' THEN floor(estimate_low * steps) / steps
        ELSE estimate_low
    END AS estimate_low,
    CASE
        WHEN withheld_reason IS NOT NULL THEN NULL
        WHEN is_of_levels THEN estimate_high + coalesce(shift, 0)
        WHEN estimator = 'leave_one_school_out' THEN ceil(estimate_high * steps) / steps
        ELSE estimate_high
    END AS estimate_high,
    CASE WHEN withheld_reason IS NULL THEN ci_low + CASE WHEN is_of_levels THEN coalesce(shift, 0) ELSE 0 END END AS ci_low,
    CASE WHEN withheld_reason IS NULL THEN ci_high + CASE WHEN is_of_levels THEN coalesce(shift, 0) ELSE 0 END END AS ci_high,
    CASE WHEN withheld_reason IS NULL THEN p_value END AS p_value,
    n_programme_schools,
    n_comparison_schools,
    -- Pupil counts are shown with an estimate, or if they are zero; otherwise only in `comparison`.
    CASE WHEN has_counts THEN coalesce(n_programme_shown, rounded_count(n_programme_pupils, measure)) END AS n_programme_pupils,
    CASE WHEN has_counts THEN coalesce(n_comparison_shown, rounded_count(n_comparison_pupils, measure)) END
        AS n_comparison_pupils,
    CASE WHEN withheld_reason IS NULL AND role = 'headline' AND estimate_low IS NOT NULL THEN effective_df END AS effective_df,
    CASE WHEN withheld_reason IS NULL THEN mde END AS mde,
    CASE WHEN withheld_reason IS NULL THEN breakdown END AS breakdown,
    CASE WHEN withheld_reason IS NULL THEN expected_anyway END AS expected_anyway,
    CASE WHEN withheld_reason IS NULL THEN p_value_holm END AS p_value_holm,
    CASE WHEN withheld_reason IS NULL THEN hedges_g END AS hedges_g,
    CASE WHEN withheld_reason IS NULL THEN hedges_g_low END AS hedges_g_low,
    CASE WHEN withheld_reason IS NULL THEN hedges_g_high END AS hedges_g_high,
    CASE WHEN verdict IS NULL OR withheld_reason IS NULL THEN verdict ELSE 'cannot_tell' END AS verdict,
    CASE WHEN withheld_reason IS NOT NULL THEN why_withheld(withheld_reason) ELSE verdict_reason END AS verdict_reason,
    unit
FROM judged
ORDER BY place
