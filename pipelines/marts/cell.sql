-- Everything after this table works on cells only, whether they came from pupil rows or were published.
WITH ks2_sum AS (
    UNPIVOT mart.ks2_stratum
    ON (n__ks2_rwm_expected, sum__ks2_rwm_expected, sumsq__ks2_rwm_expected) AS ks2_rwm_expected,
    (n__ks2_reading_expected, sum__ks2_reading_expected, sumsq__ks2_reading_expected) AS ks2_reading_expected,
    (n__ks2_writing_expected, sum__ks2_writing_expected, sumsq__ks2_writing_expected) AS ks2_writing_expected,
    (n__ks2_maths_expected, sum__ks2_maths_expected, sumsq__ks2_maths_expected) AS ks2_maths_expected,
    (n__ks2_reading_progress, sum__ks2_reading_progress, sumsq__ks2_reading_progress) AS ks2_reading_progress,
    (n__ks2_writing_progress, sum__ks2_writing_progress, sumsq__ks2_writing_progress) AS ks2_writing_progress,
    (n__ks2_maths_progress, sum__ks2_maths_progress, sumsq__ks2_maths_progress) AS ks2_maths_progress,
    (n__ks2_reading_score, sum__ks2_reading_score, sumsq__ks2_reading_score) AS ks2_reading_score,
    (n__ks2_maths_score, sum__ks2_maths_score, sumsq__ks2_maths_score) AS ks2_maths_score
    INTO NAME measure VALUE n, total, total_of_squares
),

ks4_sum AS (
    UNPIVOT mart.ks4_stratum
    ON (n__ks4_attainment8, sum__ks4_attainment8, sumsq__ks4_attainment8) AS ks4_attainment8,
    (n__ks4_progress8, sum__ks4_progress8, sumsq__ks4_progress8) AS ks4_progress8,
    (n__ks4_basics_94, sum__ks4_basics_94, sumsq__ks4_basics_94) AS ks4_basics_94,
    (n__ks4_basics_95, sum__ks4_basics_95, sumsq__ks4_basics_95) AS ks4_basics_95
    INTO NAME measure VALUE n, total, total_of_squares
),

stratum_sum AS (
    SELECT 'ks2' AS key_stage, * FROM ks2_sum
    UNION ALL BY NAME
    SELECT 'ks4' AS key_stage, * FROM ks4_sum
),

-- A pupil counts in every group it belongs to; who has no SEN or FSM6 code is in `all` alone. Where nobody
-- has a value there is no cell: a measure that is not out yet is of no release.
grouped AS (
    SELECT
        *,
        unnest(list_filter(
            [
                'all',
                CASE sen WHEN 'K' THEN 'sen_support' WHEN 'E' THEN 'ehc_plan' WHEN 'N' THEN 'no_sen' END,
                CASE is_fsm6 WHEN 'true' THEN 'disadvantaged' WHEN 'false' THEN 'not_disadvantaged' END,
                CASE prior_band WHEN '3' THEN 'high_prior' END
            ],
            lambda pupil_group: pupil_group IS NOT NULL
        )) AS pupil_group
    FROM stratum_sum
    WHERE n > 0
),

pupil_cell AS (
    SELECT
        school_id,
        key_stage,
        academic_year,
        release_status,
        pupil_group,
        measure,
        CAST(sum(n) AS BIGINT) AS n_pupils,
        sum(total) / sum(n) AS mean,
        -- Rounding can leave a hair below zero where every pupil scored the same.
        CASE WHEN sum(n) > 1
            THEN greatest(sum(total_of_squares) - sum(total) * sum(total) / sum(n), 0) / (sum(n) - 1)
        END AS variance,
        0.0 AS rounding_half_width,
        'value' AS value_status
    FROM grouped
    GROUP BY school_id, key_stage, academic_year, release_status, pupil_group, measure
),

-- Two schools that merged are one school before as after: their published figures are averaged by pupils.
-- A progress score is published with its 95% interval, which gives the spread over pupils back.
published_cell AS (
    SELECT
        school_urn.school_id,
        left(published.measure, 3) AS key_stage,
        published.academic_year,
        published.release_status,
        published.pupil_group,
        published.measure,
        CAST(sum(published.n_pupils) AS BIGINT) AS n_pupils,
        CASE WHEN bool_and(published.value_status = 'value')
            THEN sum(published.value * published.n_pupils) / nullif(sum(published.n_pupils), 0) END AS mean,
        CASE WHEN count(*) = 1
            THEN any_value(pow((published.ci_high - published.ci_low) / (2 * 1.96), 2) * published.n_pupils)
        END AS variance,
        max(published.half_width) AS rounding_half_width,
        CASE WHEN bool_and(published.value_status = 'value') THEN 'value'
            ELSE min(published.value_status) FILTER (published.value_status <> 'value') END AS value_status
    FROM raw.published_outcome AS published
    JOIN mart.school_urn AS school_urn USING (urn)
    WHERE published.level IN ('mainstream_school', 'special_school')
    GROUP BY
        school_urn.school_id,
        published.academic_year,
        published.release_status,
        published.pupil_group,
        published.measure
)

SELECT * FROM pupil_cell
UNION ALL BY NAME
SELECT * FROM published_cell
ORDER BY school_id, academic_year, release_status, pupil_group, measure
