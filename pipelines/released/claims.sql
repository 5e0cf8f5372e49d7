-- Tests of claims: about all schools if study.toml has a [[claim]], about a programme from its own settings.
WITH enrolled AS (
    SELECT
        programme.programme,
        programme.protocol_order,
        programme.title,
        programme.eligible_share,
        programme.expected_schools,
        count(programme_school.school_id) AS n_schools
    FROM protocol.programme AS programme
    LEFT JOIN mart.programme_school USING (programme)
    GROUP BY ALL
),

eligible AS (
    SELECT
        enrolled.protocol_order,
        enrolled.title || ': at least ' || CAST(round(100 * enrolled.eligible_share) AS INTEGER) || '% of its schools were eligible'
            AS claim,
        count(*) FILTER (coalesce(judged.eligible, 'UNKNOWN') = 'YES') AS numerator,
        count(*) FILTER (coalesce(judged.eligible, 'UNKNOWN') = 'UNKNOWN') AS n_unknown,
        count(*) AS denominator,
        -- Round first: in binary, 0.56 of 25 is slightly above 14.
        ceil(round(enrolled.eligible_share * count(*), 9)) AS needed,
        string_agg(
            school.school_name || CASE coalesce(judged.eligible, 'UNKNOWN') WHEN 'NO' THEN '' ELSE ' (not known)' END,
            '; ' ORDER BY school.school_name
        ) FILTER (coalesce(judged.eligible, 'UNKNOWN') <> 'YES') AS exceptions
    FROM enrolled
    JOIN mart.programme_school AS programme_school USING (programme)
    JOIN mart.school AS school USING (school_id)
    LEFT JOIN mart.school_eligibility AS judged
        ON judged.programme = enrolled.programme AND judged.school_id = school.school_id
    WHERE enrolled.eligible_share IS NOT NULL AND (SELECT count(*) FROM raw.eligibility) > 0
    GROUP BY enrolled.programme, enrolled.protocol_order, enrolled.title, enrolled.eligible_share
),

expected AS (
    SELECT
        protocol_order,
        title || ': ' || expected_schools || ' schools take part' AS claim,
        n_schools AS numerator,
        expected_schools AS denominator,
        CASE WHEN n_schools = expected_schools THEN 'holds' ELSE 'fails' END AS result
    FROM enrolled
    WHERE expected_schools IS NOT NULL
),

coverage AS (
    SELECT
        'Every school takes part in one or more programmes' AS claim,
        any_value(declared.said) AS said,
        any_value(declared.said_by) AS said_by,
        count(*) FILTER (arm.n_programmes > 0) AS numerator,
        count(*) AS denominator,
        CASE WHEN bool_and(arm.n_programmes > 0) THEN 'holds' ELSE 'fails' END AS result,
        list(school.school_name ORDER BY school.school_name) FILTER (arm.n_programmes = 0) AS missing
    FROM mart.school AS school
    JOIN mart.arm AS arm USING (school_id)
    JOIN protocol.claim AS declared ON declared.kind = 'every_school_takes_part'
    WHERE school.is_open AND school.is_state_funded
    HAVING count(*) > 0
),

-- The school year of the outcomes, 1 September to 31 August, up to the reference date.
visit AS (
    SELECT urn, inspection_date AS visited_on FROM raw.inspections
    UNION ALL
    SELECT urn, review_date FROM raw.reviews
),

visited AS (
    SELECT DISTINCT school_urn.school_id
    FROM visit
    JOIN mart.school_urn AS school_urn USING (urn)
    CROSS JOIN protocol.study AS study
    WHERE visit.visited_on >= make_date(CAST(left(study.outcome_year, 4) AS INTEGER), 9, 1)
        AND visit.visited_on < make_date(CAST(left(study.outcome_year, 4) AS INTEGER) + 1, 9, 1)
        AND visit.visited_on <= study.reference_date
),

