-- Events at a school with a case study, from the study's first year to the date of its sources. Only public events and
-- the school's own lines: unpublished reviews are omitted.
WITH case_study_school AS (
    SELECT programme, school_id
    FROM mart.case_study
),

tested AS (
    SELECT case_study_school.*, with_results.key_stage
    FROM case_study_school
    JOIN mart.school_key_stage AS with_results USING (school_id)
),

span AS (
    SELECT
        make_date(CAST(left(min(study_year.academic_year), 4) AS INTEGER), 9, 1) AS first_day,
        coalesce(any_value(study.as_at), any_value(study.reference_date)) AS last_day,
        (SELECT min(tests_from) FROM protocol.key_stage_tests) AS first_test
    FROM protocol.study_year AS study_year
    CROSS JOIN protocol.study AS study
),

event AS (
    SELECT
        case_study_school.programme, case_study_school.school_id, support.from_date, nullif(support.until_date, support.from_date) AS until_date,
        'support' AS kind, publishable_text(support.support) AS happened
    FROM case_study_school
    JOIN mart.school_urn AS school_urn USING (school_id)
    JOIN raw.case_study_support AS support
        ON support.programme = case_study_school.programme AND support.urn = school_urn.urn
    JOIN mart.text_review AS review
        ON review.source_id = support.source_id AND review.row_number = support.row_number
    WHERE review.decision IN ('passes', 'reviewed')
    UNION ALL BY NAME
    SELECT programme, school_id, member.start_date AS from_date, 'programme' AS kind, 'The school joins the programme' AS happened
    FROM case_study_school
    JOIN mart.programme_school AS member USING (programme, school_id)
    WHERE member.start_date IS NOT NULL
    UNION ALL BY NAME
    SELECT
        tested.programme, tested.school_id, tests.tests_from AS from_date, tests.tests_until AS until_date,
        'tests' AS kind, tests.label AS happened
    FROM tested
    JOIN protocol.key_stage_tests AS tests USING (key_stage)
    UNION ALL BY NAME
    SELECT
        tested.programme, tested.school_id, source.published AS from_date, 'results' AS kind,
        CASE tested.key_stage
            WHEN 'phonics' THEN 'Phonics results'
            WHEN 'ks1' THEN 'Key Stage 1 results'
            WHEN 'ks2' THEN 'Key Stage 2 results'
            WHEN 'ks4' THEN 'Key Stage 4 results'
            ELSE 'Attendance figures'
        END || ' come out: '
        || CASE source.release_status WHEN 'school_return' THEN 'as schools returned them' ELSE source.release_status END AS happened
    FROM tested
    JOIN raw.source AS source ON regexp_replace(source.kind, '_(pupils|schools)$', '') = tested.key_stage
    JOIN protocol.study AS study ON study.outcome_year = source.academic_year
    WHERE source.published IS NOT NULL
    UNION ALL BY NAME
    SELECT DISTINCT
        case_study_school.programme, case_study_school.school_id, inspection.inspection_date AS from_date, 'inspection' AS kind,
        concat_ws(': ', 'Inspected', ['outstanding', 'good', 'requires improvement', 'inadequate'][inspection.overall_effectiveness]) AS happened
    FROM case_study_school
    JOIN mart.school_urn AS school_urn USING (school_id)
    JOIN raw.inspections AS inspection ON inspection.urn = school_urn.urn
)

SELECT
    event.school_id,
    event.programme,
    row_number() OVER (
        PARTITION BY event.programme, event.school_id
        ORDER BY event.from_date, event.until_date NULLS FIRST, event.kind, event.happened
    ) AS place,
    event.from_date,
    event.until_date,
    event.kind,
    CASE event.kind WHEN 'support' THEN event.from_date < span.first_test END AS is_before_tests,
    event.happened
FROM event
CROSS JOIN span
WHERE event.kind = 'support' OR event.from_date BETWEEN span.first_day AND coalesce(span.last_day, event.from_date)
ORDER BY event.programme, event.school_id, place
