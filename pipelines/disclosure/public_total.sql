-- What may be published of every pupil group, in every release: for each programme's schools and the other schools,
-- each arm, and the authority. Counts are rounded, percentages are ratios of rounded counts, and other means are
-- rounded to their disclosure step. `README.md` gives the rules and reasons.
CREATE OR REPLACE TEMP TABLE public_total AS
-- Pupil variance, from all schools of the authority with pupil files.
WITH spread AS (
    SELECT
        measure,
        pupil_group,
        academic_year,
        release_status,
        sum((n_pupils - 1) * variance) / sum(n_pupils - 1) / (1 - intraclass_correlation()) AS variance
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
        CAST(round(sum(n_pupils) FILTER (NOT is_left_out)) AS BIGINT) AS n_exact,
        sum(mean * n_pupils) FILTER (NOT is_left_out) / sum(n_pupils) FILTER (NOT is_left_out) AS mean_exact,
        CASE WHEN any_value(declared.counts_pupils) THEN round(mean_exact * n_exact) END AS n_meeting_exact,
        NOT is_public(measure)
        AND (
            are_few(n_exact)
            OR coalesce(least(n_meeting_exact, n_exact - n_meeting_exact) < minimum_cell(), false)
            OR (is_special_need(pupil_group) AND n_schools < fewest_schools())
        ) AS is_disclosive
    FROM temp.side_result
    JOIN (SELECT measure, counts_pupils FROM protocol.measure) AS declared USING (measure)
    GROUP BY programme, measure, pupil_group, arm, key_stage, academic_year, release_status
),

-- A programme's schools and the other schools add up to the authority, as the two groups of a gap add up to all pupils,
-- and these totals are published elsewhere. So all figures of a programme in a year are suppressed together, and arms
-- are suppressed with any programme.
with_programme AS (
    SELECT
        *,
        bool_or(is_disclosive) OVER (PARTITION BY programme, measure, academic_year, release_status) AS is_programme_disclosive
    FROM total
),

judged AS (
    SELECT
        * EXCLUDE (is_programme_disclosive),
        CASE
            WHEN arm IN ('programme', 'rest') THEN is_programme_disclosive
            WHEN arm = 'authority' THEN is_disclosive
            ELSE is_disclosive OR coalesce(bool_or(is_programme_disclosive) FILTER (programme <> 'all') OVER of_group, false)
        END AS is_suppressed
    FROM with_programme
    WINDOW of_group AS (PARTITION BY measure, pupil_group, academic_year, release_status)
),

rounded AS (
    SELECT
        *,
        rounded_count(n_exact, measure) AS n_own,
        rounded_count(n_meeting_exact, measure) AS n_meeting_own
    FROM judged
),

-- Independently rounded counts of both sides would narrow down the authority's known total. So the count of the other
-- schools is the rounded total minus the programme's rounded count, and reveals nothing beyond these two.
counted AS (
    SELECT
        *,
        any_value(n_own) FILTER (arm = 'authority') OVER of_all
        - any_value(n_own) FILTER (arm = 'programme') OVER of_programme AS n_remaining,
        any_value(n_meeting_own) FILTER (arm = 'authority') OVER of_all
        - any_value(n_meeting_own) FILTER (arm = 'programme') OVER of_programme AS n_meeting_remaining,
        arm = 'rest'
        AND n_schools = any_value(n_schools) FILTER (arm = 'authority') OVER of_all
        - any_value(n_schools) FILTER (arm = 'programme') OVER of_programme AS is_complement
    FROM rounded
    WINDOW
        of_all AS (PARTITION BY measure, pupil_group, academic_year, release_status),
        of_programme AS (PARTITION BY programme, measure, pupil_group, academic_year, release_status)
),

shown AS (
    SELECT
        counted.*,
        -- Do not subtract if the difference of roundings would show nearly none or nearly all. Public results are not
        -- rounded, except the number who met a standard, which comes from a whole percentage; its remainder is exact.
        NOT is_public(measure)
        AND is_complement
        AND n_remaining >= minimum_cell()
        AND coalesce(least(n_meeting_remaining, n_remaining - n_meeting_remaining) >= minimum_cell(), true) AS is_by_subtraction,
        CASE WHEN is_by_subtraction THEN n_remaining ELSE n_own END AS n_pupils,
        CASE WHEN is_by_subtraction THEN n_meeting_remaining ELSE n_meeting_own END AS n_meeting,
        CASE WHEN is_public(measure) THEN NULL ELSE step_of_mean(measure, n_pupils) END AS step,
        CASE
            WHEN n_meeting IS NOT NULL THEN n_meeting / n_pupils
            WHEN step IS NULL THEN mean_exact
            ELSE to_step(mean_exact, step)
        END AS mean,
        -- Pupils within a school are correlated; this is their effective number (Kish 1965, Survey Sampling, 5.4).
        n_pupils / (1 + intraclass_correlation() * greatest(n_pupils / n_schools - 1, 0)) AS n_effective
    FROM counted
),

-- Computed from published figures and the intraclass correlation only, so that it reveals nothing more. The score
-- interval for a share; otherwise an interval from the authority's pupil variance.
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
    figure_status_of(is_suppressed, interval.mean) AS figure_status,
    n_schools_left_out,
    schools_left_out,
    n_exact,
    CASE WHEN NOT is_suppressed THEN n_schools END AS n_schools,
    CASE WHEN NOT is_suppressed THEN n_pupils END AS n_pupils,
    CASE WHEN NOT is_suppressed THEN n_meeting END AS n_meeting,
    CASE WHEN NOT is_suppressed THEN mean END AS mean,
    CASE WHEN NOT is_suppressed THEN ends[1] END AS ci_low,
    CASE WHEN NOT is_suppressed THEN ends[2] END AS ci_high
FROM interval
