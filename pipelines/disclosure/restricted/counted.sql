-- The pupils behind every count that could be released: one row a school, group, measure, year and release, for each
-- programme's standing of that school; programme 'all' for counts that are of no programme. `is_compared` is of these
-- pupils, `reason` of the programme's own target pupils.
WITH pupil AS (
    SELECT *
    FROM mart.cell
    WHERE
        value_status = 'value'
        AND n_pupils > 0
        AND (
            measure IN (SELECT measure FROM protocol.programme_measure)
            OR measure LIKE '%_sen_support_share'
        )
),

-- Who is identified is compared over the years of the programme's own measures.
used_year AS (
    SELECT programme, measure, academic_year FROM impact.baseline_year WHERE is_used
    UNION
    SELECT programme, key_stage || '_sen_support_share', academic_year FROM impact.baseline_year WHERE is_used
),

-- As a comparison keeps a school: a result in the outcome year and in one year before that it uses.
kept AS (
    SELECT used_year.programme, outcome.school_id, outcome.measure, outcome.pupil_group
    FROM mart.outcome AS outcome
    JOIN used_year USING (measure)
    WHERE
        outcome.value_status = 'value'
        AND outcome.n_pupils > 0
        AND outcome.is_compared_kind
        AND (outcome.is_outcome OR (outcome.is_baseline AND outcome.academic_year = used_year.academic_year))
    GROUP BY ALL
    HAVING bool_or(outcome.is_outcome) AND bool_or(outcome.is_baseline)
),

programme AS (
    SELECT programme FROM protocol.programme WHERE is_evaluated
    UNION ALL
    SELECT 'all'
)

SELECT
    programme.programme,
    pupil.school_id,
    arm.arm,
    member.school_id IS NOT NULL AS is_member,
    CASE WHEN member.school_id IS NULL THEN 'rest' WHEN member.standing = 'under_way' THEN 'programme' END AS side,
    school.is_compared_kind,
    kept.school_id IS NOT NULL AS is_compared,
    compared.reason,
    coalesce(in_use.is_outcome, false) AS is_outcome,
    in_use.school_id IS NOT NULL AS is_in_use,
    coalesce(in_use.is_baseline, false) AS is_baseline,
    comparable.measure IS NOT NULL AND coalesce(in_use.is_baseline AND baseline_year.is_used, false)
        AS is_comparable_baseline,
    pupil.key_stage,
    pupil.measure,
    pupil.academic_year,
    pupil.release_status,
    pupil.pupil_group,
    CAST(pupil.n_pupils AS BIGINT) AS n_pupils,
    CASE WHEN pupil.measure IN (SELECT measure FROM protocol.measure WHERE counts_pupils) THEN pupil.mean * pupil.n_pupils END AS n_meeting
FROM pupil
CROSS JOIN programme
JOIN mart.school AS school USING (school_id)
LEFT JOIN mart.arm AS arm USING (school_id)
LEFT JOIN mart.exposure AS member
    ON member.school_id = pupil.school_id AND member.programme = programme.programme AND member.is_outcome
LEFT JOIN impact.compared_school AS compared
    ON compared.programme = programme.programme
    AND compared.measure = pupil.measure
    AND compared.school_id = pupil.school_id
LEFT JOIN kept
    ON kept.programme = programme.programme
    AND kept.school_id = pupil.school_id
    AND kept.measure = pupil.measure
    AND kept.pupil_group = pupil.pupil_group
LEFT JOIN mart.outcome AS in_use
    ON in_use.school_id = pupil.school_id
    AND in_use.measure = pupil.measure
    AND in_use.pupil_group = pupil.pupil_group
    AND in_use.academic_year = pupil.academic_year
    AND in_use.release_status = pupil.release_status
LEFT JOIN impact.baseline_year AS baseline_year
    ON baseline_year.programme = programme.programme
    AND baseline_year.measure = pupil.measure
    AND baseline_year.academic_year = pupil.academic_year
LEFT JOIN protocol.comparable_baseline AS comparable
    ON comparable.measure = pupil.measure AND comparable.academic_year = pupil.academic_year
-- Those outside the authority are pupils of tables that are public as they are.
WHERE school.is_local
