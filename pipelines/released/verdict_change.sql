-- Changes of verdict: between releases of the outcome year's results, and since the last publication. Verdicts are
-- suppressed together with a side's figures.
WITH shown AS (
    SELECT programme, measure, pupil_group, academic_year, release_status, verdict
    FROM released.impact
    WHERE
        role = 'headline' AND verdict IS NOT NULL AND figure_status <> 'suppressed'
),

by_release AS (
    SELECT
        found.* REPLACE (
            CASE WHEN is_public(found.measure)
                OR least(n_programme_pupils, n_comparison_pupils) >= study.minimum_cell THEN found.verdict END
                AS verdict
        ),
        release.finality
    FROM impact.verdict_by_release AS found
    SEMI JOIN shown ON shown.programme = found.programme AND shown.measure = found.measure
    JOIN protocol.programme_measure AS programme_measure
        ON programme_measure.programme = found.programme AND programme_measure.measure = found.measure
    JOIN protocol.result_release AS release
        ON release.key_stage = programme_measure.key_stage
        AND release.academic_year = found.academic_year
        AND release.release_status = found.release_status
    CROSS JOIN protocol.study AS study
),

changed AS (
    SELECT
        later.programme,
        later.measure,
        later.pupil_group,
        later.academic_year,
        'another_release' AS compared_with,
        CAST(NULL AS DATE) AS published_on,
        earlier.academic_year AS from_year,
        earlier.release_status AS from_status,
        later.release_status AS to_status,
        earlier.verdict AS verdict_before,
        later.verdict AS verdict_after,
        coalesce(earlier.reason, later.reason) AS reason
    FROM by_release AS later
    JOIN by_release AS earlier USING (programme, measure)
    WHERE earlier.finality < later.finality AND (earlier.is_used OR later.is_used)
    UNION ALL BY NAME
    SELECT
        shown.programme,
        shown.measure,
        shown.pupil_group,
        shown.academic_year,
        'last_publication' AS compared_with,
        before.published_on,
        before.academic_year AS from_year,
        before.release_status AS from_status,
        shown.release_status AS to_status,
        before.verdict AS verdict_before,
        shown.verdict AS verdict_after
    FROM shown
    JOIN temp.published_verdict AS before USING (programme, measure, pupil_group)
    -- A study that is judged on one more year still says what was published on the years before.
    WHERE before.academic_year <= shown.academic_year
)

SELECT
    *,
    verdict_before <> verdict_after AS is_changed
FROM changed
ORDER BY programme, measure, compared_with, from_status, to_status
