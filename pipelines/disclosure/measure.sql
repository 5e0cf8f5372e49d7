SELECT
    programme,
    measure,
    key_stage,
    label,
    unit,
    is_primary,
    smallest_effect,
    is_prior_adjusted,
    true AS higher_is_better
FROM protocol.programme_measure
ORDER BY programme, protocol_order
