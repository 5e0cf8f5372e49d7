-- A share is stated as the pupils who met it over the pupils, both counts shown, so that no decimal says more.
WITH counted AS (
    SELECT
        comparison.*,
        comparison.rowid AS place,
        asked.unit,
        CASE WHEN asked.unit = 'share' THEN CAST(round(comparison.mean * n_pupils) AS BIGINT) END AS n_meeting
    FROM impact.comparison
    JOIN (
        SELECT measure, any_value(unit) AS unit
        FROM protocol.programme_measure
        GROUP BY measure
    ) AS asked USING (measure)
)

SELECT * EXCLUDE (place) REPLACE (coalesce(n_meeting / n_pupils, mean) AS mean), false AS suppressed
FROM counted
ORDER BY place
