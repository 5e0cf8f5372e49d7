-- Characteristics of each mainstream school before the programme, for matching and balance. They use no result of the
-- outcome year, only whether there is one.
WITH question AS (
    SELECT DISTINCT measure.measure, measure.key_stage, programme.target_group AS pupil_group
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
),

-- Subtract each year's mean, or a school without a result in an easy year would look weak.
result AS (
    SELECT
        outcome.measure,
        outcome.pupil_group,
        outcome.school_id,
        outcome.is_outcome,
        outcome.is_baseline,
        outcome.mean - avg(outcome.mean) OVER (
            PARTITION BY outcome.measure, outcome.pupil_group, outcome.academic_year
        ) AS above_year
    FROM mart.outcome AS outcome
    WHERE outcome.value_status = 'value' AND outcome.n_pupils > 0 AND outcome.is_compared_kind
),

target AS (
    SELECT
        measure,
        pupil_group,
        school_id,
        count(*) FILTER (is_baseline) AS n_baseline_years,
        avg(above_year) FILTER (is_baseline) AS result_before,
        bool_or(is_outcome) AS has_outcome
    FROM result
    GROUP BY measure, pupil_group, school_id
),

-- Cohorts count pupils with a result. A school without a cell of disadvantaged pupils has none, unless their number was
-- suppressed, or no file of that year covers them.
cohort AS (
    SELECT
        measure,
        school_id,
        is_local,
        max(n_pupils) FILTER (pupil_group = 'all' AND value_status = 'value') AS n_all,
        CASE
            WHEN bool_or(pupil_group = 'disadvantaged' AND n_pupils IS NULL) THEN NULL
            WHEN (measure, academic_year) IN (
                SELECT (measure, academic_year) FROM mart.outcome WHERE pupil_group = 'disadvantaged'
            )
                THEN coalesce(max(n_pupils) FILTER (pupil_group = 'disadvantaged'), 0)
        END AS n_disadvantaged
    FROM mart.outcome
    WHERE is_baseline AND is_compared_kind
    GROUP BY measure, school_id, is_local, academic_year
    HAVING n_all > 0
),

make_up AS (
    SELECT
        measure,
        school_id,
        is_local,
        CAST(sum(n_all) AS BIGINT) AS n_pupils,
        avg(n_all) AS cohort_pupils,
        sum(n_disadvantaged) / sum(n_all) FILTER (n_disadvantaged IS NOT NULL) AS disadvantaged_share
    FROM cohort
    GROUP BY measure, school_id, is_local
)

SELECT
    question.measure,
    question.key_stage,
    question.pupil_group,
    make_up.school_id,
    make_up.is_local,
    make_up.n_pupils,
    make_up.cohort_pupils,
    make_up.disadvantaged_share,
    target.result_before,
    coalesce(target.n_baseline_years, 0) AS n_baseline_years,
    coalesce(target.has_outcome, false) AS has_outcome
FROM question
JOIN make_up USING (measure)
LEFT JOIN target
    ON target.measure = question.measure
    AND target.pupil_group = question.pupil_group
    AND target.school_id = make_up.school_id
ORDER BY question.measure, question.pupil_group, make_up.school_id
