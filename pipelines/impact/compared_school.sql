-- Which schools each comparison rests on, and why each of the others is left out. One row for every school
-- that is enrolled, or could be compared with, on each programme's own measures and target group: the
-- authority's others, or mainstream schools outside it where the pool is matched.
WITH question AS (
    SELECT
        measure.programme,
        measure.measure,
        measure.key_stage,
        programme.target_group AS pupil_group,
        programme.comparison_pool = 'matched' AS is_matched
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
),

evaluated AS (
    SELECT DISTINCT programme_school.school_id
    FROM mart.programme_school AS programme_school
    JOIN protocol.programme AS programme USING (programme)
    WHERE programme.is_evaluated
),

match AS (
    SELECT programme, measure, matched_school_id AS school_id, bool_or(matched_on <> 'make_up') AS is_like_in_results
    FROM impact.matched_school
    GROUP BY programme, measure, matched_school_id
),

standing AS (
    SELECT
        question.programme,
        question.measure,
        question.key_stage,
        question.pupil_group,
        question.is_matched,
        school.school_id,
        programme_school.school_id IS NOT NULL AS is_programme,
        school.is_special,
        school.is_local,
        evaluated.school_id IS NOT NULL AS is_evaluated,
        match.is_like_in_results,
        with_results.school_id IS NOT NULL AS has_results,
        count(*) FILTER (outcome.is_outcome AND outcome.value_status = 'value' AND outcome.n_pupils > 0) AS n_outcome,
        count(*) FILTER (outcome.is_outcome AND outcome.value_status = 'suppressed') AS n_suppressed,
        count(*) FILTER (NOT outcome.is_outcome AND outcome.value_status = 'value' AND outcome.n_pupils > 0) AS n_baseline
    FROM question
    CROSS JOIN mart.school AS school
    LEFT JOIN mart.school_key_stage AS with_results
        ON with_results.school_id = school.school_id
        AND with_results.key_stage = question.key_stage
    LEFT JOIN mart.programme_school AS programme_school
        ON programme_school.programme = question.programme
        AND programme_school.school_id = school.school_id
    LEFT JOIN evaluated ON evaluated.school_id = school.school_id
    LEFT JOIN match
        ON match.programme = question.programme
        AND match.measure = question.measure
        AND match.school_id = school.school_id
    LEFT JOIN mart.outcome AS outcome
        ON outcome.school_id = school.school_id
        AND outcome.measure = question.measure
        AND outcome.pupil_group = question.pupil_group
    GROUP BY ALL
)

SELECT
    programme,
    measure,
    key_stage,
    pupil_group,
    school_id,
    is_programme,
    CASE
        WHEN is_programme AND NOT is_local THEN 'outside the authority'
        WHEN NOT has_results THEN 'no pupils at the end of the key stage'
        WHEN is_special THEN 'special school, never compared with mainstream schools'
        WHEN n_outcome = 0 AND n_suppressed > 0 THEN 'result withheld in the published table: too few pupils'
        WHEN n_outcome = 0 THEN 'no result for these pupils this year'
        WHEN n_baseline = 0 THEN 'no earlier result to compare with'
        WHEN is_programme OR NOT is_matched OR is_like_in_results THEN 'compared'
        WHEN is_evaluated THEN 'in an evaluated programme'
        WHEN NOT is_like_in_results THEN 'alike in make-up, so only its change is compared'
        ELSE 'not among the most similar schools'
    END AS reason
FROM standing
WHERE is_programme OR (has_results AND is_local <> is_matched AND (is_local OR NOT is_special))
ORDER BY programme, measure, school_id
