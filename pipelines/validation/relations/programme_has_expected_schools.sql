-- Rows of a programme unknown to study.toml are a fault of their own; they may be the ones missing here.
-- A renumbered school counts once if the register gives both URNs the same establishment number.
WITH enrolled AS (
    SELECT
        enrolment.programme,
        count(
            DISTINCT coalesce(register.la_code * 10000 + register.establishment_number, enrolment.urn)
        ) AS n_schools
    FROM {table} AS enrolment
    LEFT JOIN raw.school_register AS register USING (urn)
    GROUP BY enrolment.programme
)

SELECT
    (SELECT min(source_id) FROM {table}) AS source_id,
    CAST(NULL AS BIGINT) AS row_number,
    coalesce(enrolled.n_schools, 0) || CASE enrolled.n_schools WHEN 1 THEN ' school in ' ELSE ' schools in ' END
    || programme.programme AS found,
    programme.expected_schools || CASE programme.expected_schools WHEN 1 THEN ' school in ' ELSE ' schools in ' END
    || programme.programme AS expected
FROM protocol.programme AS programme
LEFT JOIN enrolled USING (programme)
WHERE
    coalesce(enrolled.n_schools, 0) <> programme.expected_schools
    AND NOT programme.is_placebo
    AND EXISTS (FROM {table})
    AND NOT EXISTS (FROM {table} WHERE programme NOT IN (SELECT programme FROM protocol.programme))
