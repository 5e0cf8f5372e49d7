-- A school seldom has the same figure of as many pupils in two years. If most do, one file is a copy of the other.
-- Figures without a number of pupils are not compared: coarse rates, such as absence, agree often.
WITH figure AS (
    SELECT
        outcome.source_id,
        outcome.academic_year,
        outcome.urn,
        outcome.measure,
        outcome.pupil_group,
        outcome.{column} AS figure,
        outcome.n_pupils
    FROM {table} AS outcome
    CROSS JOIN protocol.study AS study
    WHERE outcome.{column} IS NOT NULL AND outcome.n_pupils > 0 AND outcome.laestab // 10000 = study.local_authority
),

pair AS (
    SELECT
        later.source_id,
        earlier.source_id AS earlier_id,
        count(*) AS n_figures,
        count(*) FILTER (later.figure = earlier.figure AND later.n_pupils = earlier.n_pupils) AS n_same
    FROM figure AS later
    JOIN figure AS earlier USING (urn, measure, pupil_group)
    WHERE later.academic_year > earlier.academic_year
    GROUP BY later.source_id, earlier.source_id
)

SELECT
    source_id,
    CAST(NULL AS BIGINT) AS row_number,
    CAST(NULL AS VARCHAR) AS heading,
    format('{:,} of {:,} figures as in ', n_same, n_figures) || earlier_id AS found
FROM pair
WHERE n_figures >= 30 AND n_same > 0.5 * n_figures
