-- Schools with current consent and a text that needs no review or has passed it.
SELECT case_studies.programme, school_urn.school_id, case_studies.source_id, case_studies.row_number
FROM raw.case_studies
JOIN mart.text_review AS review USING (source_id, row_number)
JOIN mart.school_urn AS school_urn USING (urn)
WHERE case_studies.consent = 'YES' AND review.decision IN ('passes', 'reviewed')
-- A merged school has one case study: that of its current URN, else the last in the file.
QUALIFY row_number() OVER (
    PARTITION BY case_studies.programme, school_urn.school_id
    ORDER BY case_studies.urn = school_urn.standing_urn DESC, case_studies.row_number DESC
) = 1
ORDER BY case_studies.programme, school_urn.school_id
