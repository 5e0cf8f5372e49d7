-- The only pass over pupil rows: counts, sums, squares and cross-products with prior attainment, from which every cell
-- and linear estimate follows exactly. A share excludes pupils who left, were not old enough, or whose result was
-- annulled. Pupils who were absent or unable to take part count as not having met the standard.

-- Local pupils with all three progress scores, one row per year and release.
WITH progress AS (
    SELECT
        pupil.academic_year,
        pupil.release_status,
        count(*) AS n,
        avg(pupil.reading_progress_points) AS reading_mean,
        avg(pupil.writing_progress_points) AS writing_mean,
        avg(pupil.maths_progress_points) AS maths_mean,
        stddev_samp(pupil.reading_progress_points) AS reading_sd,
        stddev_samp(pupil.writing_progress_points) AS writing_sd,
        stddev_samp(pupil.maths_progress_points) AS maths_sd,
        corr(pupil.reading_progress_points, pupil.writing_progress_points) AS r_reading_writing,
        corr(pupil.reading_progress_points, pupil.maths_progress_points) AS r_reading_maths,
        corr(pupil.writing_progress_points, pupil.maths_progress_points) AS r_writing_maths
    FROM pupils.ks2_pupils AS pupil
    JOIN mart.school_urn AS school_urn USING (urn)
    JOIN protocol.study AS study ON study.local_authority = school_urn.laestab // 10000
    WHERE pupil.reading_progress_points + pupil.writing_progress_points + pupil.maths_progress_points IS NOT NULL
    GROUP BY pupil.academic_year, pupil.release_status
    HAVING least(reading_sd, writing_sd, maths_sd) > 0
),

-- Correlations of the baseline years only, in the release in use, so that outcomes do not affect their own weights.
baseline_release AS (
    SELECT progress.*
    FROM progress
    JOIN protocol.result_release AS release USING (academic_year, release_status)
    JOIN protocol.study_year AS study_year USING (academic_year)
    WHERE release.is_used AND release.key_stage = 'ks2' AND NOT study_year.is_outcome
),

baseline AS (
    SELECT
        sum(n * r_reading_writing) / sum(n) AS r_rw,
        sum(n * r_reading_maths) / sum(n) AS r_rm,
        sum(n * r_writing_maths) / sum(n) AS r_wm
    FROM baseline_release
),

-- Row sums of the inverse of the 3 x 3 correlation matrix; the determinant cancels out (Anderson 2008, JASA 103: 1481).
-- If one score follows from the others, there is no inverse and no index.
weight AS (
    SELECT
        (1 - r_wm) * (1 + r_wm - r_rw - r_rm) AS reading,
        (1 - r_rm) * (1 + r_rm - r_rw - r_wm) AS writing,
        (1 - r_rw) * (1 + r_rw - r_rm - r_wm) AS maths
    FROM baseline
    WHERE 1 + 2 * r_rw * r_rm * r_wm - r_rw * r_rw - r_rm * r_rm - r_wm * r_wm > 1e-6
),

-- Scaled so that local pupils' index has mean 0 and standard deviation 1 in each year.
index_part AS (
    SELECT
        progress.*,
        sqrt(
            weight.reading * weight.reading + weight.writing * weight.writing + weight.maths * weight.maths
            + 2 * weight.reading * weight.writing * r_reading_writing
            + 2 * weight.reading * weight.maths * r_reading_maths
            + 2 * weight.writing * weight.maths * r_writing_maths
        ) AS index_sd,
        weight.reading / reading_sd / index_sd AS reading_factor,
        weight.writing / writing_sd / index_sd AS writing_factor,
        weight.maths / maths_sd / index_sd AS maths_factor
    FROM progress
    CROSS JOIN weight
),

pupil AS (
    SELECT
        school_urn.school_id,
        pupil.academic_year,
        pupil.release_status,
        coalesce(pupil.sen, 'U') AS sen,
        coalesce(CAST(pupil.is_fsm6 AS VARCHAR), 'unknown') AS is_fsm6,
        coalesce(pupil.prior_band, '0') AS prior_band,
        pupil.prior_points IS NOT NULL AS has_prior_points,
        pupil.prior_points,
        CASE WHEN coalesce(pupil.is_in_rwm, pupil.met_rwm_expected IS NOT NULL)
            THEN CAST(coalesce(pupil.met_rwm_expected, false) AS DOUBLE) END AS ks2_rwm_expected,
        CASE WHEN pupil.reading_outcome NOT IN ('F', 'L', 'P', 'Q', 'S', 'X', 'Z')
            THEN CAST(pupil.reading_outcome = 'AS' AS DOUBLE) END AS ks2_reading_expected,
        CASE WHEN pupil.writing_outcome NOT IN ('F', 'L', 'P', 'Q', 'Z')
            THEN CAST(pupil.writing_outcome IN ('EXS', 'GDS') AS DOUBLE) END AS ks2_writing_expected,
        CASE WHEN pupil.maths_outcome NOT IN ('F', 'L', 'P', 'Q', 'S', 'X', 'Z')
            THEN CAST(pupil.maths_outcome = 'AS' AS DOUBLE) END AS ks2_maths_expected,
        pupil.reading_progress_points AS ks2_reading_progress,
        pupil.writing_progress_points AS ks2_writing_progress,
        pupil.maths_progress_points AS ks2_maths_progress,
        index_part.reading_factor * (pupil.reading_progress_points - index_part.reading_mean)
        + index_part.writing_factor * (pupil.writing_progress_points - index_part.writing_mean)
        + index_part.maths_factor * (pupil.maths_progress_points - index_part.maths_mean) AS ks2_progress_index,
        pupil.reading_score_points AS ks2_reading_score,
        pupil.maths_score_points AS ks2_maths_score,
        CAST(pupil.sen = 'K' AS DOUBLE) AS ks2_sen_support_share
    FROM pupils.ks2_pupils AS pupil
    JOIN mart.school_urn AS school_urn USING (urn)
    LEFT JOIN index_part USING (academic_year, release_status)
),

-- One column of sums per measure; on Spark, `on_spark` names the columns that COLUMNS stands for. A double holds sums of three-digit scores precisely enough without centring. CASE
-- instead of FILTER, because DuckDB 2.0 would apply the first measure's FILTER to all.
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
            n: count(COLUMNS('^ks2_')),
            sum_y: sum(COLUMNS('^ks2_')),
            sum_yy: sum(COLUMNS('^ks2_') * COLUMNS('^ks2_')),
            sum_x: sum(CASE WHEN COLUMNS('^ks2_') IS NOT NULL THEN prior_points END),
            sum_xx: sum(CASE WHEN COLUMNS('^ks2_') IS NOT NULL THEN prior_points * prior_points END),
            sum_xy: sum(prior_points * COLUMNS('^ks2_'))
        }
    FROM pupil
    GROUP BY school_id, academic_year, release_status, sen, is_fsm6, prior_band, has_prior_points
),

stratum AS (
    SELECT * FROM summed UNPIVOT (moment FOR measure IN (COLUMNS('^ks2_')))
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
