SELECT source_id, row_number, urn AS found
FROM {table}
WHERE
    urn NOT IN (SELECT urn FROM raw.school_register WHERE establishment_number IS NOT NULL)
    AND urn NOT IN (SELECT urn FROM raw.published_outcome WHERE urn IS NOT NULL AND laestab IS NOT NULL)
    -- mart.school_identity checks where the links lead.
    AND urn NOT IN (SELECT unnest([urn, link_urn]) FROM raw.school_links)
