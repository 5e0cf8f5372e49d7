WITH compared AS (
    SELECT compared.programme, compared.measure, compared.pupil_group, count(*) AS n_compared
    FROM impact.compared_school AS compared
    JOIN protocol.programme_measure AS programme_measure USING (programme, measure)
    WHERE compared.reason = 'compared' AND programme_measure.is_primary
    GROUP BY ALL
),

shown AS (
    SELECT programme, measure, pupil_group, count(*) AS n_shown
    FROM released.school_point
    GROUP BY ALL
)

SELECT
    compared.programme,
    compared.measure,
    compared.pupil_group,
    coalesce(shown.n_shown, 0) AS n_schools_shown,
    compared.n_compared - coalesce(shown.n_shown, 0) AS n_schools_withheld,
    CASE
        WHEN is_special_need(compared.pupil_group)
            THEN 'results of pupils with special educational needs are never shown by school'
        WHEN compared.n_compared > coalesce(shown.n_shown, 0)
            THEN 'few pupils in a year'
    END AS reason
FROM compared
LEFT JOIN shown USING (programme, measure, pupil_group)
ORDER BY compared.programme, compared.measure
