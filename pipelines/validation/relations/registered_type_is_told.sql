-- Schools of the authority without a type, or with a group that holds both maintained schools and others. The tables
-- may say it all the same; their own rule reads this table, and two rules may not wait for each other.
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
GROUP BY register.source_id, register.type_group
