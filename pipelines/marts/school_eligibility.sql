-- A school is eligible if one criterion is met; it is unknown if none is and one is not known.
SELECT
    eligibility.programme,
    school_urn.school_id,
    CASE
        WHEN bool_or(eligibility.met = 'YES') THEN 'YES'
        WHEN bool_or(eligibility.met = 'UNKNOWN') THEN 'UNKNOWN'
        ELSE 'NO'
    END AS eligible
FROM raw.eligibility AS eligibility
JOIN mart.school_urn AS school_urn USING (urn)
GROUP BY eligibility.programme, school_urn.school_id
ORDER BY eligibility.programme, school_urn.school_id
