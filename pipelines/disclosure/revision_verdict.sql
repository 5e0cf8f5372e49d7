-- Add the publishable verdicts to the programme's own figures.
UPDATE released.revisions AS revision
SET verdict_before = change.verdict_before, verdict_after = change.verdict_after
FROM released.verdict_change AS change
WHERE
    change.compared_with = 'another_release'
    AND revision.level = 'programme'
    AND revision.figure_status = 'shown'
    AND revision.programme = change.programme
    AND revision.measure = change.measure
    AND revision.pupil_group = change.pupil_group
    AND revision.academic_year = change.academic_year
    AND revision.from_status = change.from_status
    AND revision.to_status = change.to_status
