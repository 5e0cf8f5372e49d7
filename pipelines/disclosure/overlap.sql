-- Where fewer than five schools stand on a side nothing is judged, and nothing estimated either. Of few pupils, where
-- both sides meet is not said.
SELECT
    overlap.* EXCLUDE (n_programme_pupils, n_comparison_pupils)
    REPLACE (
        CASE WHEN NOT are_few THEN n_comparison_schools_in_range END AS n_comparison_schools_in_range,
        CASE WHEN NOT are_few THEN programme_in_range_share END AS programme_in_range_share,
        CASE WHEN NOT are_few THEN is_extrapolation END AS is_extrapolation
    )
FROM impact.overlap AS overlap
CROSS JOIN protocol.study AS study
CROSS JOIN LATERAL (
    SELECT least(overlap.n_programme_pupils, overlap.n_comparison_pupils) < study.minimum_cell AS are_few
) AS size
WHERE overlap.n_comparison_schools_in_range IS NOT NULL
ORDER BY overlap.programme, overlap.measure
