-- Enrolments by school, whatever the school's URN when it joined, and placebo programmes, whose schools are selected
-- here by the protocol's rule.
WITH enrolment AS (
    SELECT
        *,
        coalesce(
            enrolment_status = 'WITHDRAWN' OR (enrolment_status <> 'COMPLETED' AND end_date IS NOT NULL),
            end_date IS NOT NULL
        ) AS has_left
    FROM raw.enrolments
),

enrolled AS (
    SELECT
        enrolment.programme,
        school_urn.school_id,
        min(coalesce(enrolment.start_date, programme.starts)) AS start_date,
        -- A merged school has left when both predecessors have. Completing the programme is not leaving.
        max(enrolment.end_date) FILTER (enrolment.has_left) AS left_on,
        bool_and(enrolment.has_left) AS has_left,
        false AS is_placebo
    FROM enrolment
    JOIN mart.school_urn AS school_urn USING (urn)
    LEFT JOIN protocol.programme AS programme USING (programme)
    GROUP BY enrolment.programme, school_urn.school_id
),

-- Mainstream schools with a result for the target group in every year of the study, in the release in use.
candidate AS (
    SELECT
        programme.programme,
        programme.placebo_n_schools,
        cell.school_id,
        max(CASE WHEN measure.higher_is_better THEN cell.mean ELSE -cell.mean END)
        FILTER (cell.academic_year = programme.placebo_academic_year) AS weakness
    FROM protocol.programme AS programme
    JOIN mart.cell AS cell
        ON cell.measure = programme.placebo_measure AND cell.pupil_group = programme.target_group
    JOIN protocol.measure AS measure ON measure.measure = cell.measure
    JOIN mart.school AS school ON school.school_id = cell.school_id
    JOIN protocol.result_release AS release
        ON release.key_stage = cell.key_stage
        AND release.academic_year = cell.academic_year
        AND release.release_status = cell.release_status
    WHERE release.is_used AND cell.value_status = 'value' AND school.is_compared_kind AND school.is_local
    GROUP BY programme.programme, programme.placebo_n_schools, cell.school_id
    HAVING count(DISTINCT cell.academic_year) = (SELECT count(*) FROM protocol.study_year)
),

chosen AS (
    SELECT
        programme,
        school_id,
        CAST(NULL AS DATE) AS start_date,
        CAST(NULL AS DATE) AS left_on,
        false AS has_left,
        true AS is_placebo
    FROM candidate
    QUALIFY row_number() OVER (PARTITION BY programme ORDER BY weakness, school_id) <= placebo_n_schools
)

SELECT * REPLACE (CASE WHEN has_left THEN left_on END AS left_on) FROM enrolled
UNION ALL BY NAME
SELECT * FROM chosen
ORDER BY programme, school_id
