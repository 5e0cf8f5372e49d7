SELECT
    source_id,
    min(row_number) AS row_number,
    count(*) || CASE count(*) WHEN 1 THEN ' row of authority ' ELSE ' rows of authority ' END || laestab // 10000 AS found,
    'LAESTABs of authority ' || any_value(study.local_authority) AS expected
FROM {table}
CROSS JOIN protocol.study AS study
WHERE {column} // 10000 <> study.local_authority
GROUP BY source_id, laestab // 10000
