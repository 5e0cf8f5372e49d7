-- Warns if rows fall by more than a fifth and by ten or more, or schools by more than a tenth and by two or
-- more.
WITH file AS (
    SELECT
        source_id,
        source.kind,
        kept.academic_year,
        count(DISTINCT row_number) AS n_rows,
        count(DISTINCT {column}) AS n_schools
    FROM {table} AS kept
    JOIN raw.source AS source USING (source_id)
    GROUP BY ALL
),

-- If there are several files of the year before, take the shortest.
compared AS (
    SELECT
        file.*,
        before.source_id AS before_id,
        before.n_rows AS rows_before,
        before.n_schools AS schools_before
    FROM file
    JOIN file AS before ON before.kind = file.kind AND before.academic_year = (
        SELECT max(earlier.academic_year) FROM file AS earlier
        WHERE earlier.kind = file.kind AND earlier.academic_year < file.academic_year
    )
    QUALIFY row_number() OVER (PARTITION BY file.source_id ORDER BY before.n_rows, before.source_id) = 1
),

fall AS (
    SELECT source_id, before_id, 'rows' AS what, n_rows AS n_now, rows_before AS n_before, 0.8 AS least, 10 AS fewest
    FROM compared
    UNION ALL
    SELECT source_id, before_id, 'schools', n_schools, schools_before, 0.9, 2 FROM compared
)

SELECT
    source_id,
    CAST(NULL AS BIGINT) AS row_number,
    CAST(NULL AS VARCHAR) AS heading,
    string_agg(format('{}: {:,}', what, n_now), ', ' ORDER BY what) AS found,
    string_agg(format('{}: about {:,}', what, n_before), ', ' ORDER BY what) || ', as in ' || before_id AS expected
FROM fall
WHERE n_now < least * n_before AND n_before - n_now >= fewest
GROUP BY source_id, before_id
