-- What would let a school of one or two pupils be worked back from estimates, by somebody who has everything else
-- (`tests/disclosure/test_estimates.py` tries it):
-- * leaving out one school in turn gives a range that one unnamed school has moved furthest, so its ends are
--   rounded outwards to what is read;
-- * where fewer than 30 schools are compared, methods beside the headline are shown without their intervals, which
--   tell how the schools' results spread;
-- * degrees of freedom tell how pupils are spread over schools: of the headline alone, and nowhere else.
WITH judged AS (
    SELECT
        *,
        rowid AS place,
        role <> 'headline'
        AND estimator <> 'leave_one_school_out'
        AND estimate_low IS NOT NULL
        AND n_programme_schools + n_comparison_schools < 30 AS is_interval_withheld
    FROM impact.estimate
)

SELECT
    judged.* EXCLUDE (place) REPLACE (
        CASE WHEN estimator = 'leave_one_school_out' THEN floor(estimate_low * asked.steps) / asked.steps
            ELSE estimate_low END AS estimate_low,
        CASE WHEN estimator = 'leave_one_school_out' THEN ceil(estimate_high * asked.steps) / asked.steps
            ELSE estimate_high END AS estimate_high,
        CASE WHEN NOT is_interval_withheld THEN ci_low END AS ci_low,
        CASE WHEN NOT is_interval_withheld THEN ci_high END AS ci_high,
        CASE WHEN NOT is_interval_withheld THEN p_value END AS p_value,
        CASE WHEN NOT is_interval_withheld THEN mde END AS mde,
        CASE WHEN role = 'headline' AND estimate_low IS NOT NULL THEN effective_df END AS effective_df
    )
FROM judged
LEFT JOIN (
    SELECT programme, measure, pow(10, decimals) AS steps
    FROM protocol.programme_measure
) AS asked USING (programme, measure)
ORDER BY judged.place
