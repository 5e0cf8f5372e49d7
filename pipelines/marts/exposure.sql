-- The position of each programme school on each year's test date, and its terms of support by then. English school
-- years have three terms: autumn (September to December), spring (January to March) and summer (April to July); a start
-- in August counts as autumn. Tests are in mid-May, so a summer term that has begun counts, and a start after 15 May
-- counts as zero terms. The terms of joining and leaving count in full.
WITH dated AS (
    SELECT
        member.programme,
        member.school_id,
        study_year.academic_year,
        study_year.is_outcome,
        member.start_date,
        member.left_on,
        member.has_left,
        CAST(left(study_year.academic_year, 4) AS INTEGER) AS first_calendar_year,
        make_date(first_calendar_year, 9, 1) AS began_on,
        make_date(first_calendar_year + 1, 5, 15) AS tested_on
    FROM mart.programme_school AS member
    CROSS JOIN protocol.study_year AS study_year
),

-- Without dates, a school is assumed to have started after the baseline years and before the outcome.
placed AS (
    SELECT
        *,
        CASE
            WHEN start_date > tested_on OR (start_date IS NULL AND NOT is_outcome) THEN 'not_started'
            WHEN left_on < tested_on OR (has_left AND left_on IS NULL AND is_outcome) THEN 'left'
            ELSE 'under_way'
        END AS standing
    FROM dated
),

-- Terms are numbered continuously over years; August is the first month of a school year.
numbered AS (
    SELECT
        *,
        3 * first_calendar_year + 2 AS test_term,
        list_transform(
            [start_date, left_on],
            lambda day: 3 * (date_part('year', day + INTERVAL 5 MONTH) - 1)
            + CASE WHEN date_part('month', day) >= 8 THEN 0 WHEN date_part('month', day) <= 3 THEN 1 ELSE 2 END
        ) AS terms
    FROM placed
)

SELECT
    programme,
    school_id,
    academic_year,
    -- One outcome year says how a school stands: the last in which the programme was under way there, or else the last.
    is_outcome AND row_number() OVER (
        PARTITION BY programme, school_id
        ORDER BY is_outcome DESC, standing = 'under_way' DESC, academic_year DESC
    ) = 1 AS is_outcome,
    start_date,
    left_on,
    standing,
        -- A school that left in an earlier school year has normal results again.
    standing <> 'not_started' AND coalesce(left_on >= began_on, true) AS is_touched,
    CASE
        WHEN start_date > tested_on THEN 0
        WHEN start_date IS NOT NULL AND (left_on IS NOT NULL OR NOT has_left)
            THEN CAST(greatest(least(test_term, coalesce(terms[2], test_term)) - terms[1] + 1, 0) AS INTEGER)
    END AS n_terms
FROM numbered
ORDER BY programme, school_id, academic_year
