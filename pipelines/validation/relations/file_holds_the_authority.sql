WITH located AS (
    -- A LAESTAB begins with the authority's number.
    SELECT source_id, CASE WHEN {column} > 999 THEN {column} // 10000 ELSE {column} END AS authority
    FROM {table}
    WHERE {column} IS NOT NULL
)

SELECT
    located.source_id,
    CAST(NULL AS BIGINT) AS row_number,
    CASE count(DISTINCT located.authority)
        WHEN 1 THEN 'schools of authority ' || min(located.authority) || ' alone'
        ELSE 'schools of ' || count(DISTINCT located.authority) || ' other authorities, one of them '
            || min(located.authority)
    END AS found,
    'schools of authority ' || any_value(study.local_authority) AS expected
FROM located
CROSS JOIN protocol.study AS study
GROUP BY located.source_id
HAVING NOT bool_or(located.authority = study.local_authority)
