-- All later tables use cells only, whether these come from pupil rows or from published tables.
WITH pupil_sum AS (
    SELECT
        *,
        n_pupils + n_without_prior AS n,
        sum_y + sum_y_without_prior AS total,
        sum_yy + sum_yy_without_prior AS total_of_squares
    FROM mart.pupil_moment
),

-- A measure that nobody has a value of, because it is not published yet, has no cell.
pupil_cell AS (
    SELECT
        school_id,
        key_stage,
        academic_year,
        release_status,
        pupil_group,
        measure,
        n AS n_pupils,
        total / n AS mean,
        -- Floating-point error can give a tiny negative number if every pupil scored the same.
        CASE WHEN n > 1 THEN greatest(total_of_squares - total * total / n, 0) / (n - 1) END AS variance,
        0.0 AS rounding_half_width,
        'value' AS value_status
    FROM pupil_sum
),

-- Attendance covers the pupils on roll. If its table does not count them, use the school census of the nearest year.
on_roll AS (
    SELECT DISTINCT ON (published.urn, published.academic_year)
        published.urn,
        published.academic_year,
        census.n_pupils_on_roll,
        census.n_sen_support_pupils,
        census.n_ehc_plan_pupils,
        census.n_fsm6_pupils
    FROM raw.published_outcome AS published
    JOIN protocol.measure AS measure USING (measure)
    JOIN raw.school_census AS census USING (urn)
    WHERE measure.key_stage = 'attendance'
    ORDER BY
        published.urn,
        published.academic_year,
        abs(CAST(left(census.academic_year, 4) AS INTEGER) - CAST(left(published.academic_year, 4) AS INTEGER)),
        census.academic_year
),

published AS (
    SELECT
        published.* REPLACE (
            coalesce(
                published.n_pupils,
                CASE WHEN measure.key_stage = 'attendance' THEN round(
                    CASE published.pupil_group
                        WHEN 'all' THEN on_roll.n_pupils_on_roll
                        WHEN 'sen_support' THEN on_roll.n_sen_support_pupils
                        WHEN 'ehc_plan' THEN on_roll.n_ehc_plan_pupils
                        WHEN 'disadvantaged' THEN on_roll.n_fsm6_pupils
                    END
                ) END
            ) AS n_pupils
        ),
        measure.key_stage,
        school_urn.school_id,
        published.value_status IN ('value', 'suppressed') OR published.n_pupils > 0 AS has_pupils
    FROM raw.published_outcome AS published
    JOIN mart.school_urn AS school_urn USING (urn)
    JOIN protocol.measure AS measure USING (measure)
    LEFT JOIN on_roll USING (urn, academic_year)
    WHERE published.level IN ('mainstream_school', 'special_school')
    -- Tables list a school that became an academy under both numbers, one of them without pupils.
    QUALIFY has_pupils OR NOT coalesce(bool_or(has_pupils) OVER (
        PARTITION BY
            school_urn.school_id,
            published.academic_year,
            published.release_status,
            published.pupil_group,
            published.measure
    ), false)
),

-- Schools that merged count as one school in earlier years too: their published figures are averaged over pupils.
-- A progress score's published 95% interval gives its variance over pupils.
published_cell AS (
    SELECT
        published.school_id,
        published.key_stage,
        published.academic_year,
        published.release_status,
        published.pupil_group,
        published.measure,
        CAST(sum(published.n_pupils) AS BIGINT) AS n_pupils,
        -- A single figure is kept even if its pupils are not counted; several cannot be averaged without counts.
        CASE WHEN count(*) = 1 THEN any_value(published.value)
            WHEN bool_and(published.value_status = 'value')
            THEN sum(published.value * published.n_pupils) / nullif(sum(published.n_pupils), 0) END AS mean,
        CASE WHEN count(*) = 1
            THEN any_value(pow((published.ci_high - published.ci_low) / (2 * 1.96), 2) * published.n_pupils)
        END AS variance,
        max(published.half_width) AS rounding_half_width,
        CASE WHEN bool_and(published.value_status = 'value') THEN 'value'
            ELSE min(published.value_status) FILTER (published.value_status <> 'value') END AS value_status
    FROM published
    GROUP BY
        published.school_id,
        published.key_stage,
        published.academic_year,
        published.release_status,
        published.pupil_group,
        published.measure
)

SELECT * FROM pupil_cell
UNION ALL BY NAME
SELECT * FROM published_cell
ORDER BY school_id, academic_year, release_status, pupil_group, measure
