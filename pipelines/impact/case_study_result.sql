-- Every local mainstream school's results on a primary measure, for the variance of pupils within schools, with a flag
-- for compared schools that have a case study.
SELECT
    primary_measure.programme,
    outcome.school_id,
    outcome.measure,
    outcome.pupil_group,
    outcome.academic_year,
    outcome.release_status,
    primary_measure.unit,
    about.counts_pupils,
    CAST(outcome.n_pupils AS BIGINT) AS n_pupils,
    outcome.mean,
    outcome.variance,
    case_study.school_id IS NOT NULL AS has_case_study
FROM mart.outcome AS outcome
JOIN protocol.programme_measure AS primary_measure
    ON primary_measure.measure = outcome.measure AND primary_measure.is_primary
JOIN protocol.measure AS about ON about.measure = outcome.measure
JOIN protocol.programme AS programme
    ON programme.programme = primary_measure.programme AND programme.target_group = outcome.pupil_group
LEFT JOIN impact.compared_school AS compared
    ON compared.programme = primary_measure.programme
    AND compared.measure = outcome.measure
    AND compared.school_id = outcome.school_id
    AND compared.reason = 'compared'
LEFT JOIN mart.case_study AS case_study
    ON case_study.programme = compared.programme AND case_study.school_id = compared.school_id
WHERE outcome.is_local AND outcome.is_compared_kind AND outcome.value_status = 'value' AND outcome.n_pupils > 0
ORDER BY primary_measure.programme, outcome.measure, outcome.academic_year, outcome.school_id
