-- One place a spelling.
SELECT
    source_id,
    min(row_number) AS row_number,
    {column} || CASE WHEN count(DISTINCT row_number) > 1 THEN ' (in ' || count(DISTINCT row_number) || ' rows)' ELSE '' END
        AS found
FROM {table}
WHERE spelling_key({column}) NOT IN (SELECT spelling_key FROM protocol.school_type)
GROUP BY source_id, {column}
