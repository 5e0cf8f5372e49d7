-- The evaluated programmes that were under way in each local school on the test date. Programmes are estimated together
-- and shown separately. A school whose programmes had not started, or which had left them, is on neither side.
WITH membership AS (
    SELECT
        exposure.school_id,
        list(programme.programme ORDER BY programme.protocol_order)
            FILTER (programme.is_evaluated AND exposure.standing = 'under_way') AS under_way,
        count(*) FILTER (programme.is_evaluated) AS n_evaluated_programmes,
        count(*) AS n_programmes
    FROM mart.exposure AS exposure
    JOIN protocol.programme AS programme USING (programme)
    WHERE exposure.is_outcome
    GROUP BY exposure.school_id
)

SELECT
    school.school_id,
    CASE coalesce(len(membership.under_way), 0)
        WHEN 0 THEN CASE WHEN membership.n_evaluated_programmes > 0 THEN 'not_under_way' ELSE 'neither' END
        WHEN 1 THEN membership.under_way[1] || '_only'
        WHEN 2 THEN CASE (SELECT count(*) FROM protocol.programme WHERE is_evaluated)
            WHEN 2 THEN 'both' ELSE array_to_string(membership.under_way, '_and_') END
        ELSE array_to_string(membership.under_way, '_and_')
    END AS arm,
    coalesce(membership.n_evaluated_programmes, 0) AS n_evaluated_programmes,
    coalesce(membership.n_programmes, 0) AS n_programmes
FROM mart.school AS school
LEFT JOIN membership USING (school_id)
WHERE school.is_local
ORDER BY school.school_id
