SELECT
    school.school_name,
    case_studies.programme,
    case_studies.context,
    case_studies.support_received AS support,
    case_studies.statement
FROM raw.case_studies
JOIN mart.school_urn AS school_urn USING (urn)
JOIN mart.school AS school USING (school_id)
WHERE case_studies.consent = 'YES'
ORDER BY school.school_name, case_studies.programme
