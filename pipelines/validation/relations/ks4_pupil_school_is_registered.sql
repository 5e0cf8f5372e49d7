SELECT source_id, row_number, urn AS found
FROM pupils.ks4_pupils
WHERE urn NOT IN (SELECT urn FROM raw.school_register WHERE establishment_number IS NOT NULL)