reviewed AS (
    SELECT
        'All maintained schools '
        || CASE any_value(declared.but) WHEN 0 THEN '' WHEN 1 THEN 'but one ' ELSE 'but ' || any_value(declared.but) || ' ' END
        || 'were inspected or externally reviewed in ' || any_value(study.outcome_year) AS claim,
        any_value(declared.said) AS said,
        any_value(declared.said_by) AS said_by,
        count(visited.school_id) AS numerator,
        count(*) AS denominator,
        CASE WHEN count(*) - count(visited.school_id) <= any_value(declared.but) THEN 'holds' ELSE 'fails' END AS result,
        list(school.school_name ORDER BY school.school_name) FILTER (visited.school_id IS NULL) AS missing
    FROM mart.school AS school
    CROSS JOIN protocol.study AS study
    JOIN protocol.claim AS declared ON declared.kind = 'all_maintained_schools_reviewed'
    LEFT JOIN visited USING (school_id)
    WHERE school.is_local AND school.is_open AND school.is_maintained
    HAVING count(*) > 0
),

-- Two statements about money can only be compared; no file shows which is right, so differences are reported as they
-- are.
funding AS (
    SELECT
        total.protocol_order,
        total.fund || ': its programmes together bring ' || total.said AS claim,
        total.said,
        total.said_by,
        CAST(sum(programme.funding_gbp) AS BIGINT) AS numerator,
        total.gbp AS denominator,
        bool_or(programme.funding_gbp IS NULL) AS has_gap,
        string_agg(
            programme.title || coalesce(format(' £{:,}', programme.funding_gbp), ' (funding not stated)'),
            '; ' ORDER BY programme.protocol_order
        ) AS stated
    FROM protocol.stated_total AS total
    JOIN protocol.programme AS programme USING (fund)
    WHERE NOT programme.is_placebo
    GROUP BY total.protocol_order, total.fund, total.said, total.said_by, total.gbp
),

listed AS (
    SELECT
        1 AS claim_order,
        'eligible_share' AS kind,
        protocol_order,
        claim,
        CAST(NULL AS VARCHAR) AS said,
        CAST(NULL AS VARCHAR) AS said_by,
        'schools' AS unit,
        numerator,
        denominator,
        CASE
            WHEN numerator >= needed THEN 'holds'
            WHEN numerator + n_unknown < needed THEN 'fails'
            ELSE 'cannot_tell'
        END AS result,
        exceptions
    FROM eligible
    UNION ALL BY NAME
    SELECT *, 2 AS claim_order, 'expected_schools' AS kind, 'schools' AS unit FROM expected
    UNION ALL BY NAME
    SELECT * EXCLUDE (missing, more), 'schools' AS unit, array_to_string(missing[:40], '; ') || more AS exceptions
    FROM (
        -- Long lists are cut and counted; the officers' version lists every school.
        SELECT *, CASE WHEN len(missing) > 40 THEN '; and ' || (len(missing) - 40) || ' more' ELSE '' END AS more
        FROM (
            SELECT *, 3 AS claim_order, 'every_school_takes_part' AS kind FROM coverage
            UNION ALL BY NAME
            SELECT *, 4 AS claim_order, 'all_maintained_schools_reviewed' AS kind FROM reviewed
        )
    )
    UNION ALL BY NAME
    SELECT
        5 AS claim_order,
        'stated_total' AS kind,
        protocol_order,
        claim,
        said,
        said_by,
        'gbp' AS unit,
        coalesce(numerator, 0) AS numerator,
        denominator,
        CASE WHEN numerator = denominator AND NOT has_gap THEN 'holds' ELSE 'cannot_tell' END AS result,
        CASE
            WHEN numerator = denominator AND NOT has_gap THEN NULL
            ELSE 'Stated: ' || stated || CASE
                WHEN coalesce(numerator, 0) < denominator
                    THEN format('; £{:,} is stated of no programme', denominator - coalesce(numerator, 0))
                WHEN numerator > denominator THEN format('; £{:,} more than was said', numerator - denominator)
                ELSE ''
            END
        END AS exceptions
    FROM funding
)

SELECT * EXCLUDE (claim_order, protocol_order)
FROM listed
ORDER BY claim_order, protocol_order
