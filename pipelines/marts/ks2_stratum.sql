-- The one pass over pupil rows: counts, sums and squares, from which every cell and every linear estimate
-- follows exactly. Pupils who left, were not old enough or whose result was annulled are not counted in a
-- share; pupils absent or unable to take part are, as not having reached the standard.
WITH pupil AS (
    SELECT
        school_urn.school_id,
        pupil.academic_year,
        pupil.release_status,
        coalesce(pupil.sen, 'U') AS sen,
        coalesce(CAST(pupil.is_fsm6 AS VARCHAR), 'unknown') AS is_fsm6,
        coalesce(pupil.prior_band, '0') AS prior_band,
        CASE WHEN coalesce(pupil.is_in_rwm, pupil.met_rwm_expected IS NOT NULL)
            THEN CAST(coalesce(pupil.met_rwm_expected, false) AS DOUBLE) END AS rwm_expected,
        CASE WHEN pupil.reading_outcome NOT IN ('F', 'L', 'P', 'Q', 'S', 'X', 'Z')
            THEN CAST(pupil.reading_outcome = 'AS' AS DOUBLE) END AS reading_expected,
        CASE WHEN pupil.writing_outcome NOT IN ('F', 'L', 'P', 'Q', 'Z')
            THEN CAST(pupil.writing_outcome IN ('EXS', 'GDS') AS DOUBLE) END AS writing_expected,
        CASE WHEN pupil.maths_outcome NOT IN ('F', 'L', 'P', 'Q', 'S', 'X', 'Z')
            THEN CAST(pupil.maths_outcome = 'AS' AS DOUBLE) END AS maths_expected,
        pupil.reading_progress_points AS reading_progress,
        pupil.writing_progress_points AS writing_progress,
        pupil.maths_progress_points AS maths_progress,
        pupil.reading_score_points AS reading_score,
        pupil.maths_score_points AS maths_score
    FROM pupils.ks2_pupils AS pupil
    JOIN mart.school_urn AS school_urn USING (urn)
)

SELECT
    school_id,
    academic_year,
    release_status,
    sen,
    is_fsm6,
    prior_band,
    count(*) AS n_cohort,
    count(rwm_expected) AS n__ks2_rwm_expected,
    sum(rwm_expected) AS sum__ks2_rwm_expected,
    sum(rwm_expected * rwm_expected) AS sumsq__ks2_rwm_expected,
    count(reading_expected) AS n__ks2_reading_expected,
    sum(reading_expected) AS sum__ks2_reading_expected,
    sum(reading_expected * reading_expected) AS sumsq__ks2_reading_expected,
    count(writing_expected) AS n__ks2_writing_expected,
    sum(writing_expected) AS sum__ks2_writing_expected,
    sum(writing_expected * writing_expected) AS sumsq__ks2_writing_expected,
    count(maths_expected) AS n__ks2_maths_expected,
    sum(maths_expected) AS sum__ks2_maths_expected,
    sum(maths_expected * maths_expected) AS sumsq__ks2_maths_expected,
    count(reading_progress) AS n__ks2_reading_progress,
    sum(reading_progress) AS sum__ks2_reading_progress,
    sum(reading_progress * reading_progress) AS sumsq__ks2_reading_progress,
    count(writing_progress) AS n__ks2_writing_progress,
    sum(writing_progress) AS sum__ks2_writing_progress,
    sum(writing_progress * writing_progress) AS sumsq__ks2_writing_progress,
    count(maths_progress) AS n__ks2_maths_progress,
    sum(maths_progress) AS sum__ks2_maths_progress,
    sum(maths_progress * maths_progress) AS sumsq__ks2_maths_progress,
    count(reading_score) AS n__ks2_reading_score,
    sum(reading_score) AS sum__ks2_reading_score,
    sum(reading_score * reading_score) AS sumsq__ks2_reading_score,
    count(maths_score) AS n__ks2_maths_score,
    sum(maths_score) AS sum__ks2_maths_score,
    sum(maths_score * maths_score) AS sumsq__ks2_maths_score
FROM pupil
GROUP BY school_id, academic_year, release_status, sen, is_fsm6, prior_band
ORDER BY school_id, academic_year, release_status, sen, is_fsm6, prior_band
