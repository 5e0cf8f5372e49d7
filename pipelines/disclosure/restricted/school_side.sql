-- Every school that a programme's primary measure compares, with its side, its fewest pupils in a year, and whether
-- its own point would say too much: too few pupils, or none or all of a small group.
WITH year AS (
    SELECT
        compared.programme,
        compared.measure,
        compared.pupil_group,
        compared.is_programme,
        compared.school_id,
        outcome.n_pupils,
        outcome.n_pupils < study.minimum_cell
        OR (
            asked.unit = 'share'
            AND outcome.n_pupils < $small_group * study.minimum_cell
            AND outcome.mean IN (0, 1)
        ) AS says_too_much
    FROM impact.compared_school AS compared
    JOIN protocol.programme_measure AS asked USING (programme, measure)
    JOIN mart.outcome AS outcome USING (school_id, measure, pupil_group)
    CROSS JOIN protocol.study AS study
    WHERE compared.reason = 'compared' AND asked.is_primary AND outcome.value_status = 'value' AND outcome.n_pupils > 0
)

SELECT
    programme,
    measure,
    pupil_group,
    is_programme,
    school_id,
    min(n_pupils) AS n_pupils,
    bool_or(says_too_much) AS says_too_much
FROM year
GROUP BY programme, measure, pupil_group, is_programme, school_id
ORDER BY ALL
