-- A text held for two reasons counts under both.
WITH held AS (
    SELECT kind, programme, unnest(string_split(reasons, ', ')) AS reason
    FROM mart.text_review
    WHERE decision IN ('held', 'changed')
)

SELECT kind, programme, reason, count(*) AS n_texts
FROM held
GROUP BY kind, programme, reason
ORDER BY kind, programme, reason
