-- Whether figures of a measure are made of public ones alone.
CREATE OR REPLACE TEMP MACRO is_public(name) AS
    key_stage_of(name) IN (SELECT key_stage FROM temp.public_key_stage)
