-- The review decision for each text with consent; the texts themselves stay in the raw tables.
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
    -- Support is published with the school's case study or not at all.
    SELECT
        'case_study_support' AS kind, support.source_id, support.row_number, support.programme,
        support.reviewed_by, support.reviewed_on, support.reviewed_text, support.support AS words
    FROM raw.case_study_support AS support
    SEMI JOIN raw.case_studies AS case_study
        ON case_study.programme = support.programme AND case_study.urn = support.urn AND case_study.consent = 'YES'
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
        -- The prefix stops spreadsheets from reading 12e45 as a number.
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
