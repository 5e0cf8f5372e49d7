-- One place per column: the first cell.
SELECT
    source_id,
    min(row_number) AS row_number,
    heading,
    count(*) || CASE WHEN count(*) = 1 THEN ' cell' ELSE ' cells' END || ' of the column' AS found
FROM raw.value_set_aside
WHERE table_name = '{table}'
GROUP BY source_id, heading
