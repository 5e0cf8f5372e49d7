SELECT support.source_id, support.row_number, support.urn AS found
FROM {table} AS support
ANTI JOIN raw.case_studies AS case_study ON case_study.programme = support.programme AND case_study.urn =
support.urn
