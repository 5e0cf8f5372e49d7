-- Enrolled schools, on the primary measure of each key stage, or on its first measure if none is primary.
WITH primary_measure AS (
    SELECT programme, key_stage, measure
    FROM protocol.programme_measure
    QUALIFY row_number() OVER (PARTITION BY programme, key_stage ORDER BY is_primary DESC, protocol_order) = 1
)

SELECT compared.programme, compared.key_stage, compared.reason, count(*) AS n_schools
FROM impact.compared_school AS compared
JOIN primary_measure USING (programme, key_stage, measure)
WHERE compared.is_programme
GROUP BY ALL
ORDER BY compared.programme, compared.key_stage, n_schools DESC, compared.reason
