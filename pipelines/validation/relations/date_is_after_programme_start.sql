SELECT dated.source_id, dated.row_number, dated.{column} AS found, programme.starts || ' or later' AS expected
FROM {table} AS dated
JOIN protocol.programme AS programme USING (programme)
WHERE dated.{column} < programme.starts
