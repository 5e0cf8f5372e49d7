-- The baseline years that each programme's comparison on a measure can use: both sides must have results that predate
-- the programme. A year that one side lacks would bias the comparison of levels. Half of a side's schools are enough,
-- as are $fewest_schools.
WITH question AS (
    SELECT
        measure.programme,
        measure.measure,
        measure.key_stage,
        programme.target_group AS pupil_group,
        programme.comparison_pool = 'matched' AS is_matched
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
),

match AS (
    SELECT DISTINCT programme, measure, matched_school_id AS school_id FROM impact.matched_school
),

with_outcome AS (
    SELECT DISTINCT
        question.programme,
        question.measure,
        question.pupil_group,
        outcome.school_id,
        member.school_id IS NOT NULL AS is_programme
    FROM question
    JOIN mart.outcome AS outcome USING (measure, pupil_group)
    LEFT JOIN mart.exposure AS member
        ON member.programme = question.programme AND member.school_id = outcome.school_id AND member.is_outcome
    LEFT JOIN match
        ON match.programme = question.programme
        AND match.measure = question.measure
        AND match.school_id = outcome.school_id
    WHERE
        outcome.is_outcome
        AND outcome.is_compared_kind
        AND outcome.value_status = 'value'
        AND outcome.n_pupils > 0
        AND coalesce(member.standing = 'under_way', true)
        AND CASE
            WHEN question.is_matched AND member.school_id IS NULL THEN match.school_id IS NOT NULL
            ELSE outcome.is_local
        END
),

before AS (
    SELECT with_outcome.*, earlier.academic_year
    FROM with_outcome
    JOIN mart.outcome AS earlier USING (school_id, measure, pupil_group)
    WHERE earlier.is_baseline AND earlier.value_status = 'value' AND earlier.n_pupils > 0
),

side AS (
    SELECT
        programme,
        measure,
        is_programme,
        least($fewest_schools, ceil(count(DISTINCT school_id) / 2)) AS fewest
    FROM before
    GROUP BY programme, measure, is_programme
),

counted AS (
    SELECT
        programme,
        measure,
        academic_year,
        count(*) FILTER (is_programme) AS n_programme_schools,
        count(*) FILTER (NOT is_programme) AS n_comparison_schools
    FROM before
    GROUP BY programme, measure, academic_year
)

SELECT
    question.programme,
    question.measure,
    question.key_stage,
    question.pupil_group,
    study_year.academic_year,
    coalesce(counted.n_programme_schools, 0) AS n_programme_schools,
    coalesce(counted.n_comparison_schools, 0) AS n_comparison_schools,
    -- If a side has no school at all, the year is not the reason.
    counted.programme IS NOT NULL
    AND coalesce(counted.n_programme_schools >= inside.fewest, true)
    AND coalesce(counted.n_comparison_schools >= outside.fewest, true) AS is_used
FROM question
JOIN protocol.study_year AS study_year ON NOT study_year.is_outcome
LEFT JOIN counted USING (programme, measure, academic_year)
LEFT JOIN side AS inside
    ON inside.programme = question.programme AND inside.measure = question.measure AND inside.is_programme
LEFT JOIN side AS outside
    ON outside.programme = question.programme AND outside.measure = question.measure AND NOT outside.is_programme
ORDER BY question.programme, question.measure, study_year.academic_year
