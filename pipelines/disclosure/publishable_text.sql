-- A hash of each publishable text together with all that is printed beside it, such as attribution and role. It changes
-- with the text and with the consent.
WITH given AS (
    SELECT source_id, row_number, consent, 'statement' AS kind, programme, urn, [attribution, role, theme, tone, quote] AS shown
    FROM raw.statements
    UNION ALL
    SELECT source_id, row_number, consent, 'case study', programme, urn, [context, support_received, statement]
    FROM raw.case_studies
    UNION ALL
    -- Support is published with the school's case study or not at all.
    SELECT
        support.source_id, support.row_number, 'YES', 'support', support.programme, support.urn,
        [CAST(support.from_date AS VARCHAR), CAST(support.until_date AS VARCHAR), support.support]
    FROM raw.case_study_support AS support
    JOIN mart.school_urn AS school_urn USING (urn)
    SEMI JOIN mart.case_study AS case_study
        ON case_study.programme = support.programme AND case_study.school_id = school_urn.school_id
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
