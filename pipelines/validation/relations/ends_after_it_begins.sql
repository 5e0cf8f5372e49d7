SELECT source_id, row_number, {column} AS found
FROM {table}
WHERE {column} < {first_day}
