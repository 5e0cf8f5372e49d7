-- Each open local school's inspections and outside reviews, newest first, after schools without one in the year.
WITH visit AS (
    SELECT
        urn,
        inspection_date AS visited_on,
        'inspection' || coalesce(' (overall effectiveness ' || overall_effectiveness || ')', '') AS what
    FROM raw.inspections
    UNION ALL
    SELECT urn, review_date, review_type || coalesce(' by ' || reviewer, '') FROM raw.reviews
),

listed AS (
    SELECT
        school_urn.school_id,
        string_agg(strftime(visit.visited_on, '%-d %B %Y') || ': ' || visit.what, '; ' ORDER BY visit.visited_on DESC)
            AS visits,
        -- The school year of the outcomes: 1 September to 31 August.
        bool_or(
            visit.visited_on >= make_date(CAST(left(study.outcome_year, 4) AS INTEGER), 9, 1)
            AND visit.visited_on < make_date(CAST(left(study.outcome_year, 4) AS INTEGER) + 1, 9, 1)
        ) AS is_visited
    FROM visit
    JOIN mart.school_urn AS school_urn USING (urn)
    CROSS JOIN protocol.study AS study
    GROUP BY school_urn.school_id
)

SELECT
    school.school_name || ' (' || school.urn || ')' AS "School (URN)",
    CASE WHEN school.is_maintained THEN 'yes' ELSE 'no' END AS "Maintained",
    CASE WHEN coalesce(listed.is_visited, false) THEN 'yes' ELSE 'no' END AS "In the outcome year",
    coalesce(listed.visits, 'nothing on file') AS "Inspections and reviews, newest first"
FROM mart.school AS school
LEFT JOIN listed USING (school_id)
WHERE school.is_open AND school.is_local AND school.is_state_funded AND (SELECT count(*) FROM visit) > 0
ORDER BY school.is_maintained DESC, coalesce(listed.is_visited, false), school.school_name, school.urn
