-- The cells comparisons are made of: the years of the study, and for each key stage and year the one release that
-- is used. Of local schools everything; of mainstream schools elsewhere what a programme with a
-- matched pool asks about them.
WITH in_use AS (
    SELECT cell.*
    FROM mart.cell AS cell
    JOIN protocol.result_release AS release USING (key_stage, academic_year, release_status)
    WHERE release.is_used
),

-- The pupils it is about, their schoolmates, and who makes up the cohort.
asked_of_others AS (
    SELECT DISTINCT
        measure.measure,
        unnest([programme.target_group, 'all', 'disadvantaged', 'not_disadvantaged']) AS pupil_group
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
    WHERE programme.comparison_pool = 'matched'
)

SELECT
    in_use.*,
    school.is_special,
    school.is_local,
    coalesce(arm.arm, 'outside') AS arm,
    study_year.is_outcome
FROM in_use
JOIN mart.school AS school USING (school_id)
JOIN protocol.study_year AS study_year USING (academic_year)
LEFT JOIN mart.arm AS arm USING (school_id)
LEFT JOIN asked_of_others
    ON asked_of_others.measure = in_use.measure
    AND asked_of_others.pupil_group = in_use.pupil_group
WHERE school.is_local OR (asked_of_others.measure IS NOT NULL AND NOT school.is_special)
ORDER BY in_use.school_id, in_use.academic_year, in_use.pupil_group, in_use.measure
