-- The results of every school of a group that figures are shown of: a programme's schools and the others, each arm, and
-- the authority, in every release.
CREATE OR REPLACE TEMP TABLE side_result AS
WITH asked AS (
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

-- For a gap, the other side of it too.
asked_group AS (
    SELECT
        *,
        unnest(CASE target_group WHEN 'disadvantaged' THEN ['disadvantaged', 'not_disadvantaged'] ELSE [target_group] END)
            AS pupil_group
    FROM asked
),

-- A school that joined a programme and is not under way in the outcome year is on neither of its sides.
side AS (
    SELECT
        asked.programme,
        asked.measure,
        asked.pupil_group,
        school.school_id,
        CASE WHEN member.school_id IS NULL THEN 'rest' ELSE 'programme' END AS arm
    FROM asked_group AS asked
    CROSS JOIN local_school AS school
    LEFT JOIN mart.exposure AS member
        ON member.programme = asked.programme AND member.school_id = school.school_id AND member.is_outcome
    WHERE member.school_id IS NULL OR member.standing = 'under_way'
    UNION ALL
    SELECT DISTINCT 'all' AS programme, asked.measure, asked.target_group AS pupil_group, school.school_id, school.arm
    FROM asked
    CROSS JOIN local_school AS school
    UNION ALL
    SELECT DISTINCT 'all' AS programme, asked.measure, asked.pupil_group, school.school_id, 'authority' AS arm
    FROM asked_group AS asked
    CROSS JOIN local_school AS school
),

-- The Department's tables show each school's pupils of some groups where as many are in the group, and outside it.
published AS (
    SELECT school_id, measure, academic_year, release_status, min(n_pupils) AS n_least
    FROM mart.cell
    WHERE value_status = 'value' AND n_pupils > 0 AND pupil_group IN ('all', 'disadvantaged', 'not_disadvantaged')
    GROUP BY school_id, measure, academic_year, release_status
)

-- Who takes all that is published off a total has what is left: where that is few schools, they are not counted in it.
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
    AND least(cell.n_pupils, published.n_least) < minimum_cell() AS is_left_by_tables,
    is_left_by_tables
    AND count(*) FILTER (is_left_by_tables) OVER of_total < fewest_schools_unpublished()
    AND count(*) FILTER (NOT is_left_by_tables) OVER of_total > 0 AS is_left_out
FROM side
JOIN mart.cell AS cell USING (school_id, measure, pupil_group)
LEFT JOIN published USING (school_id, measure, academic_year, release_status)
WHERE cell.value_status = 'value' AND cell.n_pupils > 0
WINDOW of_total AS (
    PARTITION BY side.programme, side.measure, side.pupil_group, side.arm, cell.academic_year, cell.release_status
)
