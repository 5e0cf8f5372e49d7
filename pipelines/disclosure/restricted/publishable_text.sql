-- A fingerprint of each school's own words that may be published today, with all that is shown beside them: who is
-- said to have given them, and as what. It changes with the words and with the consent.
WITH given AS (
    SELECT source_id, row_number, consent, 'statement' AS kind, programme, urn, [attribution, role, theme, tone, quote] AS shown
    FROM raw.statements
    UNION ALL
    SELECT source_id, row_number, consent, 'case study', programme, urn, [context, support_received, statement]
    FROM raw.case_studies
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
