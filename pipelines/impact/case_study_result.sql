-- Every local mainstream school's results on a primary measure, for the spread of pupils within schools; and
-- which of them are of a compared school whose case study is told.
SELECT
    asked.programme,
    outcome.school_id,
    outcome.measure,
    outcome.pupil_group,
    outcome.academic_year,
    outcome.release_status,
    asked.unit,
    about.counts_pupils,
    CAST(outcome.n_pupils AS BIGINT) AS n_pupils,
    outcome.mean,
    outcome.variance,
    told.school_id IS NOT NULL AS is_told
FROM mart.outcome AS outcome
JOIN protocol.programme_measure AS asked ON asked.measure = outcome.measure AND asked.is_primary
JOIN protocol.measure AS about ON about.measure = outcome.measure
JOIN protocol.programme AS programme
    ON programme.programme = asked.programme AND programme.target_group = outcome.pupil_group
LEFT JOIN impact.compared_school AS compared
    ON compared.programme = asked.programme
    AND compared.measure = outcome.measure
    AND compared.school_id = outcome.school_id
    AND compared.reason = 'compared'
LEFT JOIN mart.case_study AS told
    ON told.programme = compared.programme AND told.school_id = compared.school_id
WHERE outcome.is_local AND outcome.is_compared_kind AND outcome.value_status = 'value' AND outcome.n_pupils > 0
ORDER BY asked.programme, outcome.measure, outcome.academic_year, outcome.school_id
