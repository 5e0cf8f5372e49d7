-- If no enrolled school is local, programmes_are_of_the_authority says so once.
WITH listed AS (
    SELECT urn, la_code FROM raw.school_register
    UNION
    SELECT urn, laestab // 10000 FROM raw.published_outcome
    WHERE urn NOT IN (SELECT urn FROM raw.school_register)
),

enrolled AS (
    SELECT
        enrolment.source_id,
        enrolment.row_number,
        enrolment.{column} AS urn,
        min(listed.la_code) AS authority,
        bool_or(listed.la_code = study.local_authority) AS is_local
    FROM {table} AS enrolment
    JOIN listed USING (urn)
    CROSS JOIN protocol.study AS study
    GROUP BY enrolment.source_id, enrolment.row_number, enrolment.{column}
)

SELECT
    source_id,
    row_number,
    urn || ', a school of authority ' || authority AS found
FROM enrolled
WHERE NOT is_local AND (SELECT bool_or(is_local) FROM enrolled)
