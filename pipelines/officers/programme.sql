SELECT programme, title, is_evaluated, is_placebo
FROM protocol.programme
ORDER BY protocol_order
