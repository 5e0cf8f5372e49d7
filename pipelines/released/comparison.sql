-- Figures of `disclosure/public_total.sql`; public results keep their own intervals.
SELECT
    exact.programme,
    exact.arm,
    exact.pupil_group,
    exact.measure,
    exact.academic_year,
    exact.release_status,
    total.n_schools,
    total.n_schools_left_out,
    total.n_pupils,
    total.n_meeting,
    total.mean,
    CASE WHEN is_public(exact.measure) THEN exact.ci_low ELSE total.ci_low END AS ci_low,
    CASE WHEN is_public(exact.measure) THEN exact.ci_high ELSE total.ci_high END AS ci_high,
    total.figure_status,
    declared.unit
FROM impact.comparison AS exact
JOIN temp.public_total AS total USING (programme, arm, pupil_group, measure, academic_year, release_status)
JOIN protocol.measure AS declared USING (measure)
ORDER BY exact.rowid
