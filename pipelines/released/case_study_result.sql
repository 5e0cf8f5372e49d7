-- Every year of the study, with a figure or without, so that no row tells by its absence. A school is shown in all its
-- years or in none, rounded to what one pupil could move it by; how many pupils it had is said where it is public.
WITH told AS (
    SELECT DISTINCT programme, school_id, measure, pupil_group, unit
    FROM impact.case_study_result
)

SELECT
    told.school_id,
    told.programme,
    told.measure,
    told.pupil_group,
    told.unit,
    year.academic_year,
    result.release_status,
    shown.school_id IS NULL AS suppressed,
    CASE WHEN NOT suppressed AND is_public(told.measure) THEN result.n_pupils END AS n_pupils,
    CASE WHEN NOT suppressed AND is_public(told.measure) THEN result.n_meeting END AS n_meeting,
    CASE WHEN NOT suppressed THEN CASE WHEN is_public(told.measure) THEN result.mean ELSE to_step(result.mean, shown.step) END END
        AS mean,
    CASE WHEN NOT suppressed AND is_public(told.measure) THEN result.ci_low END AS ci_low,
    CASE WHEN NOT suppressed AND is_public(told.measure) THEN result.ci_high END AS ci_high
FROM told
CROSS JOIN protocol.study_year AS year
LEFT JOIN impact.case_study_result AS result
    ON result.programme = told.programme
    AND result.school_id = told.school_id
    AND result.measure = told.measure
    AND result.academic_year = year.academic_year
LEFT JOIN temp.school_shown AS shown
    ON shown.school_id = told.school_id
    AND shown.measure = told.measure
    AND shown.pupil_group = told.pupil_group
ORDER BY told.programme, told.school_id, told.measure, year.academic_year
