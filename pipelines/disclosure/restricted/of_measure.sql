-- What is declared of a measure, the study's own among them. The inner column has a name of its own: an argument
-- called `measure` would be taken for it.
CREATE OR REPLACE TEMP MACRO key_stage_of(name) AS (
    SELECT declared.key_stage
    FROM (SELECT measure AS declared_name, key_stage FROM protocol.measure) AS declared
    WHERE declared.declared_name = name
);

CREATE OR REPLACE TEMP MACRO stored_decimals_of(name) AS (
    SELECT declared.stored_decimals
    FROM (SELECT measure AS declared_name, stored_decimals FROM protocol.measure) AS declared
    WHERE declared.declared_name = name
);
