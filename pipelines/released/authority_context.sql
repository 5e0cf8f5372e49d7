-- Published results of the authority, its statistical neighbours and England, for pupils on SEN support,
-- disadvantaged pupils and the groups that the programmes are for, on the measures in use. All of it is public. For each measure, group and year all three come
-- from one file and release, so that they are comparable: the most final that includes the authority, then the one with
-- most figures.
WITH neighbour AS (
    SELECT count(*) AS n_listed, any_value(model) AS model
    FROM protocol.statistical_neighbour
),

figure AS (
    SELECT
        context.source_id,
        context.release_status,
        context.academic_year,
        context.pupil_group,
        context.measure,
        context.value,
        CASE
            WHEN context.area_level = 'nation' THEN 'england'
            WHEN context.la_code = study.local_authority THEN 'authority'
            WHEN context.la_code IN (SELECT la_code FROM protocol.statistical_neighbour) THEN 'statistical_neighbours'
        END AS place
    FROM raw.la_context AS context
    SEMI JOIN protocol.context_year USING (academic_year)
    SEMI JOIN protocol.programme_measure USING (measure)
    CROSS JOIN protocol.study AS study
    WHERE
        context.value_status = 'value'
        AND (
            context.pupil_group IN ('sen_support', 'disadvantaged')
            OR context.pupil_group IN (SELECT target_group FROM protocol.programme WHERE is_evaluated)
        )
        AND place IS NOT NULL
),

chosen AS (
    SELECT measure, pupil_group, academic_year, source_id, release_status
    FROM figure
    GROUP BY measure, pupil_group, academic_year, source_id, release_status
    HAVING bool_or(place = 'authority')
    QUALIFY row_number() OVER (
        PARTITION BY measure, pupil_group, academic_year
        ORDER BY
            list_position(['school_return', 'provisional', 'revised', 'final'], release_status) DESC,
            count(*) DESC,
            source_id
    ) = 1
),

measure_in_use AS (
    SELECT DISTINCT measure, key_stage, unit
    FROM protocol.programme_measure
)

SELECT
    figure.measure,
    measure_in_use.key_stage,
    figure.pupil_group,
    figure.academic_year,
    figure.release_status,
    figure.place,
    count(*) AS n_places,
    CASE figure.place WHEN 'statistical_neighbours' THEN any_value(neighbour.n_listed) ELSE 1 END AS n_places_listed,
    CASE figure.place WHEN 'statistical_neighbours' THEN any_value(neighbour.model) END AS model,
    avg(figure.value) AS value,
    measure_in_use.unit,
    any_value(source.publisher) AS publisher
FROM figure
JOIN chosen USING (measure, pupil_group, academic_year, source_id, release_status)
JOIN measure_in_use USING (measure)
JOIN raw.source AS source USING (source_id)
CROSS JOIN neighbour
GROUP BY
    figure.measure, measure_in_use.key_stage, figure.pupil_group, figure.academic_year, figure.release_status, figure.place, measure_in_use.unit
ORDER BY
    measure_in_use.key_stage,
    figure.measure,
    figure.pupil_group DESC,
    figure.academic_year,
    list_position(['authority', 'statistical_neighbours', 'england'], figure.place)
