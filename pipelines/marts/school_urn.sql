-- A converter keeps its LAESTAB, a merged school does not: links lead from a closed URN to the school
-- that took its pupils, and the school is known by the LAESTAB of the last one in the chain.
WITH RECURSIVE published AS (
    SELECT urn, max_by(laestab, academic_year) AS laestab
    FROM raw.published_outcome
    WHERE urn IS NOT NULL AND laestab IS NOT NULL
    GROUP BY urn
),

known AS (
    SELECT urn, la_code * 10000 + establishment_number AS laestab
    FROM raw.school_register
    WHERE establishment_number IS NOT NULL
    UNION ALL
    SELECT urn, laestab
    FROM published
    WHERE urn NOT IN (SELECT urn FROM raw.school_register)
),

-- A split has several successors and is no continuation of one school.
link AS (
    SELECT DISTINCT
        CASE WHEN link_type ILIKE 'Successor%' THEN urn ELSE link_urn END AS from_urn,
        CASE WHEN link_type ILIKE 'Successor%' THEN link_urn ELSE urn END AS to_urn
    FROM raw.school_links
    WHERE (link_type ILIKE 'Successor%' OR link_type ILIKE 'Predecessor%') AND link_type NOT ILIKE '%split%'
),

step (urn, reached, n_steps) AS (
    SELECT urn, urn, 0
    FROM known
    UNION ALL
    SELECT step.urn, link.to_urn, step.n_steps + 1
    FROM step
    JOIN link ON link.from_urn = step.reached
    WHERE step.n_steps < 20 AND link.to_urn IN (SELECT urn FROM known)
),

last_step AS (
    SELECT urn, arg_max(reached, (n_steps, -reached)) AS last_urn
    FROM step
    GROUP BY urn
)

SELECT
    known.urn,
    last_known.laestab AS school_id,
    known.laestab,
    CASE
        WHEN known.laestab <> last_known.laestab THEN 'successor_link'
        WHEN count(*) OVER (PARTITION BY known.laestab) > 1 THEN 'same_laestab'
        ELSE 'own_laestab'
    END AS evidence
FROM known
JOIN last_step ON last_step.urn = known.urn
JOIN known AS last_known ON last_known.urn = last_step.last_urn
ORDER BY known.urn
