-- The schools of each programme: whether they are compared on its main measures, why not, and other records.
WITH standing AS (
    SELECT compared.programme, compared.school_id, compared.key_stage, comparison_reason.words AS reason
    FROM impact.compared_school AS compared
    JOIN protocol.comparison_reason USING (reason)
    JOIN protocol.programme_measure AS asked USING (programme, measure)
    WHERE asked.is_primary
),

form AS (
    SELECT evaluations.programme, school_urn.school_id, max(evaluations.submitted_on) AS returned_on
    FROM raw.evaluations
    JOIN mart.school_urn AS school_urn USING (urn)
    GROUP BY evaluations.programme, school_urn.school_id
)

SELECT
    member.programme,
    school.school_name || ' (' || school.urn || ')' AS "School (URN)",
    school.phase AS "Phase",
    member.start_date AS "Takes part from",
    any_value(standing.reason) FILTER (standing.key_stage = 'phonics') AS "Phonics",
    any_value(standing.reason) FILTER (standing.key_stage = 'ks1') AS "Key Stage 1",
    any_value(standing.reason) FILTER (standing.key_stage = 'ks2') AS "Key Stage 2",
    any_value(standing.reason) FILTER (standing.key_stage = 'ks4') AS "Key Stage 4",
    any_value(standing.reason) FILTER (standing.key_stage = 'attendance') AS "Attendance",
    CASE
        WHEN programme.eligible_share IS NULL THEN NULL
        ELSE CASE any_value(judged.eligible) WHEN 'YES' THEN 'yes' WHEN 'NO' THEN 'no' WHEN 'UNKNOWN' THEN 'not known'
            ELSE 'nothing on file' END
    END AS "Eligible",
    CASE
        WHEN programme.is_placebo OR (SELECT count(*) FROM raw.evaluations WHERE programme = member.programme) = 0 THEN NULL
        ELSE coalesce(strftime(any_value(form.returned_on), '%-d %B %Y'), 'not returned')
    END AS "Evaluation form"
FROM mart.programme_school AS member
JOIN protocol.programme AS programme USING (programme)
JOIN mart.school AS school USING (school_id)
LEFT JOIN standing ON standing.programme = member.programme AND standing.school_id = member.school_id
LEFT JOIN mart.school_eligibility AS judged
    ON judged.programme = member.programme AND judged.school_id = member.school_id
LEFT JOIN form ON form.programme = member.programme AND form.school_id = member.school_id
GROUP BY
    member.programme, school.school_id, school.school_name, school.urn, school.phase, member.start_date,
    programme.eligible_share, programme.is_placebo, programme.protocol_order
ORDER BY school.school_name, school.urn, programme.protocol_order
