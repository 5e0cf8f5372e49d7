-- One place per spelling. The group matters only if the row has no type, and for other authorities' schools
-- only if some programme is compared with them.
SELECT
    source_id,
    min(row_number) AS row_number,
    {column} || CASE WHEN count(DISTINCT row_number) > 1 THEN ' (in ' || count(DISTINCT row_number) || ' rows)' ELSE '' END
        AS found
FROM {table}
CROSS JOIN protocol.study AS study
WHERE
    spelling_key({column}) NOT IN (SELECT spelling_key FROM protocol.school_type) AND school_type IS NULL
    AND (
        coalesce(la_code = study.local_authority, true)
        OR EXISTS (FROM protocol.programme WHERE comparison_pool <> 'local')
    )
GROUP BY source_id, {column}
