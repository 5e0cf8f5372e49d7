-- Whose pupils a figure tells of: how many are on SEN support is what that share counts, of all pupils though it is,
-- and the other side of a gap tells of the gap.
CREATE OR REPLACE TEMP MACRO whose_figures(measure, pupil_group) AS CASE
    WHEN ends_with(measure, '_sen_support_share') THEN 'sen_support'
    WHEN pupil_group = 'not_disadvantaged' THEN 'disadvantaged'
    ELSE pupil_group
END
