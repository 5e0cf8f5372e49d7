-- Facts about every URN in the study's files, from which `pipelines.identity` decides the school. A decision refers to
-- the first file in this order.
WITH result AS (
    SELECT 3 AS place_order, urn, laestab, school_name, academic_year, source_id, row_number
    FROM raw.published_outcome
    WHERE urn IS NOT NULL AND level IN ('mainstream_school', 'special_school')
    UNION ALL
    SELECT 4, urn, laestab, NULL, academic_year, source_id, row_number FROM pupils.ks2_pupils
    UNION ALL
    SELECT 5, urn, laestab, NULL, academic_year, source_id, row_number FROM pupils.ks4_pupils
),

named AS (
    SELECT 1 AS place_order, urn, source_id, row_number FROM raw.school_register
    UNION ALL
    SELECT 2, urn, source_id, row_number FROM raw.enrolments
    UNION ALL
    SELECT place_order, urn, source_id, row_number FROM result
    UNION ALL
    SELECT 6, urn, source_id, row_number FROM raw.eligibility
    UNION ALL
    SELECT 7, urn, source_id, row_number FROM raw.evaluations
    UNION ALL
    SELECT 8, urn, source_id, row_number FROM raw.statements
    UNION ALL
    SELECT 9, urn, source_id, row_number FROM raw.case_studies
    UNION ALL
    SELECT 10, urn, source_id, row_number FROM raw.inspections
    UNION ALL
    SELECT 11, urn, source_id, row_number FROM raw.reviews
    UNION ALL
    SELECT 12, urn, source_id, row_number FROM raw.school_census
),

listed AS (
    SELECT urn, unnest(min({ place_order: place_order, source_id: source_id, row_number: row_number }))
    FROM named
    WHERE urn IS NOT NULL
    GROUP BY urn
),

with_results AS (
    SELECT
        urn,
        max_by(laestab, academic_year) AS laestab,
        max_by(school_name, academic_year) AS school_name,
        list(DISTINCT source_id) AS outcome_files,
        coalesce(bool_or(study_year.academic_year IS NOT NULL), false) AS is_in_study_years
    FROM result
    LEFT JOIN protocol.study_year AS study_year USING (academic_year)
    GROUP BY urn
),

enrolled AS (
    SELECT DISTINCT urn FROM raw.enrolments
),

linked AS (
    SELECT
        urn,
        list({
            link_urn: link_urn,
            link_type: link_type,
            link_date: link_date,
            source_id: source_id,
            row_number: row_number
        }) AS links
    FROM raw.school_links
    GROUP BY urn
),

corrected AS (
    SELECT
        urn,
        list({
            school_urn: school_urn,
            reason: reason,
            decided_by: decided_by,
            decided_on: decided_on,
            source_id: source_id,
            row_number: row_number
        }) AS corrections
    FROM raw.school_corrections
    GROUP BY urn
),

described AS (
    SELECT
        urn,
        coalesce(register.school_name, with_results.school_name) AS school_name,
        CASE WHEN register.urn IS NULL THEN with_results.laestab
            ELSE register.la_code * 10000 + register.establishment_number END AS laestab,
        coalesce(register.la_code, with_results.laestab // 10000) AS la_code,
        register.open_date,
        register.close_date,
        register.urn IS NOT NULL AS is_registered,
        enrolled.urn IS NOT NULL AS is_enrolled,
        coalesce(with_results.is_in_study_years, false) AS is_in_study_years,
        coalesce(with_results.outcome_files, []) AS outcome_files,
        coalesce(linked.links, []) AS links,
        coalesce(corrected.corrections, []) AS corrections,
        listed.source_id,
        listed.row_number
    FROM listed
    FULL JOIN linked USING (urn)
    FULL JOIN corrected USING (urn)
    LEFT JOIN raw.school_register AS register USING (urn)
    LEFT JOIN with_results USING (urn)
    LEFT JOIN enrolled USING (urn)
)

-- A school of another authority is at most one of many comparison schools, so it need not be resolved.
SELECT
    described.* EXCLUDE (la_code, is_enrolled, is_in_study_years),
    is_enrolled OR (is_in_study_years AND coalesce(la_code = study.local_authority, false)) AS is_needed
FROM described
CROSS JOIN protocol.study AS study
ORDER BY described.urn
