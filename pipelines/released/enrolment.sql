-- Participation is public. Placebo schools are selected by their results, so naming them would reveal these.
WITH named AS (
    SELECT
        school_id,
        urn,
        school_name || CASE count(*) OVER (PARTITION BY school_name)
            WHEN 1 THEN '' ELSE ' (' || urn || ')' END AS school_name
    FROM mart.school
)

SELECT
    named.school_name,
    enrolled.programme,
    enrolled.start_date
FROM mart.programme_school AS enrolled
JOIN protocol.programme AS programme USING (programme)
JOIN named USING (school_id)
WHERE NOT enrolled.is_placebo
ORDER BY named.school_name, named.urn, programme.protocol_order
