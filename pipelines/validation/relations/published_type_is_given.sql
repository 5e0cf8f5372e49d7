-- Mainstream schools of the authority (by record type) whose type is in neither the tables nor a register.
SELECT
    published.source_id,
    CAST(NULL AS BIGINT) AS row_number,
    count(DISTINCT published.urn)
    || CASE WHEN count(DISTINCT published.urn) = 1 THEN ' school' ELSE ' schools' END || ' without a type' AS found
FROM raw.published_outcome AS published
JOIN protocol.study AS study ON study.local_authority = published.laestab // 10000
WHERE
    published.level = 'mainstream_school'
    AND published.school_type IS NULL
    AND published.urn NOT IN (SELECT urn FROM {table})
GROUP BY published.source_id
