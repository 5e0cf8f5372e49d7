SELECT source_id, row_number, until_date AS found
FROM {table}
WHERE until_date < from_date
