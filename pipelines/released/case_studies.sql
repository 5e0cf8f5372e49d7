SELECT
    case_study.school_id,
    school.school_name,
    school.urn,
    case_study.programme,
    publishable_text(case_studies.context) AS context,
    publishable_text(case_studies.support_received) AS support,
    publishable_text(case_studies.statement) AS statement
FROM mart.case_study AS case_study
JOIN raw.case_studies AS case_studies USING (source_id, row_number)
JOIN mart.school AS school USING (school_id)
ORDER BY school.school_name, case_study.programme
