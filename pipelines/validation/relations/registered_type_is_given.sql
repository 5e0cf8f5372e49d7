-- Schools of the authority without a type here or in the tables, or with a type group that covers maintained
-- and other schools.
SELECT
    register.source_id,
    CAST(NULL AS BIGINT) AS row_number,
    count(*) || CASE WHEN count(*) = 1 THEN ' school' ELSE ' schools' END
    || coalesce(' of which only the group is known: ' || register.type_group, ' without a type') AS found
FROM {table} AS register
JOIN protocol.study AS study ON study.local_authority = register.la_code
LEFT JOIN protocol.school_type AS known ON known.spelling_key = spelling_key(register.type_group)
WHERE register.school_type IS NULL AND (register.type_group IS NULL OR known.school_kind IS NOT NULL)
AND known.is_maintained IS NULL
AND register.urn NOT IN (SELECT urn FROM raw.published_outcome WHERE urn IS NOT NULL AND school_type IS NOT NULL)
GROUP BY register.source_id, register.type_group
