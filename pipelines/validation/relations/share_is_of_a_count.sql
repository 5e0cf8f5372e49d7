-- One place a column, if more than one figure in twenty is no share of the pupils beside it: then these are
-- other pupils. A few never are in the published tables, which leave out of a percentage, but not of the cohort,
-- pupils whose result is missing. Of so many pupils that every percentage is some share of them nothing is asked.
WITH figure AS (
    SELECT
        *,
        -- 20.20% may be 20.2% printed with another nought: noughts at the end say nothing of the rounding.
        0.5 * pow(10, -length(rtrim(regexp_extract(raw_text, '\.([0-9]+)', 1), '0')))
        / 100 + 1e-9 AS rounding
    FROM {table}
    WHERE
        measure IN (SELECT measure FROM protocol.measure WHERE counts_pupils AND is_asked)
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
