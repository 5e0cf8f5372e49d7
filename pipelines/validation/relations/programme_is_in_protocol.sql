SELECT
    source_id,
    row_number,
    programme AS found,
    'the id of a [[programme]]: '
    || (SELECT string_agg(programme, ' or ' ORDER BY protocol_order) FROM protocol.programme) AS expected
FROM {table}
WHERE programme NOT IN (SELECT programme FROM protocol.programme)
