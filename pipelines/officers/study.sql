SELECT title, local_authority_name, outcome_year, minimum_cell, protocol_sha256, sources_sha256
FROM protocol.study
