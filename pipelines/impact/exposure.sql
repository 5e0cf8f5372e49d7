-- School terms of support a school had had when pupils were tested. English school years have three terms:
-- autumn (September to December), spring (January to March) and summer (April to July); a start in August is
-- one in autumn. Tests and examinations of either key stage are in mid-May, so the summer term counts as soon
-- as it has begun, and a start after 15 May counts for nothing that year. The term of the start counts whole.
-- Years before the start have 0: any other figure in a baseline year says that it is no baseline.
WITH dated AS (
    SELECT
        member.programme,
        member.school_id,
        study_year.academic_year,
        study_year.is_outcome,
        member.start_date,
        make_date(CAST(left(study_year.academic_year, 4) AS INTEGER) + 1, 5, 15) AS tested_on,
        -- August on is a new school year; its terms are numbered on from those of all years before.
        CAST(date_part('year', member.start_date + INTERVAL 5 MONTH) AS INTEGER) - 1 AS first_year,
        CASE
            WHEN date_part('month', member.start_date) >= 8 THEN 0
            WHEN date_part('month', member.start_date) <= 3 THEN 1
            ELSE 2
        END AS first_term
    FROM mart.programme_school AS member
    CROSS JOIN protocol.study_year AS study_year
)

SELECT
    programme,
    school_id,
    academic_year,
    is_outcome,
    start_date,
    CASE
        WHEN start_date IS NULL THEN NULL
        WHEN start_date > tested_on THEN 0
        ELSE 3 * (CAST(left(academic_year, 4) AS INTEGER) - first_year) + 3 - first_term
    END AS n_terms
FROM dated
ORDER BY programme, school_id, academic_year
