-- Of which pupils and years others publish a total of the authority: somebody can take the released counts off it.
SELECT DISTINCT key_stage_of(context.measure) AS key_stage, context.academic_year, context.measure, context.pupil_group
FROM raw.la_context AS context
JOIN protocol.study AS study ON study.local_authority = context.la_code
WHERE context.area_level = 'authority' AND context.value_status = 'value'
ORDER BY ALL
