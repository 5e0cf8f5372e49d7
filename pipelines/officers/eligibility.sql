-- The evidence on each eligibility criterion, as assessed at the time of the bid.
SELECT
    eligibility.programme,
    school.school_name || ' (' || school.urn || ')' AS "School (URN)",
    eligibility.criterion AS "Criterion",
    lower(eligibility.met) AS "Met",
    eligibility.evidence AS "Evidence",
    eligibility.judged_on AS "Judged on"
FROM raw.eligibility
JOIN mart.school_urn AS school_urn USING (urn)
JOIN mart.school AS school USING (school_id)
ORDER BY school.school_name, school.urn, eligibility.criterion
