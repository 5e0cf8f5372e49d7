-- The measures and groups for which a single school's results may be shown, with its fewest pupils in any year. Never
-- groups with special educational needs; other groups need enough pupils in every year. Public results are shown as
-- published.
CREATE OR REPLACE TEMP TABLE school_shown AS
SELECT
    school_id,
    measure,
    pupil_group,
    min(n_pupils) AS n_least,
    -- The school's figure is rounded to what one pupil can change.
    CASE
        WHEN is_public(measure) THEN NULL
        WHEN any_value(declared.unit) = 'share' THEN step_from(1 / min(n_pupils))
        ELSE step_of_mean(measure, min(n_pupils))
    END AS step
FROM mart.outcome
JOIN protocol.measure AS declared USING (measure)
WHERE value_status = 'value' AND n_pupils > 0 AND NOT is_special_need(pupil_group)
GROUP BY school_id, measure, pupil_group
HAVING
    min(n_pupils) >= CASE WHEN is_public(measure) THEN minimum_cell() ELSE fewest_pupils_of_school() END
    -- In no year may the figure be that of none or all of the pupils.
    AND (
        is_public(measure)
        OR NOT any_value(declared.counts_pupils)
        OR bool_and(to_step(mean, step_from(1 / n_pupils)) BETWEEN 0.001 AND 0.999)
    )
