-- The checks made before any comparison. Blocking rules hold, or there would be no release. A warning that found
-- something has its own row.
SELECT
    judged,
    CAST(sum(n_rules) AS BIGINT) AS n_rules,
    CAST(NULL AS VARCHAR) AS problem,
    CAST(NULL AS BIGINT) AS n_places
FROM raw.check_result
GROUP BY judged
UNION ALL
SELECT
    judged,
    count(*) AS n_rules,
    problem,
    CAST(sum(n_broken) AS BIGINT) AS n_places
FROM raw.check_result
WHERE n_broken > 0
GROUP BY judged, problem
ORDER BY judged, problem NULLS FIRST
