-- Places of texts that are not published until a person has reviewed them. The texts themselves may name a pupil, so
-- they are not selected.
SELECT
    source_id AS "File",
    row_number AS "Row",
    programme.title AS "Programme",
    review.reasons AS "May hold",
    review.text_fingerprint AS "Fingerprint, for reviewed_text",
    CASE review.decision WHEN 'changed' THEN 'changed since ' || review.reviewed_by || ' read it' ELSE 'not read yet' END
        AS "State"
FROM mart.text_review AS review
LEFT JOIN protocol.programme AS programme USING (programme)
WHERE review.decision IN ('held', 'changed')
ORDER BY source_id, row_number
