-- A figure suppressed because of few pupils still shows that the school had pupils at the key stage.
SELECT DISTINCT cell.school_id, cell.key_stage
FROM mart.cell AS cell
JOIN protocol.study AS study ON study.outcome_year = cell.academic_year
WHERE cell.pupil_group = 'all' AND cell.value_status IN ('value', 'suppressed')
ORDER BY cell.school_id, cell.key_stage
