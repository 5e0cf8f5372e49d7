-- What moved between two releases of one year's results: of a programme's schools, of the other local schools, and
-- of the authority's mainstream schools together. Counts are to the nearest ten and figures as they are read, so
-- that the difference of two releases is not the results of the few pupils who moved (`rounded_count`).
-- The verdicts are the door's to fill in, once it is known which may be shown.
WITH asked AS (
    SELECT
        measure.programme,
        measure.measure,
        measure.key_stage,
        measure.unit,
        measure.decimals,
        programme.target_group
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
),

local_school AS (
    SELECT school_id FROM mart.school WHERE is_local AND is_compared_kind
),

member AS (
    SELECT
        asked.*,
        local_school.school_id,
        CASE WHEN enrolled.school_id IS NULL THEN 'rest' WHEN enrolled.standing = 'under_way' THEN 'programme' END AS level
    FROM asked
    CROSS JOIN local_school
    LEFT JOIN mart.exposure AS enrolled
        ON enrolled.programme = asked.programme AND enrolled.school_id = local_school.school_id AND enrolled.is_outcome
    WHERE enrolled.school_id IS NULL OR enrolled.standing = 'under_way'
    UNION ALL BY NAME
    SELECT DISTINCT asked.* REPLACE ('all' AS programme), local_school.school_id, 'authority' AS level
    FROM asked
    CROSS JOIN local_school
),

two_releases AS (
    SELECT
        later.key_stage,
        later.academic_year,
        earlier.release_status AS from_status,
        later.release_status AS to_status,
        earlier.finality AS from_finality,
        later.finality AS to_finality
    FROM protocol.result_release AS later
    JOIN protocol.result_release AS earlier USING (key_stage, academic_year)
    WHERE earlier.finality < later.finality
),

result AS (
    FROM mart.cell WHERE value_status = 'value' AND n_pupils > 0
),

-- A school's two figures. Of pupil rows a share is over whole pupils, as everywhere it is released.
moved AS (
    SELECT
        member.*,
        two_releases.* EXCLUDE (key_stage),
        earlier.n_pupils AS n_before,
        later.n_pupils AS n_after,
        CASE unit WHEN 'share' THEN round(earlier.mean * earlier.n_pupils) ELSE earlier.mean * earlier.n_pupils END
            AS total_before,
        CASE unit WHEN 'share' THEN round(later.mean * later.n_pupils) ELSE later.mean * later.n_pupils END
            AS total_after,
        coalesce(
            earlier.n_pupils = later.n_pupils AND could_be_same_value(
                earlier.mean, earlier.rounding_half_width, later.mean, later.rounding_half_width
            ),
            false
        ) AS could_be_same,
        coalesce(earlier.mean = later.mean, false) AS is_same
    FROM member
    JOIN two_releases USING (key_stage)
    LEFT JOIN result AS earlier
        ON earlier.school_id = member.school_id
        AND earlier.measure = member.measure
        AND earlier.pupil_group = member.target_group
        AND earlier.academic_year = two_releases.academic_year
        AND earlier.release_status = two_releases.from_status
    LEFT JOIN result AS later
        ON later.school_id = member.school_id
        AND later.measure = member.measure
        AND later.pupil_group = member.target_group
        AND later.academic_year = two_releases.academic_year
        AND later.release_status = two_releases.to_status
    WHERE earlier.school_id IS NOT NULL OR later.school_id IS NOT NULL
),

together AS (
    SELECT
        programme,
        level,
        target_group AS pupil_group,
        measure,
        unit,
        academic_year,
        from_status,
        to_status,
        from_finality,
        to_finality,
        decimals,
        sum(n_before) AS n_before,
        sum(n_after) AS n_after,
        sum(total_before) / sum(n_before) AS mean_before,
        sum(total_after) / sum(n_after) AS mean_after,
        bool_and(could_be_same) AND NOT bool_and(is_same) AS is_rounding
    FROM moved
    GROUP BY ALL
    HAVING n_before IS NOT NULL AND n_after IS NOT NULL
),

rounded AS (
    SELECT
        *,
        round(mean_before, decimals) AS figure_before,
        round(mean_after, decimals) AS figure_after,
        CAST(round(n_before / 10) * 10 AS BIGINT) AS n_pupils_before,
        CAST(round(n_after / 10) * 10 AS BIGINT) AS n_pupils_after,
        CASE WHEN unit <> 'share' OR is_public(measure) OR is_vague(n_pupils_before, figure_before, decimals, study.minimum_cell)
            THEN figure_before END AS before,
        CASE WHEN unit <> 'share' OR is_public(measure) OR is_vague(n_pupils_after, figure_after, decimals, study.minimum_cell)
            THEN figure_after END AS after
    FROM together
    CROSS JOIN protocol.study AS study
)

SELECT
    programme,
    level,
    pupil_group,
    measure,
    unit,
    academic_year,
    from_status,
    to_status,
    n_pupils_before,
    n_pupils_after,
    n_pupils_after - n_pupils_before AS n_pupils_difference,
    before,
    after,
    round(after - before, decimals) AS difference,
    CASE WHEN before IS NOT NULL AND after IS NOT NULL THEN is_rounding END AS is_rounding
FROM rounded
ORDER BY programme = 'all', programme, measure, pupil_group, academic_year, from_finality, to_finality, level
