-- With fewer than five schools on a side, overlap is not computed and there is no estimate. For few pupils or schools,
-- the degree of overlap is suppressed.
SELECT
    overlap.* EXCLUDE (n_programme_pupils, n_comparison_pupils)
    REPLACE (
        CASE WHEN NOT is_disclosive THEN n_comparison_schools_in_range END AS n_comparison_schools_in_range,
        CASE WHEN NOT is_disclosive THEN programme_in_range_share END AS programme_in_range_share,
        CASE WHEN NOT is_disclosive THEN is_extrapolation END AS is_extrapolation
    )
FROM impact.overlap AS overlap
CROSS JOIN LATERAL (
    SELECT
        NOT is_public(overlap.measure)
        AND least(overlap.n_programme_pupils, overlap.n_comparison_pupils) < minimum_cell() AS is_disclosive
) AS size
WHERE overlap.n_comparison_schools_in_range IS NOT NULL
ORDER BY overlap.programme, overlap.measure
