SELECT measure, key_stage, academic_year, what, source
FROM protocol.series_break
ORDER BY measure, academic_year
