-- What moved between two releases of one year's results: of a programme's schools, of the other local schools, and of
-- the authority's. Both figures are those that are shown of each release (`disclosure/public_total.sql`), so that
-- their difference is not the results of the few pupils who moved. The verdicts are the door's to fill in.
WITH two_releases AS (
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

-- Whether all that moved could be figures that are rounded more and less.
rounding AS (
    SELECT
        later.programme,
        later.arm,
        later.measure,
        later.pupil_group,
        later.academic_year,
        two_releases.from_status,
        two_releases.to_status,
        bool_and(
            coalesce(
                earlier.n_pupils = later.n_pupils AND could_be_same_value(
                    earlier.mean, earlier.rounding_half_width, later.mean, later.rounding_half_width
                ),
                false
            )
        ) AND NOT bool_and(coalesce(earlier.mean = later.mean, false)) AS is_rounding
    FROM two_releases
    JOIN temp.side_result AS later
        ON later.key_stage = two_releases.key_stage
        AND later.academic_year = two_releases.academic_year
        AND later.release_status = two_releases.to_status
    LEFT JOIN temp.side_result AS earlier
        ON earlier.programme = later.programme
        AND earlier.arm = later.arm
        AND earlier.school_id = later.school_id
        AND earlier.measure = later.measure
        AND earlier.pupil_group = later.pupil_group
        AND earlier.academic_year = two_releases.academic_year
        AND earlier.release_status = two_releases.from_status
    GROUP BY ALL
),

pair AS (
    SELECT
        earlier.programme,
        earlier.arm AS level,
        earlier.pupil_group,
        earlier.measure,
        declared.unit,
        declared.stored_decimals AS decimals,
        earlier.academic_year,
        two_releases.from_status,
        two_releases.to_status,
        two_releases.from_finality,
        two_releases.to_finality,
        earlier.n_pupils AS n_before,
        later.n_pupils AS n_after,
        to_step(earlier.mean, pow(10, -declared.stored_decimals)) AS figure_before,
        to_step(later.mean, pow(10, -declared.stored_decimals)) AS figure_after,
        rounding.is_rounding AS could_be_rounding,
        earlier.suppressed
        OR later.suppressed
        -- A school left out of one and not of the other would be a move that nobody made.
        OR earlier.schools_left_out IS DISTINCT FROM later.schools_left_out AS suppressed
    FROM two_releases
    JOIN temp.public_total AS earlier
        ON earlier.key_stage = two_releases.key_stage
        AND earlier.academic_year = two_releases.academic_year
        AND earlier.release_status = two_releases.from_status
    JOIN temp.public_total AS later
        ON later.programme = earlier.programme
        AND later.arm = earlier.arm
        AND later.measure = earlier.measure
        AND later.pupil_group = earlier.pupil_group
        AND later.academic_year = earlier.academic_year
        AND later.release_status = two_releases.to_status
    JOIN rounding
        ON rounding.programme = earlier.programme
        AND rounding.arm = earlier.arm
        AND rounding.measure = earlier.measure
        AND rounding.pupil_group = earlier.pupil_group
        AND rounding.academic_year = earlier.academic_year
        AND rounding.from_status = two_releases.from_status
        AND rounding.to_status = two_releases.to_status
    JOIN protocol.measure AS declared ON declared.measure = earlier.measure
    LEFT JOIN protocol.programme AS programme ON programme.programme = earlier.programme
    WHERE
        earlier.arm IN ('programme', 'rest', 'authority')
        AND CASE earlier.programme
        WHEN 'all' THEN earlier.pupil_group IN (SELECT target_group FROM protocol.programme WHERE is_evaluated)
        ELSE programme.target_group = earlier.pupil_group
    END
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
    suppressed,
    CASE WHEN NOT suppressed THEN n_before END AS n_pupils_before,
    CASE WHEN NOT suppressed THEN n_after END AS n_pupils_after,
    n_pupils_after - n_pupils_before AS n_pupils_difference,
    CASE WHEN NOT suppressed THEN figure_before END AS before,
    CASE WHEN NOT suppressed THEN figure_after END AS after,
    round(after - before, decimals) AS difference,
    CASE WHEN NOT suppressed THEN could_be_rounding END AS is_rounding
FROM pair
ORDER BY programme = 'all', programme, measure, pupil_group, academic_year, from_finality, to_finality, level
