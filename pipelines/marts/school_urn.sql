-- URNs resolved to a school, for joining files. `school_identity` gives the reasons.
SELECT urn, school_id, standing_urn, laestab
FROM mart.school_identity
WHERE school_id IS NOT NULL
ORDER BY urn
