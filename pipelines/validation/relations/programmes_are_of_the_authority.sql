-- If no school of the authority is in any file, file_holds_the_authority says so.
WITH listed AS (
    SELECT urn, la_code FROM raw.school_register
    UNION
    SELECT urn, laestab // 10000 FROM raw.published_outcome
    WHERE urn NOT IN (SELECT urn FROM raw.school_register)
),

enrolled AS (
    SELECT enrolment.source_id, enrolment.{column}, listed.la_code
    FROM {table} AS enrolment
    JOIN listed USING (urn)
)

SELECT
    enrolled.source_id,
    CAST(NULL AS BIGINT) AS row_number,
    'no enrolled school of authority ' || any_value(study.local_authority) || '; most are of authority '
    || mode(enrolled.la_code) AS found,
    'schools of authority ' || any_value(study.local_authority) AS expected
FROM enrolled
CROSS JOIN protocol.study AS study
GROUP BY enrolled.source_id
HAVING
    NOT bool_or(enrolled.la_code = study.local_authority)
    AND any_value(study.local_authority) IN (SELECT la_code FROM listed)
