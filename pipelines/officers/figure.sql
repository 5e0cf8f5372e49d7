-- Every programme school's own figures, however few its pupils, and the pooled mean of each side of the comparison:
-- one row for each measure, year and school; the two pooled rows come first.
WITH standing AS (
    SELECT
        compared.*, asked.protocol_order, asked.unit, asked.label, asked.is_primary, measure.decimals, outcome.academic_year, outcome.release_status, outcome.n_pupils,
        outcome.mean, outcome.value_status, outcome.is_last
    FROM impact.compared_school AS compared
    JOIN protocol.programme_measure AS asked USING (programme, measure)
    JOIN protocol.measure AS measure USING (measure)
    JOIN mart.outcome AS outcome USING (school_id, measure, pupil_group)
),

pooled AS (
    SELECT
        programme, protocol_order, measure, label, is_primary, unit, decimals, pupil_group, academic_year, release_status, is_last,
        NOT is_programme AS is_comparison,
        CASE WHEN is_programme THEN 1 ELSE 2 END AS place,
        CASE WHEN is_programme THEN 'All programme schools compared' ELSE 'All schools they are compared with' END
            AS school,
        CAST(NULL AS VARCHAR) AS reason,
        'value' AS value_status,
        sum(n_pupils) AS n_pupils,
        sum(n_pupils * mean) / sum(n_pupils) AS mean
    FROM standing
    WHERE reason = 'compared' AND value_status = 'value' AND n_pupils > 0
    GROUP BY ALL
),

single AS (
    SELECT
        programme, protocol_order, measure, label, is_primary, unit, decimals, pupil_group, academic_year, release_status, is_last,
        false AS is_comparison,
        3 AS place,
        school.school_name || ' (' || school.urn || ')' AS school,
        comparison_reason.words AS reason,
        value_status,
        n_pupils,
        mean
    FROM standing
    JOIN mart.school AS school USING (school_id)
    JOIN protocol.comparison_reason USING (reason)
    WHERE is_programme
)

SELECT * FROM pooled
UNION ALL BY NAME
SELECT * FROM single
ORDER BY programme, protocol_order, place, school, academic_year
