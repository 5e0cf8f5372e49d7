-- Nobody chooses: up to 24 statements of a programme are all shown. If there are more, each tone gets one and the rest
-- are allocated in proportion to the publishable statements, by largest remainder; statements are then drawn at random.
WITH received AS (
    SELECT
        statements.programme,
        coalesce(lower(statements.tone), 'not given') AS tone,
        statements.consent = 'YES' AS has_consent,
        coalesce(review.decision IN ('passes', 'reviewed'), false) AS may_be_shown
    FROM raw.statements
    LEFT JOIN mart.text_review AS review USING (source_id, row_number)
),

counted AS (
    SELECT
        programme,
        tone,
        count(*) AS n_received,
        count(*) FILTER (has_consent) AS n_consenting,
        count(*) FILTER (has_consent AND NOT may_be_shown) AS n_held,
        count(*) FILTER (may_be_shown) AS n_free
    FROM received
    GROUP BY programme, tone
),

programme_total AS (
    SELECT programme, 24 AS n_most, sum(n_free) AS n_free, count(*) FILTER (n_free > 0) AS n_tones
    FROM counted
    GROUP BY programme
),

quota AS (
    SELECT
        counted.*,
        total.n_most,
        total.n_free > total.n_most AS is_drawn,
        CASE
            WHEN total.n_free <= total.n_most OR counted.n_free = 0 THEN CAST(counted.n_free AS DOUBLE)
            ELSE round(
                1 + (total.n_most - total.n_tones) * (counted.n_free - 1) / (total.n_free - total.n_tones), 9
            )
        END AS share
    FROM counted
    JOIN programme_total AS total USING (programme)
),

shared_out AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY programme ORDER BY share - floor(share) DESC, tone) AS remainder_rank,
        n_most - sum(floor(share)) OVER (PARTITION BY programme) AS n_left
    FROM quota
)

SELECT
    shared_out.programme,
    shared_out.tone,
    shared_out.n_received,
    shared_out.n_consenting,
    shared_out.n_held,
    floor(share) + CASE WHEN is_drawn AND remainder_rank <= n_left THEN 1 ELSE 0 END AS n_shown,
    CASE
        WHEN is_drawn THEN 'drawn in proportion to tone, ' || n_most || ' a programme, with seed ' || study.seed
        ELSE 'every statement that may be shown'
    END AS rule
FROM shared_out
CROSS JOIN protocol.study AS study
ORDER BY
    shared_out.programme,
    list_position(['positive', 'mixed', 'negative', 'not given'], shared_out.tone)
