-- The schools that each comparison uses, and a reason code for each school left out; `comparison_reason.py` has the
-- labels. For each programme's own measures and target group there is one row per enrolled school and per candidate:
-- the authority's other schools, or mainstream schools elsewhere if the pool is matched.
WITH question AS (
    SELECT
        measure.programme,
        measure.measure,
        measure.key_stage,
        programme.target_group AS pupil_group,
        programme.comparison_pool = 'matched' AS is_matched,
        awaited.measure IS NOT NULL AS is_awaited
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
    CROSS JOIN protocol.study AS study
    LEFT JOIN (SELECT DISTINCT measure, academic_year FROM protocol.not_yet_published) AS awaited
        ON awaited.measure = measure.measure AND awaited.academic_year = study.outcome_year
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

with_row AS (
    SELECT DISTINCT school_id, key_stage FROM mart.outcome WHERE is_outcome
),

result AS (
    SELECT
        outcome.*,
        NOT study_year.is_outcome AS is_earlier,
        value_status = 'value' AND n_pupils > 0 AS is_usable,
        value_status = 'value' AND n_pupils IS NULL AS is_uncounted,
        value_status = 'suppressed' AS is_withheld
    FROM mart.outcome AS outcome
    JOIN protocol.study_year AS study_year USING (academic_year)
),

standing AS (
    SELECT
        question.programme,
        question.measure,
        question.key_stage,
        question.pupil_group,
        question.is_matched,
        question.is_awaited,
        school.school_id,
        member.standing,
        member.school_id IS NOT NULL AS is_programme,
        school.school_kind,
        school.is_compared_kind,
        school.is_local,
        school.is_open,
        evaluated.school_id IS NOT NULL AS is_evaluated,
        match.is_like_in_results,
        with_results.school_id IS NOT NULL AS has_results,
        with_row.school_id IS NOT NULL AS has_row,
        -- Ages in the year group: 10 to 11 at the end of Key Stage 2, 15 to 16 at the end of Key Stage 4.
        coalesce(CASE question.key_stage
            WHEN 'phonics' THEN school.low_age <= 5 AND school.high_age >= 6
            WHEN 'ks1' THEN school.low_age <= 6 AND school.high_age >= 7
            WHEN 'ks2' THEN school.low_age <= 10 AND school.high_age >= 11
            WHEN 'ks4' THEN school.low_age <= 15 AND school.high_age >= 16
        END, true) AS teaches_key_stage,
        count(*) FILTER (result.is_outcome AND result.is_usable) AS n_outcome,
        count(*) FILTER (result.is_outcome AND result.is_withheld) AS n_withheld,
        count(*) FILTER (result.is_uncounted) AS n_uncounted,
        count(*) FILTER (result.is_earlier AND result.is_usable) AS n_earlier,
        count(*) FILTER (result.is_baseline AND result.is_usable) AS n_baseline,
        count(*) FILTER (result.is_baseline AND result.is_usable AND baseline_year.is_used) AS n_common
    FROM question
    CROSS JOIN mart.school AS school
    LEFT JOIN mart.school_key_stage AS with_results
        ON with_results.school_id = school.school_id
        AND with_results.key_stage = question.key_stage
    LEFT JOIN mart.exposure AS member
        ON member.programme = question.programme AND member.school_id = school.school_id AND member.is_outcome
    LEFT JOIN evaluated ON evaluated.school_id = school.school_id
    LEFT JOIN match
        ON match.programme = question.programme
        AND match.measure = question.measure
        AND match.school_id = school.school_id
    LEFT JOIN with_row ON with_row.school_id = school.school_id AND with_row.key_stage = question.key_stage
    LEFT JOIN result
        ON result.school_id = school.school_id
        AND result.measure = question.measure
        AND result.pupil_group = question.pupil_group
    LEFT JOIN impact.baseline_year AS baseline_year
        ON baseline_year.programme = question.programme
        AND baseline_year.measure = question.measure
        AND baseline_year.academic_year = result.academic_year
    GROUP BY ALL
),

-- An open school with earlier results and none this year has lost them, so it is listed.
candidate AS (
    SELECT *, has_results OR (is_open AND n_earlier > 0) AS has_key_stage
    FROM standing
)

SELECT
    programme,
    measure,
    key_stage,
    pupil_group,
    school_id,
    is_programme,
    is_local AND is_compared_kind AND has_key_stage AS is_in_scope,
    CASE
        WHEN is_programme AND NOT is_local THEN 'outside_authority'
        WHEN school_kind = 'special' THEN 'special_school'
        WHEN school_kind = 'alternative' THEN 'alternative_provision'
        WHEN school_kind = 'independent' THEN 'independent_school'
        WHEN NOT is_compared_kind THEN 'not_mainstream_school'
        WHEN standing = 'not_started' THEN 'not_started'
        WHEN standing = 'left' THEN 'left_before_tests'
        WHEN NOT has_row AND NOT teaches_key_stage THEN 'not_taught'
        WHEN n_outcome = 0 AND is_awaited THEN 'not_yet_published'
        WHEN NOT has_row THEN 'not_in_files'
        WHEN n_outcome = 0 AND n_withheld > 0 THEN 'withheld_when_published'
        WHEN n_outcome = 0 AND n_uncounted > 0 THEN 'no_pupil_count'
        WHEN n_outcome = 0 THEN 'no_result'
        WHEN n_earlier = 0 THEN 'no_earlier_result'
        WHEN n_baseline = 0 THEN 'programme_in_earlier_years'
        WHEN n_common = 0 THEN 'no_common_year'
        WHEN is_programme OR NOT is_matched OR is_like_in_results THEN 'compared'
        WHEN is_evaluated THEN 'in_evaluated_programme'
        WHEN NOT is_like_in_results THEN 'alike_in_make_up_only'
        ELSE 'not_among_most_similar'
    END AS reason
FROM candidate
WHERE is_programme OR (has_key_stage AND is_local <> is_matched AND (is_local OR is_compared_kind))
ORDER BY programme, measure, school_id
