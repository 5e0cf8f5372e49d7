WITH span AS (
    SELECT
        make_date(min(CAST(left(study_year.academic_year, 4) AS INTEGER)) - 5, 9, 1) AS first_day,
        -- Without as_at in the protocol, today's date is unknown.
        coalesce(any_value(study.as_at), any_value(study.reference_date) + INTERVAL 1 YEAR) AS last_day
    FROM protocol.study_year AS study_year
    CROSS JOIN protocol.study AS study
)

SELECT
    source_id,
    row_number,
    {column} AS found,
    CAST(span.first_day AS DATE) || ' to ' || CAST(span.last_day AS DATE) AS expected
FROM {table}
CROSS JOIN span
WHERE {column} NOT BETWEEN span.first_day AND span.last_day
