-- Schools and pupils reached by each priority. Placebos reach nobody.
WITH reached AS (
    SELECT DISTINCT programme.priority, school.school_id
    FROM protocol.programme AS programme
    JOIN mart.programme_school AS enrolled USING (programme)
    JOIN mart.school AS school USING (school_id)
    WHERE NOT enrolled.is_placebo AND school.is_local AND school.is_open AND school.is_state_funded
),

-- Pupils with results at the end of a key stage in use, for any priority. Attendance covers all pupils on roll and
-- would count these pupils again, so it is used only if it is the only key stage.
key_stage_in_use AS (
    SELECT DISTINCT measure.key_stage
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
    WHERE programme.placebo_measure IS NULL
),

-- Measures differ in how many pupils have a result, so take a school's largest number.
school_pupils AS (
    SELECT outcome.school_id, outcome.pupil_group, max(outcome.n_pupils) AS n_pupils
    FROM mart.outcome AS outcome
    JOIN mart.school AS school USING (school_id)
    JOIN key_stage_in_use USING (key_stage)
    WHERE
        outcome.is_last
        AND school.is_local
        AND (outcome.key_stage <> 'attendance' OR (SELECT count(*) FROM key_stage_in_use) = 1)
    GROUP BY outcome.school_id, outcome.pupil_group, outcome.key_stage
),

-- Two target groups may overlap, so their pupils are not added up.
target AS (
    SELECT priority, any_value(target_group) AS target_group
    FROM protocol.programme
    WHERE is_evaluated AND placebo_measure IS NULL
    GROUP BY priority
    HAVING count(DISTINCT target_group) = 1
),

target_school AS (
    SELECT DISTINCT target.priority, target.target_group, enrolled.school_id
    FROM target
    JOIN protocol.programme AS programme USING (priority)
    JOIN mart.programme_school AS enrolled USING (programme)
    WHERE programme.is_evaluated AND NOT enrolled.is_placebo
),

-- Rounded, so that subtracting other published counts never leaves a few pupils.
rounded AS (
    SELECT
        target_school.priority,
        any_value(target_school.target_group) AS target_group,
        sum(school_pupils.n_pupils) AS n_exact,
        CASE WHEN n_exact = 0 THEN 0 WHEN NOT are_few(n_exact) THEN in_classes(n_exact) END AS n_target_pupils
    FROM target_school
    JOIN school_pupils
        ON school_pupils.school_id = target_school.school_id
        AND school_pupils.pupil_group = target_school.target_group
    GROUP BY target_school.priority
),

everyone AS (
    SELECT pupil_group AS target_group, in_classes(sum(n_pupils)) AS n_pupils
    FROM school_pupils
    GROUP BY pupil_group
),

listed AS (
    SELECT priority, count(*) AS n_programmes, min(protocol_order) AS protocol_order
    FROM protocol.programme
    WHERE priority IS NOT NULL AND placebo_measure IS NULL
    GROUP BY priority
)

SELECT
    listed.priority,
    listed.n_programmes,
    count(reached.school_id) AS n_schools,
    (SELECT count(*) FROM mart.school WHERE is_local AND is_open AND is_state_funded) AS n_schools_of_all,
    any_value(rounded.target_group) AS target_group,
    any_value(rounded.n_target_pupils) AS n_target_pupils,
    any_value(rounded.n_target_pupils / nullif(everyone.n_pupils, 0)) AS target_pupil_share,
    figure_status_of(bool_or(are_few(rounded.n_exact)), any_value(rounded.n_target_pupils)) AS figure_status
FROM listed
LEFT JOIN reached USING (priority)
LEFT JOIN rounded USING (priority)
LEFT JOIN everyone USING (target_group)
GROUP BY listed.priority, listed.n_programmes, listed.protocol_order
ORDER BY listed.protocol_order
