-- As ks2_stratum, for pupils at the end of key stage 4. There is no prior band in these files.
WITH pupil AS (
    SELECT
        school_urn.school_id,
        pupil.academic_year,
        pupil.release_status,
        coalesce(pupil.sen, 'U') AS sen,
        coalesce(CAST(pupil.is_fsm6 AS VARCHAR), 'unknown') AS is_fsm6,
        pupil.attainment8_points AS attainment8,
        pupil.progress8_points AS progress8,
        CAST(pupil.met_basics_94 AS DOUBLE) AS basics_94,
        CAST(pupil.met_basics_95 AS DOUBLE) AS basics_95
    FROM pupils.ks4_pupils AS pupil
    JOIN mart.school_urn AS school_urn USING (urn)
)

SELECT
    school_id,
    academic_year,
    release_status,
    sen,
    is_fsm6,
    '0' AS prior_band,
    count(*) AS n_cohort,
    count(attainment8) AS n__ks4_attainment8,
    sum(attainment8) AS sum__ks4_attainment8,
    sum(attainment8 * attainment8) AS sumsq__ks4_attainment8,
    count(progress8) AS n__ks4_progress8,
    sum(progress8) AS sum__ks4_progress8,
    sum(progress8 * progress8) AS sumsq__ks4_progress8,
    count(basics_94) AS n__ks4_basics_94,
    sum(basics_94) AS sum__ks4_basics_94,
    sum(basics_94 * basics_94) AS sumsq__ks4_basics_94,
    count(basics_95) AS n__ks4_basics_95,
    sum(basics_95) AS sum__ks4_basics_95,
    sum(basics_95 * basics_95) AS sumsq__ks4_basics_95
FROM pupil
GROUP BY school_id, academic_year, release_status, sen, is_fsm6
ORDER BY school_id, academic_year, release_status, sen, is_fsm6
