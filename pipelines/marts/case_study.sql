-- Consent as it stands in the file today, and words that nobody need read first or somebody has.
SELECT case_studies.programme, school_urn.school_id, case_studies.source_id, case_studies.row_number
FROM raw.case_studies
JOIN mart.text_review AS review USING (source_id, row_number)
JOIN mart.school_urn AS school_urn USING (urn)
WHERE case_studies.consent = 'YES' AND review.decision IN ('passes', 'reviewed')
ORDER BY case_studies.programme, school_urn.school_id
