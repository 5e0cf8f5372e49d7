-- Every year of the study, with or without a figure, so that a missing row reveals nothing. A school is shown in all
-- years or none, rounded to what one pupil could change; its number of pupils is shown only if it is public.
WITH case_study_school AS (
    SELECT DISTINCT programme, school_id, measure, pupil_group, unit
    FROM impact.case_study_result
)

SELECT
    case_study_school.school_id,
    case_study_school.programme,
    case_study_school.measure,
    case_study_school.pupil_group,
    case_study_school.unit,
    year.academic_year,
    result.release_status,
    figure_status_of(shown.school_id IS NULL, result.mean) AS figure_status,
    CASE WHEN figure_status = 'shown' AND is_public(case_study_school.measure) THEN result.n_pupils END AS n_pupils,
    CASE WHEN figure_status = 'shown' AND is_public(case_study_school.measure) THEN result.n_meeting END AS n_meeting,
    CASE
        WHEN figure_status <> 'shown' THEN NULL
        WHEN is_public(case_study_school.measure) THEN result.mean
        ELSE to_step(result.mean, shown.step)
    END AS mean,
    CASE WHEN figure_status = 'shown' AND is_public(case_study_school.measure) THEN result.ci_low END AS ci_low,
    CASE WHEN figure_status = 'shown' AND is_public(case_study_school.measure) THEN result.ci_high END AS ci_high
FROM case_study_school
CROSS JOIN protocol.study_year AS year
LEFT JOIN impact.case_study_result AS result
    ON result.programme = case_study_school.programme
    AND result.school_id = case_study_school.school_id
    AND result.measure = case_study_school.measure
    AND result.academic_year = year.academic_year
LEFT JOIN temp.school_shown AS shown
    ON shown.school_id = case_study_school.school_id
    AND shown.measure = case_study_school.measure
    AND shown.pupil_group = case_study_school.pupil_group
ORDER BY case_study_school.programme, case_study_school.school_id, case_study_school.measure, year.academic_year
