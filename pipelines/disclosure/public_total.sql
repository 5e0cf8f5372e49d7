-- What may be read of every group of pupils: of each programme's schools and of the others, of each arm, and of the
-- authority, in every release. Counts are rounded, shares are of rounded counts, other means are rounded to what they
-- can bear. The rules, and why: `README.md`.
CREATE OR REPLACE TEMP TABLE public_total AS
-- How far pupils lie apart, from all schools of the authority whose pupils are on file.
WITH spread AS (
    SELECT
        measure,
        pupil_group,
        academic_year,
        release_status,
        sum((n_pupils - 1) * variance) / sum(n_pupils - 1) / (1 - similarity_within_school()) AS variance
    FROM mart.outcome
    WHERE is_local AND is_compared_kind AND n_pupils > 1 AND variance IS NOT NULL
    GROUP BY measure, pupil_group, academic_year, release_status
),

total AS (
    SELECT
        programme,
        measure,
        pupil_group,
        arm,
        key_stage,
        academic_year,
        release_status,
        count(*) FILTER (NOT is_left_out) AS n_schools,
        count(*) FILTER (is_left_out) AS n_schools_left_out,
        list(school_id ORDER BY school_id) FILTER (is_left_out) AS schools_left_out,
        CAST(round(sum(n_pupils) FILTER (NOT is_left_out)) AS BIGINT) AS n_exactly,
        sum(mean * n_pupils) FILTER (NOT is_left_out) / sum(n_pupils) FILTER (NOT is_left_out) AS mean_exactly,
        CASE WHEN any_value(declared.counts_pupils) THEN round(mean_exactly * n_exactly) END AS n_meeting_exactly,
        NOT is_public(measure)
        AND (
            are_few(n_exactly)
            OR coalesce(least(n_meeting_exactly, n_exactly - n_meeting_exactly) < minimum_cell(), false)
            OR (is_special_need(pupil_group) AND n_schools < fewest_schools())
        ) AS says_too_much
    FROM temp.side_result
    JOIN (SELECT measure, counts_pupils FROM protocol.measure) AS declared USING (measure)
    GROUP BY programme, measure, pupil_group, arm, key_stage, academic_year, release_status
),

-- Both sides of a programme are the authority, and both groups of a gap are all its pupils; totals of these others
-- publish. So what is said of a programme in a year stands or falls together, and arms fall with any programme.
fallen AS (
    SELECT
        *,
        bool_or(says_too_much) OVER (PARTITION BY programme, measure, academic_year, release_status) AS is_fallen
    FROM total
),

judged AS (
    SELECT
        * EXCLUDE (is_fallen),
        CASE
            WHEN arm IN ('programme', 'rest') THEN is_fallen
            WHEN arm = 'authority' THEN says_too_much
            ELSE says_too_much OR coalesce(bool_or(is_fallen) FILTER (programme <> 'all') OVER of_group, false)
        END AS suppressed
    FROM fallen
    WINDOW of_group AS (PARTITION BY measure, pupil_group, academic_year, release_status)
),

rounded AS (
    SELECT
        *,
        rounded_count(n_exactly, measure) AS n_own,
        rounded_count(n_meeting_exactly, measure) AS n_meeting_own
    FROM judged
),

-- Who knows the authority's total would narrow two roundings of it down: the others are what it leaves of the total as
-- it is rounded, so that they tell nothing that the programme's do not.
counted AS (
    SELECT
        *,
        any_value(n_own) FILTER (arm = 'authority') OVER of_all
        - any_value(n_own) FILTER (arm = 'programme') OVER of_programme AS n_left,
        any_value(n_meeting_own) FILTER (arm = 'authority') OVER of_all
        - any_value(n_meeting_own) FILTER (arm = 'programme') OVER of_programme AS n_meeting_left,
        arm = 'rest'
        AND n_schools = any_value(n_schools) FILTER (arm = 'authority') OVER of_all
        - any_value(n_schools) FILTER (arm = 'programme') OVER of_programme AS is_all_but_them
    FROM rounded
    WINDOW
        of_all AS (PARTITION BY measure, pupil_group, academic_year, release_status),
        of_programme AS (PARTITION BY programme, measure, pupil_group, academic_year, release_status)
),

shown AS (
    SELECT
        counted.*,
        -- Three roundings may leave so few that it would be shown as nobody, or as all of them. What is public is not
        -- rounded, but for pupils who met a standard in a whole percentage of them: its others are their own.
        NOT is_public(measure)
        AND is_all_but_them
        AND n_left >= minimum_cell()
        AND coalesce(least(n_meeting_left, n_left - n_meeting_left) >= minimum_cell(), true) AS is_the_rest,
        CASE WHEN is_the_rest THEN n_left ELSE n_own END AS n_pupils,
        CASE WHEN is_the_rest THEN n_meeting_left ELSE n_meeting_own END AS n_meeting,
        CASE WHEN is_public(measure) THEN NULL ELSE step_of_mean(measure, n_pupils) END AS step,
        CASE
            WHEN n_meeting IS NOT NULL THEN n_meeting / n_pupils
            WHEN step IS NULL THEN mean_exactly
            ELSE to_step(mean_exactly, step)
        END AS mean,
        -- Pupils of one school are alike: so many independent ones they count as (Kish 1965, Survey Sampling, 5.4).
        n_pupils / (1 + similarity_within_school() * greatest(n_pupils / n_schools - 1, 0)) AS n_effective
    FROM counted
),

-- From what is shown and how alike pupils are, so that it tells nothing more. Of a share it is the score interval, of
-- another mean what pupils of the whole authority differ by.
interval AS (
    SELECT
        shown.*,
        normal_value() * sqrt(spread.variance / n_effective) AS margin,
        CASE WHEN n_meeting IS NULL THEN [mean - margin, mean + margin] ELSE score_interval(mean, n_effective) END AS ends
    FROM shown
    LEFT JOIN spread USING (measure, pupil_group, academic_year, release_status)
)

SELECT
    programme,
    measure,
    pupil_group,
    arm,
    key_stage,
    academic_year,
    release_status,
    suppressed,
    n_schools_left_out,
    schools_left_out,
    n_exactly,
    CASE WHEN NOT suppressed THEN n_schools END AS n_schools,
    CASE WHEN NOT suppressed THEN n_pupils END AS n_pupils,
    CASE WHEN NOT suppressed THEN n_meeting END AS n_meeting,
    CASE WHEN NOT suppressed THEN mean END AS mean,
    CASE WHEN NOT suppressed THEN ends[1] END AS ci_low,
    CASE WHEN NOT suppressed THEN ends[2] END AS ci_high
FROM interval
