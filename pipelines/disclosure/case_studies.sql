SELECT
    school.school_name,
    case_studies.programme,
    publishable_text(case_studies.context) AS context,
    publishable_text(case_studies.support_received) AS support,
    publishable_text(case_studies.statement) AS statement
FROM raw.case_studies
JOIN mart.text_review AS review USING (source_id, row_number)
JOIN mart.school_urn AS school_urn USING (urn)
JOIN mart.school AS school USING (school_id)
WHERE case_studies.consent = 'YES' AND review.decision IN ('passes', 'reviewed')
ORDER BY school.school_name, case_studies.programme
