-- Target pupils on roll, from the study's latest census, whose counts are published by school. If any of a programme's
-- schools lacks a figure there is no total, because the funding covers all of them. Schools that have merged since the
-- census are summed. Pupils at two schools count half at each, so only the total is made whole.
WITH school_census AS (
    SELECT
        school_urn.school_id,
        census.academic_year,
        census.n_pupils_on_roll,
        census.n_sen_support_pupils,
        census.n_ehc_plan_pupils,
        census.n_fsm6_pupils,
        coalesce(
            census.n_pupils_on_roll, census.n_sen_support_pupils, census.n_ehc_plan_pupils, census.n_fsm6_pupils
        ) IS NOT NULL AS has_any_figure
    FROM raw.school_census AS census
    JOIN mart.school_urn AS school_urn USING (urn)
    WHERE census.academic_year = (SELECT max(academic_year) FROM raw.school_census)
    -- A school that became an academy may be listed under both numbers, one of them without pupils (see mart.cell).
    QUALIFY has_any_figure OR NOT bool_or(has_any_figure) OVER (PARTITION BY school_urn.school_id)
),

on_roll AS (
    SELECT
        programme.programme,
        census.school_id,
        sum(census.n_pupils_on_roll) AS n_pupils_on_roll,
        bool_and(census.n_pupils_on_roll IS NOT NULL) AS has_roll,
        sum(counted.n_pupils) AS n_pupils,
        bool_and(counted.n_pupils IS NOT NULL) AS has_figure
    FROM protocol.programme AS programme
    JOIN mart.programme_school AS member USING (programme)
    JOIN school_census AS census USING (school_id)
    CROSS JOIN LATERAL (
        SELECT
            CASE programme.target_group
                WHEN 'all' THEN census.n_pupils_on_roll
                WHEN 'sen_support' THEN census.n_sen_support_pupils
                WHEN 'ehc_plan' THEN census.n_ehc_plan_pupils
                WHEN 'disadvantaged' THEN census.n_fsm6_pupils
            END AS n_pupils
    ) AS counted
    GROUP BY programme.programme, census.school_id
),

counted AS (
    SELECT
        programme.*,
        count(school.school_id) AS n_schools,
        count(ks2.school_id) AS n_ks2_schools,
        count(ks4.school_id) AS n_ks4_schools,
        CASE
            WHEN count(school.school_id) = count(on_roll.school_id) FILTER (on_roll.has_roll)
                THEN CAST(sum(on_roll.n_pupils_on_roll) AS BIGINT)
        END AS n_pupils_on_roll,
        count(on_roll.school_id) FILTER (on_roll.has_figure) AS n_schools_with_census,
        CASE
            WHEN count(school.school_id) = n_schools_with_census THEN CAST(sum(on_roll.n_pupils) AS BIGINT)
        END AS n_target_pupils_on_roll
    FROM protocol.programme AS programme
    LEFT JOIN mart.programme_school AS member USING (programme)
    LEFT JOIN mart.school AS school USING (school_id)
    LEFT JOIN mart.school_key_stage AS ks2 ON ks2.school_id = school.school_id AND ks2.key_stage = 'ks2'
    LEFT JOIN mart.school_key_stage AS ks4 ON ks4.school_id = school.school_id AND ks4.key_stage = 'ks4'
    LEFT JOIN on_roll ON on_roll.programme = programme.programme AND on_roll.school_id = school.school_id
    GROUP BY ALL
),

-- For few pupils, both their number and the funding per pupil are suppressed.
shown AS (
    SELECT
        counted.* REPLACE (
            CASE WHEN NOT are_few(n_pupils_on_roll) THEN n_pupils_on_roll END AS n_pupils_on_roll,
            CASE WHEN NOT are_few(n_target_pupils_on_roll) THEN n_target_pupils_on_roll END AS n_target_pupils_on_roll
        )
    FROM counted
)

SELECT
    programme,
    title,
    fund,
    priority,
    is_evaluated,
    is_placebo,
    funding_gbp,
    target_group,
    comparison_pool,
    coalesce(
        placebo_academic_year,
        CASE
            WHEN len(selection_years) > 1
            THEN array_to_string(selection_years[:-2], ', ') || ' and ' || selection_years[-1]
            ELSE selection_years[1]
        END
    ) AS chosen_on,
    starts,
    expected_schools AS n_expected_schools,
    n_schools,
    n_ks2_schools,
    n_ks4_schools,
    (SELECT max(academic_year) FROM raw.school_census) AS census_academic_year,
    n_pupils_on_roll,
    n_schools_with_census,
    n_target_pupils_on_roll,
    funding_gbp / nullif(n_target_pupils_on_roll, 0) AS funding_gbp_per_target_pupil
FROM shown
ORDER BY protocol_order
