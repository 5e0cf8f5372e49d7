SELECT
    programme_measure.programme,
    programme_measure.measure,
    programme_measure.key_stage,
    programme_measure.label,
    programme_measure.unit,
    measure.decimals,
    programme_measure.is_primary,
    programme_measure.smallest_effect,
    programme_measure.is_prior_adjusted,
    measure.higher_is_better,
    tests.tests_from,
    tests.tests_until
FROM protocol.programme_measure AS programme_measure
JOIN protocol.measure AS measure USING (measure)
LEFT JOIN protocol.key_stage_tests AS tests ON tests.key_stage = programme_measure.key_stage
ORDER BY programme_measure.programme, programme_measure.protocol_order
