SELECT source_id, row_number, programme AS found
FROM {table}
WHERE programme NOT IN (SELECT programme FROM protocol.programme)
