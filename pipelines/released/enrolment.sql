-- Every school of the authority with each programme it is in, or one row without a programme.
-- Participation is public. Placebo schools are selected by their results, so naming them would reveal these.
WITH named AS (
    SELECT
        school_id,
        urn,
        is_local AND is_open AND is_state_funded AS is_counted,
        school_name || CASE count(*) OVER (PARTITION BY school_name)
            WHEN 1 THEN '' ELSE ' (' || urn || ')' END AS school_name
    FROM mart.school
),

enrolled AS (
    SELECT enrolled.school_id, enrolled.programme, enrolled.start_date, programme.protocol_order
    FROM mart.programme_school AS enrolled
    JOIN protocol.programme AS programme USING (programme)
    WHERE NOT enrolled.is_placebo
)

SELECT
    named.school_name,
    named.urn,
    enrolled.programme,
    enrolled.start_date
FROM named
LEFT JOIN enrolled USING (school_id)
WHERE enrolled.programme IS NOT NULL OR (named.is_counted AND (SELECT count(*) FROM enrolled) > 0)
ORDER BY named.school_name, named.urn, enrolled.protocol_order
