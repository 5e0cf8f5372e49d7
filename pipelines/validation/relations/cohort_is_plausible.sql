-- The largest schools in England have some 3,000 pupils on roll and some 700 in a year group.
SELECT
    source_id,
    row_number,
    min(column_name) AS heading,
    format('{:,} pupils in one year', {column}) AS found
FROM {table}
WHERE level LIKE '%school' AND measure IN (SELECT measure FROM protocol.measure WHERE is_in_use) AND {column} > 3000
GROUP BY source_id, row_number, {column}
