-- Unnamed schools, each rounded to what one pupil could change, but at least to a whole percentage or a tenth of a
-- point, as drawn. The order is by value and reveals nothing. Baseline averages use only years after the last series
-- break.
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
    to_step(baseline.baseline_mean, greatest(shown.step, pow(10, -decimals.n))) AS baseline_mean,
    to_step(outcome.mean, greatest(shown.step, pow(10, -decimals.n))) AS outcome_mean
FROM impact.compared_school AS compared
JOIN baseline USING (school_id, measure, pupil_group)
JOIN mart.outcome AS outcome
    ON outcome.is_last
    AND outcome.school_id = compared.school_id
    AND outcome.measure = compared.measure
    AND outcome.pupil_group = compared.pupil_group
    AND outcome.value_status = 'value'
    AND outcome.n_pupils > 0
JOIN protocol.programme_measure AS programme_measure
    ON programme_measure.programme = compared.programme AND programme_measure.measure = compared.measure
CROSS JOIN LATERAL (SELECT CASE programme_measure.unit WHEN 'share' THEN 2 ELSE 1 END AS n) AS decimals
JOIN temp.school_shown AS shown
    ON shown.school_id = compared.school_id
    AND shown.measure = compared.measure
    AND shown.pupil_group = compared.pupil_group
WHERE compared.reason = 'compared' AND programme_measure.is_primary
ORDER BY compared.programme, compared.measure, compared.is_programme, outcome_mean, baseline_mean
