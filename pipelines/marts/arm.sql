-- Which evaluated programmes each local school is in: the programmes are estimated together, and shown apart.
WITH membership AS (
    SELECT
        programme_school.school_id,
        list(programme.programme ORDER BY programme.protocol_order) FILTER (programme.is_evaluated) AS evaluated,
        count(*) AS n_programmes
    FROM mart.programme_school AS programme_school
    JOIN protocol.programme AS programme USING (programme)
    GROUP BY programme_school.school_id
)

SELECT
    school.school_id,
    CASE coalesce(len(membership.evaluated), 0)
        WHEN 0 THEN 'neither'
        WHEN 1 THEN membership.evaluated[1] || '_only'
        WHEN 2 THEN CASE (SELECT count(*) FROM protocol.programme WHERE is_evaluated)
            WHEN 2 THEN 'both' ELSE array_to_string(membership.evaluated, '_and_') END
        ELSE array_to_string(membership.evaluated, '_and_')
    END AS arm,
    coalesce(len(membership.evaluated), 0) AS n_evaluated_programmes,
    coalesce(membership.n_programmes, 0) AS n_programmes
FROM mart.school AS school
LEFT JOIN membership USING (school_id)
WHERE school.is_local
ORDER BY school.school_id
