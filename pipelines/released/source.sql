SELECT
    source.source_id AS file,
    source.kind,
    source.academic_year,
    source.release_status,
    release.is_used,
    source.publisher,
    publishable_text(source.licence) AS licence,
    source.n_rows_in,
    source.n_rows_kept,
    source.n_rows_set_aside,
    source.sha256
FROM raw.source AS source
LEFT JOIN protocol.result_release AS release
    ON source.kind IN (release.key_stage || '_pupils', release.key_stage || '_schools')
    AND release.academic_year = source.academic_year
    AND release.release_status = source.release_status
ORDER BY source.kind, source.academic_year, release.finality, file
