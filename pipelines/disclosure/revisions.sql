-- Programme schools' pooled results where the study holds more than one release of a year; special schools apart,
-- as wherever results are compared.
WITH release_rank AS (
    SELECT * FROM (
        VALUES ('school_return', 1), ('provisional', 2), ('revised', 3), ('final', 4)
    ) AS ranked (release_status, finality)
),

result AS (
    SELECT
        asked.programme,
        cell.pupil_group,
        cell.measure,
        cell.academic_year,
        cell.release_status,
        any_value(release_rank.finality) AS finality,
        CAST(sum(cell.n_pupils) AS BIGINT) AS n_pupils,
        -- A share over whole pupils, as everywhere it is released.
        CASE any_value(asked.unit)
            WHEN 'share' THEN round(sum(cell.mean * cell.n_pupils))
            ELSE sum(cell.mean * cell.n_pupils)
        END / sum(cell.n_pupils) AS mean
    FROM protocol.programme_measure AS asked
    JOIN protocol.programme AS programme USING (programme)
    JOIN mart.programme_school AS programme_school USING (programme)
    JOIN mart.school AS school USING (school_id)
    JOIN mart.cell AS cell
        ON cell.school_id = programme_school.school_id
        AND cell.measure = asked.measure
        AND cell.pupil_group = programme.target_group
    JOIN release_rank USING (release_status)
    WHERE cell.value_status = 'value' AND cell.n_pupils > 0 AND NOT school.is_special
    GROUP BY asked.programme, cell.pupil_group, cell.measure, cell.academic_year, cell.release_status
)

SELECT
    later.programme,
    later.pupil_group,
    later.measure,
    later.academic_year,
    earlier.release_status AS from_status,
    later.release_status AS to_status,
    earlier.n_pupils AS n_pupils_before,
    later.n_pupils AS n_pupils_after,
    earlier.mean AS before,
    later.mean AS after
FROM result AS later
JOIN result AS earlier USING (programme, pupil_group, measure, academic_year)
WHERE earlier.finality < later.finality
ORDER BY later.programme, later.measure, later.academic_year, earlier.finality, later.finality
