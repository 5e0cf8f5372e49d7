-- Only for measures in use. The school census counts the pupils of attendance.
SELECT
    published.source_id,
    CAST(NULL AS BIGINT) AS row_number,
    any_value(published.column_name) AS heading,
    format(
        '{:,} {}, none with its number of pupils', count(*), CASE count(*) WHEN 1 THEN 'figure' ELSE 'figures' END
    ) AS found
FROM {table} AS published
JOIN protocol.measure AS measure USING (measure)
WHERE
    published.level LIKE '%school'
    AND published.{column} IS NOT NULL
    AND measure.is_in_use
    AND (measure.key_stage <> 'attendance' OR NOT EXISTS (FROM raw.school_census))
GROUP BY published.source_id, published.measure, published.pupil_group
HAVING count(published.n_pupils) = 0
