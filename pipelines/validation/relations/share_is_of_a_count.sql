SELECT
    source_id,
    row_number,
    column_name AS heading,
    raw_text || ' of ' || n_pupils || ' pupils' AS found
FROM {table}
WHERE
    measure IN (SELECT measure FROM protocol.measure WHERE counts_pupils)
    AND n_pupils > 0
    -- A hair more than half the last digit: a binary fraction of 0.5% is not 0.5%.
    AND abs(round({column} * n_pupils) / n_pupils - {column}) > half_width + 1e-9
