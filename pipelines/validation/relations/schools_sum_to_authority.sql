-- For files with one authority's schools and its total. The total excludes independent schools.
WITH counted AS (
    SELECT DISTINCT source_id, row_number, level, laestab, school_type, pupil_group, measure, column_name, {column} AS n_pupils
    FROM {table}
    WHERE level <> 'nation'
),

summed AS (
    SELECT
        source_id,
        pupil_group,
        min(column_name) AS heading,
        min(row_number) FILTER (level = 'authority') AS row_number,
        min(n_pupils) FILTER (level = 'authority') AS n_authority,
        sum(n_pupils) FILTER (
            level <> 'authority'
            AND coalesce(spelling_key(school_type) NOT IN (
                SELECT spelling_key FROM protocol.school_type WHERE school_kind = 'independent'
            ) AND spelling_key(school_type) NOT IN ('indss', 'indspec', 'indsps'), true)
        ) AS n_schools
    FROM counted
    GROUP BY source_id, pupil_group, measure
    HAVING count(*) FILTER (level = 'authority') = 1 AND count(DISTINCT laestab // 10000) = 1
)

SELECT
    source_id,
    row_number,
    min(heading) AS heading,
    CAST(n_schools AS BIGINT) || ' pupils in the schools'' rows' AS found,
    n_authority || ' pupils, give or take 5%' AS expected
FROM summed
WHERE abs(n_schools - n_authority) > greatest(0.05 * n_authority, 5)
GROUP BY source_id, row_number, pupil_group, n_schools, n_authority
