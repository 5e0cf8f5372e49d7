-- Changes between two releases of one year's results, for a programme's schools, the other local schools and the
-- authority. Both figures are the published ones of each release (`disclosure/public_total.sql`), so that their
-- difference does not reveal the few pupils who moved. `disclosure/revision_verdict.sql` adds the verdicts.
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

-- Whether rounding alone could explain all changes.
rounding AS (
    SELECT
        programme,
        arm,
        measure,
        pupil_group,
        academic_year,
        from_status,
        to_status,
        bool_and(
            coalesce(
                earlier.n_pupils = later.n_pupils AND could_be_same_value(
                    earlier.mean, earlier.rounding_half_width, later.mean, later.rounding_half_width
                ),
                false
            )
        ) AND NOT bool_and(coalesce(earlier.mean = later.mean, false)) AS is_rounding
    FROM two_releases
    JOIN (SELECT * RENAME (release_status AS to_status) FROM temp.side_result) AS later
        USING (key_stage, academic_year, to_status)
    LEFT JOIN (SELECT * RENAME (release_status AS from_status) FROM temp.side_result) AS earlier
        USING (key_stage, academic_year, from_status, programme, arm, measure, pupil_group, school_id)
    GROUP BY programme, arm, measure, pupil_group, academic_year, from_status, to_status
),

-- For a gap, the programme's own pupils; for the authority, every target group.
shown AS (
    SELECT total.*
    FROM temp.public_total AS total
    LEFT JOIN protocol.programme AS programme USING (programme)
    WHERE
        (total.arm IN ('programme', 'rest') AND total.pupil_group = programme.target_group)
        OR (
            total.arm = 'authority'
            AND total.pupil_group IN (SELECT target_group FROM protocol.programme WHERE is_evaluated)
        )
),

pair AS (
    SELECT
        programme,
        arm AS level,
        pupil_group,
        measure,
        declared.unit,
        declared.stored_decimals AS decimals,
        academic_year,
        from_status,
        to_status,
        from_finality,
        to_finality,
        earlier.n_pupils AS n_before,
        later.n_pupils AS n_after,
        to_step(earlier.mean, pow(10, -declared.stored_decimals)) AS figure_before,
        to_step(later.mean, pow(10, -declared.stored_decimals)) AS figure_after,
        rounding.is_rounding AS could_be_rounding,
        earlier.figure_status = 'suppressed'
        OR later.figure_status = 'suppressed'
        -- A school left out of only one release would look like a change.
        OR earlier.schools_left_out IS DISTINCT FROM later.schools_left_out AS is_suppressed
    FROM two_releases
    JOIN (SELECT * RENAME (release_status AS from_status) FROM shown) AS earlier
        USING (key_stage, academic_year, from_status)
    JOIN (SELECT * RENAME (release_status AS to_status) FROM shown) AS later
        USING (key_stage, academic_year, to_status, programme, arm, measure, pupil_group)
    JOIN rounding USING (programme, arm, measure, pupil_group, academic_year, from_status, to_status)
    JOIN protocol.measure AS declared USING (measure)
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
    figure_status_of(is_suppressed, figure_after - figure_before) AS figure_status,
    CASE WHEN NOT is_suppressed THEN n_before END AS n_pupils_before,
    CASE WHEN NOT is_suppressed THEN n_after END AS n_pupils_after,
    n_pupils_after - n_pupils_before AS n_pupils_difference,
    CASE WHEN NOT is_suppressed THEN figure_before END AS before,
    CASE WHEN NOT is_suppressed THEN figure_after END AS after,
    round(after - before, CAST(decimals AS INTEGER)) AS difference,
    CASE WHEN NOT is_suppressed THEN could_be_rounding END AS is_rounding
FROM pair
ORDER BY programme = 'all', programme, measure, pupil_group, academic_year, from_finality, to_finality, level
