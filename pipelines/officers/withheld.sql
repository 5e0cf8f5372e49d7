-- The averages that the public tables withhold, with their values.
SELECT
    public.programme,
    public.measure,
    public.pupil_group,
    public.arm,
    public.academic_year,
    public.release_status,
    public.unit,
    any_value(asked.label) AS label,
    any_value(measure.decimals) AS decimals,
    exact.n_schools,
    exact.n_pupils,
    exact.mean
FROM released.comparison AS public
JOIN impact.comparison AS exact USING (programme, arm, pupil_group, measure, academic_year, release_status)
JOIN protocol.programme_measure AS asked USING (measure)
JOIN protocol.measure AS measure USING (measure)
WHERE public.figure_status = 'suppressed'
GROUP BY ALL
ORDER BY ALL
