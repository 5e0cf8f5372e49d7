SELECT received.source_id, received.row_number, received.urn AS found
FROM {table} AS received
ANTI JOIN raw.case_studies AS told ON told.programme = received.programme AND told.urn = received.urn
