-- Published school tables show disadvantaged pupils by school from six pupils up; so does this, unnamed
-- and rounded to whole percentages or tenths of a point. The order tells nothing.
-- Of the baseline years only those that no break in series parts have an average.
WITH baseline AS (
    SELECT school_id, measure, pupil_group, avg(mean) AS baseline_mean
    FROM mart.outcome
    SEMI JOIN protocol.comparable_baseline USING (measure, academic_year)
    WHERE is_baseline AND value_status = 'value'
    GROUP BY school_id, measure, pupil_group
)

SELECT
    compared.programme,
    compared.measure,
    compared.pupil_group,
    compared.is_programme,
    round(baseline.baseline_mean, decimals.n) AS baseline_mean,
    round(outcome.mean, decimals.n) AS outcome_mean
FROM impact.compared_school AS compared
JOIN baseline USING (school_id, measure, pupil_group)
JOIN mart.outcome AS outcome
    ON outcome.is_outcome
    AND outcome.school_id = compared.school_id
    AND outcome.measure = compared.measure
    AND outcome.pupil_group = compared.pupil_group
JOIN protocol.programme_measure AS asked
    ON asked.programme = compared.programme AND asked.measure = compared.measure
CROSS JOIN LATERAL (SELECT CASE asked.unit WHEN 'share' THEN 2 ELSE 1 END AS n) AS decimals
ANTI JOIN temp.withheld_school AS withheld
    ON withheld.school_id = compared.school_id
    AND withheld.measure = compared.measure
    AND withheld.pupil_group = compared.pupil_group
WHERE compared.reason = 'compared' AND asked.is_primary
ORDER BY compared.programme, compared.measure, compared.is_programme, outcome_mean, baseline_mean
