-- Key stages whose results are already public for every school, so that nothing about them is secret. All their
-- releases must be performance tables as published: without the groups that are never published by school, and without
-- figures for one to five pupils, which the Department suppresses.
CREATE OR REPLACE TEMP TABLE public_key_stage AS
SELECT key_stage
FROM protocol.result_release
GROUP BY key_stage
HAVING bool_and(is_published)
EXCEPT
SELECT key_stage
FROM mart.cell
WHERE
    value_status = 'value'
    AND (n_pupils BETWEEN 1 AND 5 OR pupil_group IN ('sen_support', 'ehc_plan', 'no_sen'))
