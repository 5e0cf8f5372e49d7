-- Every file with its unused rows, by reason.
SELECT
    source.source_id AS "File",
    source.n_rows_in AS "Rows read",
    source.n_rows_kept AS "Rows used",
    set_aside.n_rows AS "Rows set aside",
    set_aside.reason AS "Why"
FROM raw.source
LEFT JOIN raw.set_aside USING (source_id)
ORDER BY source.source_id, set_aside.reason
