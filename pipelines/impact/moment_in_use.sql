-- Sums over pupils with known prior attainment, for the mainstream schools, years and releases that are compared.
SELECT moment.*
FROM mart.pupil_moment AS moment
SEMI JOIN (FROM mart.outcome WHERE is_compared_kind) AS outcome
    USING (school_id, academic_year, release_status, pupil_group, measure)
WHERE moment.n_pupils > 0
