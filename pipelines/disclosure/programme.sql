SELECT
    programme.programme,
    programme.title,
    programme.fund,
    programme.priority,
    programme.is_evaluated,
    programme.is_placebo,
    programme.funding_gbp,
    programme.target_group,
    programme.starts,
    programme.expected_schools AS n_expected_schools,
    count(school.school_id) AS n_schools,
    count(school.school_id) FILTER (school.has_ks2) AS n_ks2_schools,
    count(school.school_id) FILTER (school.has_ks4) AS n_ks4_schools
FROM protocol.programme AS programme
LEFT JOIN mart.programme_school USING (programme)
LEFT JOIN mart.school AS school USING (school_id)
GROUP BY ALL
ORDER BY any_value(programme.protocol_order)
