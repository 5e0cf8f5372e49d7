-- Of the schools enrolled: on the primary measure of each key stage, or the first one where none is primary.
WITH asked AS (
    SELECT programme, key_stage, measure
    FROM protocol.programme_measure
    QUALIFY row_number() OVER (PARTITION BY programme, key_stage ORDER BY is_primary DESC, protocol_order) = 1
)

SELECT compared.programme, compared.key_stage, compared.reason, count(*) AS n_schools
FROM impact.compared_school AS compared
JOIN asked USING (programme, key_stage, measure)
WHERE compared.is_programme
GROUP BY ALL
ORDER BY compared.programme, compared.key_stage, n_schools DESC, compared.reason
