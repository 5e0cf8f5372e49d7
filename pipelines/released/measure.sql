SELECT
    asked.programme,
    asked.measure,
    asked.key_stage,
    asked.label,
    asked.unit,
    measure.decimals,
    asked.is_primary,
    asked.smallest_effect,
    asked.is_prior_adjusted,
    measure.higher_is_better,
    tests.tests_from,
    tests.tests_until
FROM protocol.programme_measure AS asked
JOIN protocol.measure AS measure USING (measure)
LEFT JOIN protocol.key_stage_tests AS tests ON tests.key_stage = asked.key_stage
ORDER BY asked.programme, asked.protocol_order
