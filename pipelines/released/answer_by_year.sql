-- One year's estimate follows the rules of all estimates: it needs ten schools and enough pupils on each side, unless
-- results are public by school. Pupils are counted as in `impact`. A verdict on the years so far is withheld with the
-- headline.
WITH side AS (
    SELECT
        side.programme,
        side.measure,
        side.pupil_group,
        side.academic_year,
        coalesce(sum(side.n_pupils) FILTER (side.arm = 'programme'), 0) AS n_programme_left_out,
        coalesce(sum(side.n_pupils) FILTER (side.arm = 'rest'), 0) AS n_comparison_left_out
    FROM temp.side_result AS side
    JOIN impact.compared_school AS compared USING (programme, measure, pupil_group, school_id)
    JOIN mart.outcome AS outcome USING (school_id, measure, pupil_group, academic_year, release_status)
    WHERE side.is_left_out AND side.arm IN ('programme', 'rest') AND compared.reason = 'compared' AND outcome.is_outcome
    GROUP BY side.programme, side.measure, side.pupil_group, side.academic_year
),

-- The pupils of a side as counted in the averages of the year.
total AS (
    SELECT total.programme, total.measure, total.pupil_group, total.academic_year, total.arm, total.n_exact, total.n_pupils
    FROM temp.public_total AS total
    JOIN protocol.result_release AS release USING (key_stage, academic_year, release_status)
    WHERE release.is_used
),

answer AS (
    SELECT
        answer.* REPLACE (
            greatest(n_programme_pupils - coalesce(n_programme_left_out, 0), 0) AS n_programme_pupils,
            greatest(n_comparison_pupils - coalesce(n_comparison_left_out, 0), 0) AS n_comparison_pupils
        )
    FROM impact.answer_by_year AS answer
    LEFT JOIN side USING (programme, measure, pupil_group, academic_year)
),

judged AS (
    SELECT
        answer.*,
        inside.n_pupils AS n_programme_shown,
        outside.n_pupils AS n_comparison_shown,
        headline.figure_status = 'suppressed' AS is_headline_withheld,
        answer.estimate_low IS NOT NULL
        AND NOT is_public(answer.measure)
        AND (
            least(answer.n_programme_pupils, answer.n_comparison_pupils) < minimum_cell()
            OR least(answer.n_programme_schools, answer.n_comparison_schools) < fewest_schools_of_estimate()
        ) AS is_withheld,
        is_public(answer.measure) OR (answer.estimate_low IS NOT NULL AND NOT is_withheld) AS has_counts
    FROM answer
    JOIN released.impact AS headline
        ON headline.programme = answer.programme AND headline.measure = answer.measure AND headline.role = 'headline'
    LEFT JOIN total AS inside
        ON inside.programme = answer.programme AND inside.measure = answer.measure
        AND inside.pupil_group = answer.pupil_group AND inside.academic_year = answer.academic_year
        AND inside.arm = 'programme' AND inside.n_exact = answer.n_programme_pupils
    LEFT JOIN total AS outside
        ON outside.programme = answer.programme AND outside.measure = answer.measure
        AND outside.pupil_group = answer.pupil_group AND outside.academic_year = answer.academic_year
        AND outside.arm = 'rest' AND outside.n_exact = answer.n_comparison_pupils
)

SELECT
    judged.programme,
    judged.measure,
    judged.pupil_group,
    judged.academic_year,
    judged.unit,
    judged.n_programme_schools,
    judged.n_comparison_schools,
    CASE WHEN has_counts THEN coalesce(n_programme_shown, rounded_count(n_programme_pupils, judged.measure)) END
        AS n_programme_pupils,
    CASE WHEN has_counts THEN coalesce(n_comparison_shown, rounded_count(n_comparison_pupils, judged.measure)) END
        AS n_comparison_pupils,
    CASE WHEN NOT is_withheld THEN estimate_low END AS estimate_low,
    CASE WHEN NOT is_withheld THEN estimate_high END AS estimate_high,
    CASE WHEN NOT is_withheld THEN ci_low END AS ci_low,
    CASE WHEN NOT is_withheld THEN ci_high END AS ci_high,
    CASE WHEN NOT is_withheld AND NOT is_headline_withheld THEN verdict_so_far END AS verdict_so_far,
    figure_status_of(is_withheld, estimate_low) AS figure_status
FROM judged
JOIN protocol.programme_measure AS asked USING (programme, measure)
JOIN protocol.programme AS programme USING (programme)
ORDER BY programme.protocol_order, asked.protocol_order, judged.academic_year
