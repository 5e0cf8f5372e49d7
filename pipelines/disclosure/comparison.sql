-- A share is stated as the pupils who met it over the pupils, both counts shown, so that no decimal says more.
-- An interval tells how the schools' results spread: of few schools, what each got. It is shown of ten schools or
-- more where all of the same pupils' estimates may be told (`restricted/bearable.sql`), in all years or in none.
-- Where another figure of theirs is withheld, the door takes the range away. Results that are public by school keep
-- every interval.
WITH counted AS (
    SELECT
        comparison.*,
        comparison.rowid AS place,
        asked.unit,
        CASE WHEN measure.counts_pupils THEN CAST(round(comparison.mean * n_pupils) AS BIGINT) END AS n_meeting,
        NOT bool_and(
            is_public(measure) OR (n_schools >= 10 AND coalesce(may_be_told, 'all') = 'all')
        ) OVER (PARTITION BY programme, arm, pupil_group, measure) AS is_interval_withheld
    FROM impact.comparison
    JOIN (
        SELECT measure, any_value(unit) AS unit, any_value(key_stage) AS key_stage
        FROM protocol.programme_measure
        GROUP BY measure
    ) AS asked USING (measure)
    JOIN protocol.measure AS measure USING (measure)
    LEFT JOIN temp.bearable AS bearable
        ON bearable.key_stage = asked.key_stage
        AND bearable.of_pupils = whose_figures(comparison.measure, comparison.pupil_group)
)

SELECT * EXCLUDE (place) REPLACE (
    coalesce(n_meeting / n_pupils, mean) AS mean,
    CASE WHEN NOT is_interval_withheld THEN ci_low END AS ci_low,
    CASE WHEN NOT is_interval_withheld THEN ci_high END AS ci_high
), false AS suppressed
FROM counted
ORDER BY place
