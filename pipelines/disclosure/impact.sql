-- What would let a school of one or two pupils be worked back from estimates:
-- * how many may leave, and with intervals or without, is `restricted/bearable.sql`'s to say;
-- * leaving out one school in turn gives a range that one unnamed school has moved furthest, so its ends are
--   rounded outwards to what is read;
-- * degrees of freedom tell how pupils are spread over schools: of the headline alone, and nowhere else.
WITH judged AS (
    SELECT
        estimate.*,
        estimate.rowid AS place,
        CASE
            WHEN estimate_low IS NULL THEN NULL
            WHEN may_be_told = 'nothing' OR (may_be_told = 'headlines' AND role <> 'headline') THEN 'estimate'
            WHEN may_be_told = 'estimates' AND role <> 'headline' AND estimator <> 'leave_one_school_out'
                THEN 'interval'
        END AS withheld,
        CASE WHEN withheld IS NOT NULL THEN 'few_schools' END AS withheld_reason
    FROM impact.estimate AS estimate
    LEFT JOIN temp.bearable AS bearable
        ON bearable.key_stage = key_stage_of(estimate.measure)
        AND bearable.of_pupils = whose_figures(estimate.measure, estimate.pupil_group)
),

released AS (
    SELECT
        judged.* REPLACE (
            CASE WHEN estimator = 'leave_one_school_out' THEN floor(estimate_low * asked.steps) / asked.steps
                ELSE estimate_low END AS estimate_low,
            CASE WHEN estimator = 'leave_one_school_out' THEN ceil(estimate_high * asked.steps) / asked.steps
                ELSE estimate_high END AS estimate_high,
            CASE WHEN withheld IS NULL THEN ci_low END AS ci_low,
            CASE WHEN withheld IS NULL THEN ci_high END AS ci_high,
            CASE WHEN withheld IS NULL THEN p_value END AS p_value,
            CASE WHEN withheld IS NULL THEN mde END AS mde,
            CASE WHEN role = 'headline' AND estimate_low IS NOT NULL THEN effective_df END AS effective_df
        )
    FROM judged
    LEFT JOIN (
        SELECT programme, measure, pow(10, decimals) AS steps
        FROM protocol.programme_measure
    ) AS asked USING (programme, measure)
    WHERE withheld IS DISTINCT FROM 'estimate'
    UNION ALL BY NAME
    SELECT
        programme,
        pupil_group,
        measure,
        academic_year,
        release_status,
        estimator,
        role,
        n_programme_schools,
        n_comparison_schools,
        n_programme_pupils,
        n_comparison_pupils,
        CASE WHEN verdict IS NOT NULL THEN 'cannot_tell' END AS verdict,
        unit,
        withheld,
        withheld_reason,
        place
    FROM judged
    WHERE withheld = 'estimate'
)

SELECT * EXCLUDE (place)
FROM released
ORDER BY place
