-- Uses current consent, so withdrawn statements disappear. `statement_rule` sets how many are shown.
SELECT
    statements.programme,
    CASE statements.attribution
        WHEN 'NAME' THEN coalesce(publishable_text(statements.role) || ', ', '') || school.school_name
        WHEN 'ROLE' THEN coalesce(publishable_text(statements.role), 'A member of staff')
        ELSE 'A school'
    END AS attribution,
    publishable_text(statements.theme) AS theme,
    rule.tone,
    publishable_text(statements.quote) AS quote
FROM raw.statements
JOIN mart.text_review AS review USING (source_id, row_number)
JOIN mart.school_urn AS school_urn USING (urn)
JOIN mart.school AS school USING (school_id)
JOIN released.statement_rule AS rule
    ON rule.programme = statements.programme AND rule.tone = coalesce(lower(statements.tone), 'not given')
CROSS JOIN protocol.study AS study
WHERE statements.consent = 'YES' AND review.decision IN ('passes', 'reviewed')
QUALIFY row_number() OVER (
    PARTITION BY statements.programme, rule.tone
    ORDER BY sha256(study.seed || '/' || review.text_fingerprint), statements.source_id, statements.row_number
) <= rule.n_shown
ORDER BY statements.programme, statements.tone, statements.row_number
