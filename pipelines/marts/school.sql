-- The school as it stands on the reference date; the day it closes is a school's last. Where the study has no register, what the performance
-- tables say of the school stands in for it.
WITH registered AS (
    SELECT
        urn,
        la_code,
        school_name,
        phase,
        coalesce(type_group, '') ILIKE '%special%' OR coalesce(school_type, '') ILIKE '%special%' AS is_special,
        coalesce(type_group, '') ILIKE 'local authority maintained%'
        OR school_type ILIKE 'community special%'
        OR school_type ILIKE 'foundation special%' AS is_maintained,
        open_date,
        close_date
    FROM raw.school_register
),

published AS (
    SELECT
        urn,
        any_value(laestab) // 10000 AS la_code,
        max_by(school_name, academic_year) AS school_name,
        CAST(NULL AS VARCHAR) AS phase,
        bool_or(level = 'special_school') AS is_special,
        max_by(school_type, academic_year) IN ('CY', 'VA', 'VC', 'FD', 'CYS', 'FDS') AS is_maintained,
        CAST(NULL AS DATE) AS open_date,
        CAST(NULL AS DATE) AS close_date
    FROM raw.published_outcome
    WHERE urn IS NOT NULL AND urn NOT IN (SELECT urn FROM registered)
    GROUP BY urn
),

described AS (
    SELECT * FROM registered
    UNION ALL BY NAME
    SELECT * FROM published
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
    latest.school_name,
    latest.phase,
    latest.is_special,
    coalesce(latest.is_maintained, false) AS is_maintained,
    latest.is_open,
    latest.is_local
FROM latest
ORDER BY latest.school_id
