-- Where fewer than five schools stand on a side nothing is judged, and nothing estimated either. Of few pupils or
-- schools, where both sides meet is not said.
SELECT
    overlap.* EXCLUDE (n_programme_pupils, n_comparison_pupils)
    REPLACE (
        CASE WHEN NOT says_too_much THEN n_comparison_schools_in_range END AS n_comparison_schools_in_range,
        CASE WHEN NOT says_too_much THEN programme_in_range_share END AS programme_in_range_share,
        CASE WHEN NOT says_too_much THEN is_extrapolation END AS is_extrapolation
    )
FROM impact.overlap AS overlap
CROSS JOIN LATERAL (
    SELECT
        NOT is_public(overlap.measure)
        AND least(overlap.n_programme_pupils, overlap.n_comparison_pupils) < minimum_cell() AS says_too_much
) AS size
WHERE overlap.n_comparison_schools_in_range IS NOT NULL
ORDER BY overlap.programme, overlap.measure
