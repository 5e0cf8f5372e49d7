-- Consent as it stands in the file today, and words that nobody need read first or somebody has.
SELECT case_studies.programme, school_urn.school_id, case_studies.source_id, case_studies.row_number
FROM raw.case_studies
JOIN mart.text_review AS review USING (source_id, row_number)
JOIN mart.school_urn AS school_urn USING (urn)
WHERE case_studies.consent = 'YES' AND review.decision IN ('passes', 'reviewed')
-- A school that was two tells one: under the number it has now, else the last in the file.
QUALIFY row_number() OVER (
    PARTITION BY case_studies.programme, school_urn.school_id
    ORDER BY case_studies.urn = school_urn.standing_urn DESC, case_studies.row_number DESC
) = 1
ORDER BY case_studies.programme, school_urn.school_id
