-- A school's name may stand beside its URN: it helps whoever fills in the list.
SELECT
    source_id,
    CAST(NULL AS BIGINT) AS row_number,
    string_agg(heading, ', ' ORDER BY unread_column.rowid) AS heading,
    count(*) || CASE WHEN count(*) = 1 THEN ' column' ELSE ' columns' END || ' nobody reads' AS found
FROM raw.unread_column
JOIN raw.source USING (source_id)
WHERE
    '{table}' = 'raw.' || kind
    AND NOT regexp_full_match(lower(heading), '(name of )?(the )?(school|establishment)?[ _]?(name)?')
GROUP BY source_id
