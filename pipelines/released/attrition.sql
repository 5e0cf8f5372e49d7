-- Schools of each side that could be compared: those kept, and those lost with reasons. Comparisons that keep no school
-- are omitted. A side's two rows are suppressed together, because `comparison` shows their sum.
WITH standing AS (
    SELECT
        programme,
        measure,
        key_stage,
        pupil_group,
        side,
        is_kept,
        sum(n_schools) AS n_schools,
        sum(n_schools_with_result) AS n_schools_with_result,
        string_agg(words || ' (' || n_schools || ')', '; ' ORDER BY words) FILTER (NOT is_kept) AS reasons,
        sum(n_pupils) AS n_pupils,
        sum(mean * n_pupils) / sum(n_pupils) AS mean
    FROM impact.attrition
    JOIN protocol.comparison_reason USING (reason)
    WHERE is_in_scope
    GROUP BY programme, measure, key_stage, pupil_group, side, is_kept
    QUALIFY bool_or(is_kept) OVER (PARTITION BY programme, measure)
),

judged AS (
    SELECT
        standing.*,
        rounded_count(n_pupils, measure) AS n_rounded,
        NOT is_public(measure)
        AND bool_or(
            are_few(n_pupils)
            OR (n_pupils > 0 AND n_schools_with_result < fewest_schools())
            OR (
                n_pupils > 0
                AND measure IN (SELECT measure FROM protocol.measure WHERE counts_pupils)
                AND least(mean * n_pupils, n_pupils - mean * n_pupils) < minimum_cell() - 0.5
            )
        )
            OVER (PARTITION BY programme, measure, side) AS is_suppressed
    FROM standing
)

SELECT
    * EXCLUDE (n_pupils, n_rounded, mean, is_suppressed),
    figure_status_of(is_suppressed, judged.mean) AS figure_status,
    CASE WHEN NOT is_suppressed THEN n_rounded END AS n_pupils,
    CASE
        WHEN is_suppressed THEN NULL
        WHEN is_public(measure) THEN mean
        ELSE to_step(mean, step_of_mean(measure, n_rounded))
    END AS mean
FROM judged
ORDER BY programme, measure, side DESC, is_kept DESC
