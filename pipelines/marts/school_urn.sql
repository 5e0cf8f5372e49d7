-- The URNs that are known to be of a school, for files to be joined by. Why each is, `school_identity` says.
SELECT urn, school_id, standing_urn, laestab
FROM mart.school_identity
WHERE school_id IS NOT NULL
ORDER BY urn
