-- As ks2_stratum, for the end of key stage 4. These files have no prior band; prior attainment is at key stage 2.
WITH pupil AS (
    SELECT
        school_urn.school_id,
        pupil.academic_year,
        pupil.release_status,
        coalesce(pupil.sen, 'U') AS sen,
        coalesce(CAST(pupil.is_fsm6 AS VARCHAR), 'unknown') AS is_fsm6,
        '0' AS prior_band,
        pupil.prior_points IS NOT NULL AS has_prior_points,
        pupil.prior_points,
        pupil.attainment8_points AS ks4_attainment8,
        pupil.progress8_points AS ks4_progress8,
        CAST(pupil.met_basics_94 AS DOUBLE) AS ks4_basics_94,
        CAST(pupil.met_basics_95 AS DOUBLE) AS ks4_basics_95,
        CAST(pupil.sen = 'K' AS DOUBLE) AS ks4_sen_support_share
    FROM pupils.ks4_pupils AS pupil
    JOIN mart.school_urn AS school_urn USING (urn)
),

summed AS (
    SELECT
        school_id,
        academic_year,
        release_status,
        sen,
        is_fsm6,
        prior_band,
        has_prior_points,
        {
            n: count(COLUMNS('^ks4_')),
            sum_y: sum(COLUMNS('^ks4_')),
            sum_yy: sum(COLUMNS('^ks4_') * COLUMNS('^ks4_')),
            sum_x: sum(CASE WHEN COLUMNS('^ks4_') IS NOT NULL THEN prior_points END),
            sum_xx: sum(CASE WHEN COLUMNS('^ks4_') IS NOT NULL THEN prior_points * prior_points END),
            sum_xy: sum(prior_points * COLUMNS('^ks4_'))
        }
    FROM pupil
    GROUP BY school_id, academic_year, release_status, sen, is_fsm6, prior_band, has_prior_points
),

stratum AS (
    SELECT * FROM summed UNPIVOT (moment FOR measure IN (COLUMNS('^ks4_')))
)

SELECT
    school_id,
    academic_year,
    release_status,
    sen,
    is_fsm6,
    prior_band,
    has_prior_points,
    measure,
    moment.n,
    moment.sum_y,
    moment.sum_yy,
    moment.sum_x,
    moment.sum_xx,
    moment.sum_xy
FROM stratum
WHERE moment.n > 0
ORDER BY school_id, academic_year, release_status, measure, sen, is_fsm6, prior_band, has_prior_points
