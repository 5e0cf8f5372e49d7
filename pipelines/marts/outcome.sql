-- The cells that comparisons use: the study's years, in the release in use for each key stage and year. Includes all
-- cells of local schools, and those that a matched comparison needs of mainstream schools elsewhere.
WITH in_use AS (
    SELECT cell.*
    FROM mart.cell AS cell
    JOIN protocol.result_release AS release USING (key_stage, academic_year, release_status)
    WHERE release.is_used
),

-- The target pupils, all pupils, and the groups that describe the cohort.
needed_elsewhere AS (
    SELECT DISTINCT
        measure.measure,
        unnest([programme.target_group, 'all', 'disadvantaged', 'not_disadvantaged']) AS pupil_group
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
    WHERE programme.comparison_pool = 'matched'
),

-- A year in which a programme was active in the school is not a baseline year.
touched AS (
    SELECT DISTINCT exposure.school_id, exposure.academic_year
    FROM mart.exposure AS exposure
    JOIN protocol.programme AS programme USING (programme)
    WHERE exposure.is_touched AND programme.is_evaluated
),

-- A school in an evaluated programme counts in the outcome years with the programme under way, unless there are none.
judged AS (
    SELECT
        exposure.school_id,
        exposure.academic_year,
        exposure.standing = 'under_way' AS is_under_way,
        bool_or(is_under_way AND study_year.is_outcome) OVER (PARTITION BY exposure.programme, exposure.school_id)
            AS is_ever_under_way
    FROM mart.exposure AS exposure
    JOIN protocol.programme AS programme USING (programme)
    JOIN protocol.study_year AS study_year USING (academic_year)
    WHERE programme.is_evaluated AND study_year.is_outcome
),

not_counted AS (
    SELECT DISTINCT school_id, academic_year FROM judged WHERE is_ever_under_way AND NOT is_under_way
)

SELECT
    in_use.*,
    school.is_compared_kind,
    school.is_local,
    coalesce(arm.arm, 'outside') AS arm,
    study_year.is_outcome AND not_counted.school_id IS NULL AS is_outcome,
    study_year.is_last,
    NOT study_year.is_outcome AND touched.school_id IS NULL AS is_baseline
FROM in_use
JOIN mart.school AS school USING (school_id)
JOIN protocol.study_year AS study_year USING (academic_year)
LEFT JOIN mart.arm AS arm USING (school_id)
LEFT JOIN touched
    ON touched.school_id = in_use.school_id AND touched.academic_year = in_use.academic_year
LEFT JOIN not_counted
    ON not_counted.school_id = in_use.school_id AND not_counted.academic_year = in_use.academic_year
LEFT JOIN needed_elsewhere
    ON needed_elsewhere.measure = in_use.measure
    AND needed_elsewhere.pupil_group = in_use.pupil_group
WHERE school.is_local OR (needed_elsewhere.measure IS NOT NULL AND school.is_compared_kind)
ORDER BY in_use.school_id, in_use.academic_year, in_use.pupil_group, in_use.measure
