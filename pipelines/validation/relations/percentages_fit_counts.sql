-- Reports a column once, if more than one percentage in twenty is impossible for the pupil count beside it:
-- the count is then of other pupils. A few mismatches are normal, because percentages leave out pupils whose
-- result is missing. Counts so large that any percentage is possible are not checked.
WITH figure AS (
    SELECT
        *,
        -- 20.20% may be 20.2% padded with a zero, so trailing zeros do not show the rounding.
        0.5 * pow(10, -length(rtrim(regexp_extract(raw_text, '\.([0-9]+)', 1), '0')))
        / 100 + 1e-9 AS rounding
    FROM {table}
    WHERE
        measure IN (SELECT measure FROM protocol.measure WHERE counts_pupils AND is_in_use)
        AND n_pupils > 0
        AND {column} IS NOT NULL
),

judged AS (
    SELECT *, abs(round({column} * n_pupils) / n_pupils - {column}) > rounding AS is_none
    FROM figure
    WHERE 1 / n_pupils > 2 * rounding
)

SELECT
    source_id,
    min(row_number) FILTER (is_none) AS row_number,
    column_name AS heading,
    format('{:,} of {:,} percentages, as ', count(*) FILTER (is_none), count(*))
    || arg_min(raw_text || ' of ' || n_pupils || ' pupils', row_number) FILTER (is_none) AS found
FROM judged
GROUP BY source_id, column_name, measure, pupil_group
HAVING count(*) FILTER (is_none) > 0.05 * count(*)
