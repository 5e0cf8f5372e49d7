-- Each school as on the reference date; a school is still open on its closing day. Without a register, facts come from
-- the performance tables.
WITH in_tables AS (
    SELECT
        urn,
        any_value(laestab) // 10000 AS la_code,
        max_by(school_name, academic_year) AS school_name,
        bool_or(level = 'special_school') AS is_among_special,
        max_by(school_type, academic_year) AS school_type
    FROM raw.published_outcome
    WHERE urn IS NOT NULL
    GROUP BY urn
),

published AS (
    SELECT
        in_tables.urn,
        in_tables.la_code,
        in_tables.school_name,
        CAST(NULL AS VARCHAR) AS phase,
        CAST(NULL AS INTEGER) AS low_age,
        CAST(NULL AS INTEGER) AS high_age,
        -- The tables' record type, present in every row, also identifies special schools.
        CASE
            WHEN in_tables.is_among_special AND coalesce(by_type.school_kind, '') <> 'alternative' THEN 'special'
            ELSE by_type.school_kind
        END AS school_kind,
        by_type.is_maintained,
        CAST(NULL AS DATE) AS open_date,
        CAST(NULL AS DATE) AS close_date
    FROM in_tables
    LEFT JOIN protocol.school_type AS by_type ON by_type.spelling_key = spelling_key(in_tables.school_type)
),

-- A type is more precise than its group: the academies group includes special schools.
registered AS (
    SELECT
        register.urn,
        register.la_code,
        register.school_name,
        register.phase,
        register.low_age,
        register.high_age,
        coalesce(by_type.school_kind, published.school_kind, by_group.school_kind) AS school_kind,
        coalesce(by_type.is_maintained, published.is_maintained, by_group.is_maintained) AS is_maintained,
        register.open_date,
        register.close_date
    FROM raw.school_register AS register
    LEFT JOIN protocol.school_type AS by_type ON by_type.spelling_key = spelling_key(register.school_type)
    LEFT JOIN protocol.school_type AS by_group ON by_group.spelling_key = spelling_key(register.type_group)
    LEFT JOIN published USING (urn)
),

described AS (
    SELECT * FROM registered
    UNION ALL BY NAME
    SELECT * FROM published ANTI JOIN registered USING (urn)
),

dated AS (
    SELECT
        school_urn.school_id,
        school_urn.urn = school_urn.standing_urn AS is_standing,
        described.*,
        coalesce(described.open_date, DATE '1900-01-01') <= study.reference_date
        AND coalesce(described.close_date, DATE '9999-12-31') >= study.reference_date AS is_open,
        coalesce(described.la_code = study.local_authority, false) AS is_local
    FROM described
    JOIN mart.school_urn AS school_urn USING (urn)
    CROSS JOIN protocol.study AS study
),

latest AS (
    SELECT *
    FROM dated
    QUALIFY row_number() OVER (
        PARTITION BY school_id ORDER BY is_standing DESC, is_open DESC, open_date DESC NULLS LAST, urn DESC
    ) = 1
)

SELECT
    latest.school_id,
    latest.urn,
    -- Names are printed everywhere, so invisible characters that could reorder the text around them are removed.
    coalesce(nullif(publishable_text(latest.school_name), ''), 'School ' || latest.urn) AS school_name,
    latest.phase,
    latest.low_age,
    latest.high_age,
    coalesce(latest.school_kind, 'mainstream') AS school_kind,
    coalesce(latest.school_kind, 'mainstream') IN ('mainstream', 'special', 'alternative') AS is_state_funded,
    coalesce(latest.school_kind, 'mainstream') = 'mainstream' AS is_compared_kind,
    coalesce(latest.is_maintained, false) AS is_maintained,
    latest.is_open,
    latest.is_local
FROM latest
ORDER BY latest.school_id
