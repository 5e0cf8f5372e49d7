-- A mistyped authority number would otherwise go unnoticed. One file with the authority is enough.
SELECT
    'study.toml' AS source_id,
    file_row AS row_number,
    setting AS heading,
    CAST(la_code AS VARCHAR) AS found
FROM protocol.listed_authority
WHERE
    EXISTS (FROM {table})
    AND la_code NOT IN (SELECT {column} FROM {table} WHERE {column} IS NOT NULL)
