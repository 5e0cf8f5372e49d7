SELECT
    source_id AS file,
    kind,
    academic_year,
    release_status,
    publisher,
    n_rows_in,
    n_rows_kept,
    n_rows_set_aside,
    sha256
FROM raw.source
ORDER BY kind, academic_year, file
