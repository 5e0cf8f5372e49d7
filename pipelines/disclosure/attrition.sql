-- Schools of either side that could be compared: those kept, and those lost with the reasons. All their pupils'
-- results tell more than is meant where they can be taken from a total, so, unless they are public by school,
-- * a side's two rows stand or fall together: a row is withheld if it rests on few pupils, or on one or two
--   schools (of two, each can take itself off and read the other), and the other row goes with it, since their
--   sum follows from `comparison` where that shows all groups of pupils;
-- * pupils are rounded to ten (and means by the door), so that what `comparison` shows of parts cannot be taken
--   off to leave the few who are in none of them.
-- Where nothing is kept there is no comparison, and so no loss.
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
        NOT is_public(measure)
        AND bool_or(n_pupils > 0 AND (n_pupils < study.minimum_cell OR n_schools_with_result < 3))
            OVER (PARTITION BY programme, measure, side) AS suppressed
    FROM standing
    CROSS JOIN protocol.study AS study
)

SELECT
    * EXCLUDE (n_pupils, mean),
    CASE WHEN NOT suppressed THEN CAST(round(n_pupils, -1) AS BIGINT) END AS n_pupils,
    CASE WHEN NOT suppressed THEN mean END AS mean
FROM judged
ORDER BY programme, measure, side DESC, is_kept DESC
