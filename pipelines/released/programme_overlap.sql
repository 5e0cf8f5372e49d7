SELECT a.programme AS programme_a, b.programme AS programme_b, count(both_in.school_id) AS n_schools
FROM protocol.programme AS a
CROSS JOIN protocol.programme AS b
LEFT JOIN (
    SELECT first.programme AS programme_a, second.programme AS programme_b, first.school_id
    FROM mart.programme_school AS first
    JOIN mart.programme_school AS second USING (school_id)
) AS both_in ON both_in.programme_a = a.programme AND both_in.programme_b = b.programme
GROUP BY a.programme, b.programme
ORDER BY any_value(a.protocol_order), any_value(b.protocol_order)
