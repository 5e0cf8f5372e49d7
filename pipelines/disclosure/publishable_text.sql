-- A fingerprint of each school's own words that may be published today, with all that is shown beside them: who is
-- said to have given them, and as what. It changes with the words and with the consent.
WITH given AS (
    SELECT source_id, row_number, consent, 'statement' AS kind, programme, urn, [attribution, role, theme, tone, quote] AS shown
    FROM raw.statements
    UNION ALL
    SELECT source_id, row_number, consent, 'case study', programme, urn, [context, support_received, statement]
    FROM raw.case_studies
    UNION ALL
    -- What a school received is told with its case study, or not at all.
    SELECT
        received.source_id, received.row_number, 'YES', 'support', received.programme, received.urn,
        [CAST(received.from_date AS VARCHAR), CAST(received.until_date AS VARCHAR), received.support]
    FROM raw.case_study_support AS received
    JOIN mart.school_urn AS school_urn USING (urn)
    SEMI JOIN mart.case_study AS told
        ON told.programme = received.programme AND told.school_id = school_urn.school_id
    UNION ALL
    SELECT source_id, row_number, consent, 'evaluation', programme, urn, [free_text]
    FROM raw.evaluations
)

SELECT DISTINCT
    sha256(
        concat_ws(
            chr(31),
            given.kind,
            given.programme,
            given.urn,
            array_to_string([coalesce(part, '') FOR part IN given.shown], chr(31))
        )
    ) AS text_sha256
FROM given
JOIN mart.text_review AS review USING (source_id, row_number)
WHERE given.consent = 'YES' AND review.decision IN ('passes', 'reviewed')
ORDER BY ALL
