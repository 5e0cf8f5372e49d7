-- Schools and pupils that each comparison keeps or loses, by side and reason, with their mean result in the last
-- outcome year, so that lost and kept schools can be compared. Special schools, schools elsewhere and schools without the key
-- stage could never be compared: they are listed as out of scope.
SELECT
    compared.programme,
    compared.measure,
    compared.key_stage,
    compared.pupil_group,
    CASE WHEN compared.is_programme THEN 'programme' ELSE 'comparison' END AS side,
    compared.reason = 'compared' AS is_kept,
    compared.is_in_scope,
    compared.reason,
    count(*) AS n_schools,
    count(everyone.school_id) AS n_schools_with_result,
    CAST(coalesce(sum(everyone.n_pupils), 0) AS BIGINT) AS n_pupils,
    sum(everyone.n_pupils * everyone.mean) / sum(everyone.n_pupils) AS mean
FROM impact.compared_school AS compared
LEFT JOIN mart.outcome AS everyone
    ON everyone.school_id = compared.school_id
    AND everyone.measure = compared.measure
    AND everyone.pupil_group = 'all'
    AND everyone.is_last
    AND everyone.value_status = 'value'
    AND everyone.n_pupils > 0
GROUP BY
    compared.programme,
    compared.measure,
    compared.key_stage,
    compared.pupil_group,
    compared.is_programme,
    compared.is_in_scope,
    compared.reason
ORDER BY compared.programme, compared.measure, compared.is_programme DESC, compared.reason
