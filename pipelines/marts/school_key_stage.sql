-- A figure suppressed because of few pupils still shows that the school had pupils at the key stage.
SELECT DISTINCT cell.school_id, cell.key_stage
FROM mart.cell AS cell
JOIN protocol.study_year AS study_year USING (academic_year)
WHERE study_year.is_outcome AND cell.pupil_group = 'all' AND cell.value_status IN ('value', 'suppressed')
ORDER BY cell.school_id, cell.key_stage
