-- Consent as it stands in the file today: withdrawn is no consent.
SELECT
    statements.programme,
    CASE statements.attribution
        WHEN 'NAME' THEN coalesce(statements.role || ', ', '') || school.school_name
        WHEN 'ROLE' THEN coalesce(statements.role, 'A member of staff')
        ELSE 'A school'
    END AS attribution,
    statements.theme,
    lower(statements.tone) AS tone,
    statements.quote
FROM raw.statements
JOIN mart.school_urn AS school_urn USING (urn)
JOIN mart.school AS school USING (school_id)
WHERE statements.consent = 'YES'
ORDER BY statements.programme, statements.tone, statements.row_number
