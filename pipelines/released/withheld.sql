-- Number of withheld figures by table, without the reason: knowing why a figure is withheld reveals more about it. A
-- school's year, or a side, without pupils has nothing to withhold and counts as shown.
SELECT
    'comparison' AS released_table,
    count(*) FILTER (figure_status = 'shown') AS n_shown,
    count(*) FILTER (figure_status = 'suppressed') AS n_withheld
FROM released.comparison
UNION ALL
SELECT
    'impact',
    count(*) FILTER (figure_status = 'shown'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.impact
UNION ALL
SELECT
    'answer_by_year',
    count(*) FILTER (figure_status = 'shown'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.answer_by_year
UNION ALL
SELECT
    'revisions',
    count(*) FILTER (figure_status = 'shown'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.revisions
UNION ALL
SELECT 'school_point', coalesce(sum(n_schools_shown), 0), coalesce(sum(n_schools_withheld), 0)
FROM released.school_point_withheld
UNION ALL
SELECT
    'case_study_result',
    count(*) FILTER (figure_status <> 'suppressed'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.case_study_result
UNION ALL
SELECT
    'attrition',
    count(*) FILTER (figure_status <> 'suppressed'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.attrition
UNION ALL
SELECT
    'balance',
    count(*) FILTER (figure_status = 'shown'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.balance
UNION ALL
-- A programme without a complete census has nothing to withhold.
SELECT
    'programme',
    count(n_target_pupils_on_roll),
    count(*) FILTER (
        n_target_pupils_on_roll IS NULL
        AND n_schools_with_census = n_schools
        AND census_academic_year IS NOT NULL
        AND target_group IN ('all', 'sen_support', 'ehc_plan', 'disadvantaged')
    )
FROM released.programme
UNION ALL
SELECT
    'priority',
    count(*) FILTER (figure_status = 'shown'),
    count(*) FILTER (figure_status = 'suppressed')
FROM released.priority
