-- Leaving out one school in turn gives a range that one unnamed school has moved furthest: its ends are rounded
-- outwards to what is read, so that its few pupils cannot be worked back from decimals.
SELECT
    estimate.* REPLACE (
        CASE WHEN estimator = 'leave_one_school_out' THEN floor(estimate_low * asked.steps) / asked.steps
            ELSE estimate_low END AS estimate_low,
        CASE WHEN estimator = 'leave_one_school_out' THEN ceil(estimate_high * asked.steps) / asked.steps
            ELSE estimate_high END AS estimate_high
    )
FROM impact.estimate AS estimate
LEFT JOIN (
    SELECT programme, measure, pow(10, decimals + CASE unit WHEN 'share' THEN 2 ELSE 0 END) AS steps
    FROM protocol.programme_measure
) AS asked USING (programme, measure)
