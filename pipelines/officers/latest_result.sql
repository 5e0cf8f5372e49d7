-- Every compared school's result in the outcome year on each main measure, with the pooled mean and the standard
-- deviation of pupils: for a share computed from the mean, otherwise from within-school variances.
WITH result AS (
    SELECT
        compared.programme,
        asked.protocol_order,
        asked.measure,
        asked.label,
        asked.unit,
        measure.decimals,
        compared.pupil_group,
        compared.is_programme,
        school.school_name || ' (' || school.urn || ')' AS school,
        outcome.n_pupils,
        outcome.mean,
        outcome.variance
    FROM impact.compared_school AS compared
    JOIN protocol.programme_measure AS asked USING (programme, measure)
    JOIN protocol.measure AS measure USING (measure)
    JOIN mart.school AS school USING (school_id)
    JOIN mart.outcome AS outcome USING (school_id, measure, pupil_group)
    WHERE
        asked.is_primary AND compared.reason = 'compared' AND outcome.is_last
        AND outcome.value_status = 'value' AND outcome.n_pupils > 0
),

pooled AS (
    SELECT
        programme,
        measure,
        sum(n_pupils * mean) / sum(n_pupils) AS pooled_mean,
        sum((n_pupils - 1) * variance) / nullif(sum(n_pupils - 1) FILTER (variance IS NOT NULL), 0) AS pupil_variance
    FROM result
    GROUP BY programme, measure
)

SELECT
    result.* EXCLUDE (variance),
    pooled.pooled_mean,
    sqrt(CASE result.unit WHEN 'share' THEN pooled_mean * (1 - pooled_mean) ELSE pupil_variance END) AS pupil_sd
FROM result
JOIN pooled USING (programme, measure)
ORDER BY result.programme, result.protocol_order, result.mean, result.school
