-- Results of every school in each published group: a programme's schools and the other schools, each arm, and the
-- authority, in every release.
CREATE OR REPLACE TEMP TABLE side_result AS
WITH question AS (
    SELECT measure.programme, measure.measure, programme.target_group
    FROM protocol.programme_measure AS measure
    JOIN protocol.programme AS programme USING (programme)
    WHERE programme.is_evaluated
),

local_school AS (
    SELECT school.school_id, arm.arm
    FROM mart.school AS school
    LEFT JOIN mart.arm AS arm USING (school_id)
    WHERE school.is_local AND school.is_compared_kind
),

-- For a gap, both of its groups.
question_group AS (
    SELECT
        *,
        unnest(CASE target_group WHEN 'disadvantaged' THEN ['disadvantaged', 'not_disadvantaged'] ELSE [target_group] END)
            AS pupil_group
    FROM question
),

-- A school that joined a programme but is not under way in the outcome year is on neither side.
side AS (
    SELECT
        question.programme,
        question.measure,
        question.pupil_group,
        school.school_id,
        CASE WHEN member.school_id IS NULL THEN 'rest' ELSE 'programme' END AS arm
    FROM question_group AS question
    CROSS JOIN local_school AS school
    LEFT JOIN mart.exposure AS member
        ON member.programme = question.programme AND member.school_id = school.school_id AND member.is_outcome
    WHERE member.school_id IS NULL OR member.standing = 'under_way'
    UNION ALL
    SELECT DISTINCT 'all' AS programme, question.measure, question.target_group AS pupil_group, school.school_id, school.arm
    FROM question
    CROSS JOIN local_school AS school
    UNION ALL
    SELECT DISTINCT 'all' AS programme, question.measure, question.pupil_group, school.school_id, 'authority' AS arm
    FROM question_group AS question
    CROSS JOIN local_school AS school
),

-- The smallest published group of each school: the Department publishes a school's group only if both the group and its
-- complement have enough pupils.
published AS (
    SELECT school_id, measure, academic_year, release_status, min(n_pupils) AS n_least
    FROM mart.cell
    WHERE value_status = 'value' AND n_pupils > 0 AND pupil_group IN ('all', 'disadvantaged', 'not_disadvantaged')
    GROUP BY school_id, measure, academic_year, release_status
)

-- A reader can subtract all published schools from a total, and the total from the authority's. If few unpublished
-- schools remain in it or outside it, it leaves out its own.
SELECT
    side.*,
    cell.key_stage,
    cell.academic_year,
    cell.release_status,
    cell.n_pupils,
    cell.mean,
    cell.rounding_half_width,
    NOT is_public(side.measure)
    AND NOT is_special_need(side.pupil_group)
    AND least(cell.n_pupils, published.n_least) < minimum_cell() AS is_unpublished,
    is_unpublished
    AND count(*) FILTER (NOT is_unpublished) OVER of_total > 0
    AND (
        count(*) FILTER (is_unpublished) OVER of_total < fewest_schools_unpublished()
        OR count(*) FILTER (is_unpublished AND side.arm = 'authority') OVER of_authority
        - count(*) FILTER (is_unpublished) OVER of_total BETWEEN 1 AND fewest_schools_unpublished() - 1
    ) AS is_left_out
FROM side
JOIN mart.cell AS cell USING (school_id, measure, pupil_group)
LEFT JOIN published USING (school_id, measure, academic_year, release_status)
WHERE cell.value_status = 'value' AND cell.n_pupils > 0
WINDOW
    of_total AS (
        PARTITION BY side.programme, side.measure, side.pupil_group, side.arm, cell.academic_year, cell.release_status
    ),
    of_authority AS (PARTITION BY side.measure, side.pupil_group, cell.academic_year, cell.release_status)
