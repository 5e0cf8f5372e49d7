-- Where fewer than five schools stand on a side nothing is judged, and nothing estimated either.
SELECT *
FROM impact.overlap
WHERE n_comparison_schools_in_range IS NOT NULL
ORDER BY programme, measure
