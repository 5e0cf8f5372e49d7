-- Only for measures in use. Rounding may take a figure past the end of the scale. Percentages such as -1% or
-- 101% are found while the file is read.
SELECT
    published.source_id,
    published.row_number,
    published.column_name AS heading,
    published.raw_text AS found,
    CASE measure.unit
        WHEN 'share' THEN format('{:g}% to {:g}%', 100 * measure.low, 100 * measure.high)
        ELSE format('{:g} to {:g}', measure.low, measure.high)
    END AS expected
FROM {table} AS published
JOIN protocol.measure AS measure USING (measure)
WHERE
    published.level LIKE '%school'
    AND measure.is_in_use
    AND NOT (measure.unit = 'share' AND published.{column} NOT BETWEEN 0 AND 1)
    AND published.{column} NOT BETWEEN
    measure.low - published.half_width - 1e-9 AND measure.high + published.half_width + 1e-9
