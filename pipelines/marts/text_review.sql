-- What schools agreed to have published, judged record by record; the words stay in the raw tables.
WITH known AS (
    SELECT coalesce(list(name ORDER BY name), []) AS names
    FROM (
        SELECT school_name AS name FROM mart.school
        UNION
        SELECT title FROM protocol.programme
        UNION
        SELECT priority FROM protocol.programme
        UNION
        SELECT local_authority_name FROM protocol.study
    ) AS named
    WHERE name IS NOT NULL
),

agreed AS (
    SELECT
        'statements' AS kind, source_id, row_number, programme, reviewed_by, reviewed_on, reviewed_text,
        concat_ws(chr(10), role, theme, quote) AS words
    FROM raw.statements
    WHERE consent = 'YES'
    UNION ALL BY NAME
    SELECT
        'case_studies' AS kind, source_id, row_number, programme, reviewed_by, reviewed_on, reviewed_text,
        concat_ws(chr(10), context, support_received, statement) AS words
    FROM raw.case_studies
    WHERE consent = 'YES'
    UNION ALL BY NAME
    -- What a school received is told with its case study, or not at all.
    SELECT
        'case_study_support' AS kind, received.source_id, received.row_number, received.programme,
        received.reviewed_by, received.reviewed_on, received.reviewed_text, received.support AS words
    FROM raw.case_study_support AS received
    SEMI JOIN raw.case_studies AS told
        ON told.programme = received.programme AND told.urn = received.urn AND told.consent = 'YES'
    UNION ALL BY NAME
    SELECT
        'evaluations' AS kind, source_id, row_number, programme, reviewed_by, reviewed_on, reviewed_text,
        free_text AS words
    FROM raw.evaluations
    WHERE consent = 'YES' AND free_text IS NOT NULL
),

judged AS (
    SELECT
        agreed.*,
        -- Letters first: a spreadsheet would read 12e45 as a number.
        'text-' || left(sha256(agreed.words), 12) AS text_fingerprint,
        nullif(array_to_string(review_reasons(agreed.words, known.names), ', '), '') AS reasons
    FROM agreed
    CROSS JOIN known
)

SELECT
    kind,
    source_id,
    row_number,
    programme,
    text_fingerprint,
    reasons,
    CASE
        WHEN reasons IS NULL THEN 'passes'
        WHEN reviewed_by IS NULL OR reviewed_on IS NULL OR reviewed_text IS NULL THEN 'held'
        WHEN lower(reviewed_text) = text_fingerprint THEN 'reviewed'
        ELSE 'changed'
    END AS decision,
    reviewed_by,
    reviewed_on
FROM judged
ORDER BY kind, source_id, row_number
