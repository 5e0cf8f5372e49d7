-- Warns if enrolled schools fall by more than a tenth and by two or more. Schools are matched by LAESTAB,
-- because a new academy has a new URN.
WITH listed AS (
    SELECT source_id, academic_year, urn, laestab AS school FROM pupils.ks2_pupils
    UNION
    SELECT source_id, academic_year, urn, laestab FROM pupils.ks4_pupils
    UNION
    SELECT source_id, academic_year, urn, laestab FROM raw.published_outcome
    UNION
    SELECT source_id, academic_year, urn, urn FROM raw.school_census
),

enrolled AS (
    SELECT DISTINCT school FROM listed WHERE urn IN (SELECT {column} FROM {table})
),

file AS (
    SELECT
        listed.source_id,
        source.kind,
        listed.academic_year,
        count(DISTINCT enrolled.school) AS n_enrolled
    FROM listed
    JOIN raw.source AS source USING (source_id)
    LEFT JOIN enrolled USING (school)
    GROUP BY ALL
),

-- If there are several files of the year before, take the one with the fewest enrolled schools.
compared AS (
    SELECT file.*, before.source_id AS before_id, before.n_enrolled AS enrolled_before
    FROM file
    JOIN file AS before ON before.kind = file.kind AND before.academic_year = (
        SELECT max(earlier.academic_year) FROM file AS earlier
        WHERE earlier.kind = file.kind AND earlier.academic_year < file.academic_year
    )
    QUALIFY row_number() OVER (PARTITION BY file.source_id ORDER BY before.n_enrolled, before.source_id) = 1
)

SELECT
    source_id,
    CAST(NULL AS BIGINT) AS row_number,
    CAST(NULL AS VARCHAR) AS heading,
    'enrolled schools: ' || n_enrolled AS found,
    'about ' || enrolled_before || ', as in ' || before_id AS expected
FROM compared
WHERE n_enrolled < 0.9 * enrolled_before AND enrolled_before - n_enrolled >= 2
