-- Whether figures of a measure are made of public ones alone.
CREATE OR REPLACE TEMP MACRO is_public(measure) AS
    left(measure, 3) IN (SELECT key_stage FROM temp.public_key_stage)
