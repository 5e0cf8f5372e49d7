SELECT
    study,
    title,
    local_authority_name,
    is_fictional,
    reference_date,
    as_at,
    outcome_year,
    (SELECT string_agg(academic_year, ', ' ORDER BY academic_year) FROM protocol.study_year WHERE is_outcome)
        AS outcome_years,
    (SELECT string_agg(academic_year, ', ' ORDER BY academic_year) FROM protocol.study_year WHERE NOT is_outcome)
        AS baseline_years,
    minimum_cell,
    (SELECT string_agg(key_stage, ', ' ORDER BY key_stage) FROM temp.public_key_stage) AS public_key_stages,
    -- The confidence level of every interval; a test compares it with CONFIDENCE.
    0.95 AS confidence_share,
    publishable_text(prepared_for) AS prepared_for,
    publishable_text(contact) AS contact,
    protocol_sha256 AS study_hash,
    sources_sha256 AS source_hash,
    (SELECT min(academic_year) || ' to ' || max(academic_year) FROM protocol.study_year) AS period
FROM protocol.study
