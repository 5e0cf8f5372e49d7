-- Few schools have the same number of pupils in two years. If most do, one file is a copy of the other.
WITH pair AS (
    SELECT
        later.source_id,
        earlier.source_id AS earlier_id,
        count(*) AS n_schools,
        count(*) FILTER (later.{column} = earlier.{column}) AS n_same
    FROM {table} AS later
    JOIN {table} AS earlier USING (urn)
    WHERE later.academic_year > earlier.academic_year
    GROUP BY later.source_id, earlier.source_id
)

SELECT
    source_id,
    CAST(NULL AS BIGINT) AS row_number,
    CAST(NULL AS VARCHAR) AS heading,
    format('{:,} of {:,} schools as in ', n_same, n_schools) || earlier_id AS found
FROM pair
WHERE n_schools >= 10 AND n_same > 0.5 * n_schools
