-- Schools of which a single one's results may be seen, by measure and group, with the fewest pupils they had in a year of
-- the study. No group of special need; of other groups, as many pupils as leave one of them small beside the rest. What
-- is public by school is shown as it is published.
CREATE OR REPLACE TEMP TABLE school_shown AS
SELECT
    school_id,
    measure,
    pupil_group,
    min(n_pupils) AS n_least,
    -- One pupil more or less moves the school's figure by no more.
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
    -- In no year none or all of its pupils.
    AND (
        is_public(measure)
        OR NOT any_value(declared.counts_pupils)
        OR bool_and(to_step(mean, step_from(1 / n_pupils)) BETWEEN 0.001 AND 0.999)
    )
