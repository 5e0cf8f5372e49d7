SELECT
    source_id,
    min(row_number) AS row_number,
    'the school ' || {column} || ' in rows ' || array_to_string(list(DISTINCT row_number ORDER BY row_number), ', ')
        AS found
FROM {table}
WHERE {column} IS NOT NULL
GROUP BY source_id, {column}
HAVING count(DISTINCT row_number) > 1
