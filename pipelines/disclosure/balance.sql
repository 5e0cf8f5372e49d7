-- Unless results are public by school, a figure of one or two schools is withheld (of two, each can take itself off and read the other), and so are shares
-- of disadvantaged pupils averaged over schools where not all estimates of these pupils may be told
-- (`restricted/bearable.sql`): a small school's weigh most in them. Pupils are rounded to ten, cohorts to whole
-- pupils and (by the door) the rest to hundredths: target pupils and all pupils stand side by side here, other parts
-- in `comparison`, and the few in none of them must not be what is left.
WITH judged AS (
    SELECT
        balance.*,
        public.key_stage IS NULL
        AND (
            least(n_programme_schools, n_comparison_schools) < 3
            OR least(n_programme_pupils, n_comparison_pupils) < study.minimum_cell
        ) AS are_few,
        -- Of how many pupils is no secret then: other characteristics say it too.
        are_few
        OR (characteristic = 'disadvantaged_share' AND coalesce(may_be_told, 'all') <> 'all') AS suppressed,
        characteristic = 'cohort_pupils' AS is_whole
    FROM impact.balance AS balance
    CROSS JOIN protocol.study AS study
    LEFT JOIN temp.public_key_stage AS public ON public.key_stage = balance.key_stage
    LEFT JOIN temp.bearable AS bearable
        ON bearable.key_stage = balance.key_stage AND bearable.of_pupils = 'disadvantaged'
)

SELECT
    programme,
    measure,
    key_stage,
    pupil_group,
    characteristic,
    n_programme_schools,
    n_comparison_schools,
    CASE WHEN NOT are_few THEN CAST(round(n_programme_pupils, -1) AS BIGINT) END AS n_programme_pupils,
    CASE WHEN NOT are_few THEN CAST(round(n_comparison_pupils, -1) AS BIGINT) END AS n_comparison_pupils,
    CASE WHEN NOT suppressed THEN CASE WHEN is_whole THEN round(programme_mean) ELSE programme_mean END END
        AS programme_mean,
    CASE WHEN NOT suppressed THEN CASE WHEN is_whole THEN round(comparison_mean) ELSE comparison_mean END END
        AS comparison_mean,
    CASE WHEN NOT suppressed THEN standardised_difference END AS standardised_difference,
    CASE WHEN NOT suppressed THEN rating END AS rating,
    suppressed
FROM judged
ORDER BY
    programme,
    measure,
    list_position(
        ['target_pupils_before', 'all_pupils_before', 'cohort_pupils', 'disadvantaged_share'], characteristic
    )
