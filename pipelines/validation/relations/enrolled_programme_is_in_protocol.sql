SELECT source_id, row_number, programme AS found
FROM raw.enrolments
WHERE programme NOT IN (SELECT programme FROM protocol.programme)
