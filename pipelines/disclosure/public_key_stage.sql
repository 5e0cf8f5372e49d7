-- Key stages whose results are all public by school already: nothing made of them is a secret. Every release of theirs
-- is of performance tables, and these are as published: no group that is never public by school, and no figure of
-- one to five pupils, which the Department withholds itself.
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
