SELECT
    comparison.*,
    false AS suppressed,
    (SELECT any_value(unit) FROM protocol.programme_measure WHERE measure = comparison.measure) AS unit
FROM impact.comparison
