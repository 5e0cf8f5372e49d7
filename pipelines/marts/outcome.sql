-- The cells the comparison is made of: local schools, the years of the study, and for each key stage and
-- year the most final release the study has.
WITH release_rank AS (
    SELECT * FROM (
        VALUES ('school_return', 1), ('provisional', 2), ('revised', 3), ('final', 4)
    ) AS ranked (release_status, finality)
),

in_use AS (
    SELECT cell.*
    FROM mart.cell AS cell
    JOIN release_rank USING (release_status)
    JOIN protocol.study_year USING (academic_year)
    QUALIFY release_rank.finality
        = max(release_rank.finality) OVER (PARTITION BY cell.key_stage, cell.academic_year)
)

SELECT
    in_use.*,
    school.is_special,
    arm.arm,
    study_year.is_outcome
FROM in_use
JOIN mart.school AS school USING (school_id)
JOIN mart.arm AS arm USING (school_id)
JOIN protocol.study_year AS study_year USING (academic_year)
ORDER BY in_use.school_id, in_use.academic_year, in_use.pupil_group, in_use.measure
