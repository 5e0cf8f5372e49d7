-- The rules of disclosure control as SQL macros. Thresholds are macros too (see `thresholds.py`); `README.md` gives the
-- reasons. `are_few`: fewer pupils than the threshold, but not zero, which identifies nobody.
CREATE OR REPLACE TEMP MACRO are_few(n) AS n > 0 AND n < minimum_cell();

-- The middle of a count's class of `minimum_cell`. With classes of six, 0 to 5 become 3, and 6 to 11 become 9.
CREATE OR REPLACE TEMP MACRO in_classes(n) AS
CAST(floor(round(n) / minimum_cell()) AS BIGINT) * minimum_cell() + minimum_cell() // 2;

-- A published count of pupils; counts of public results are not rounded.
CREATE OR REPLACE TEMP MACRO rounded_count(n, of_measure) AS
CASE WHEN n = 0 OR is_public(of_measure) THEN CAST(round(n) AS BIGINT) ELSE in_classes(n) END;

-- The smallest of 1, 2, 5, 10, 20, 50 ... and 0.5, 0.2, 0.1 ... that is at least x.
CREATE OR REPLACE TEMP MACRO power_below(x) AS pow(10, floor(log10(x) + 1e-9));

CREATE OR REPLACE TEMP MACRO step_from(x) AS
power_below(x) * CASE
    WHEN x / power_below(x) <= 1 + 1e-9 THEN 1
    WHEN x / power_below(x) <= 2 + 1e-9 THEN 2
    WHEN x / power_below(x) <= 5 + 1e-9 THEN 5
    ELSE 10
END;

-- The rounding step for a mean of n pupils: more than one pupil half the scale away from the mean would change it, and
-- no finer than the measure's decimals.
CREATE OR REPLACE TEMP MACRO step_of_mean(of_measure, n) AS
step_from(greatest(half_scale_of(of_measure) / n, pow(10, -stored_decimals_of(of_measure))));

-- Halves round away from zero, as in `wording.rounded`. The small constant corrects 0.145 * 100 = 14.499...; adding 0.0
-- turns -0 into 0.
CREATE OR REPLACE TEMP MACRO to_step(x, step) AS
round(sign(x) * floor(abs(x) / step + 0.5 + 1e-9) * step, 6) + 0.0;

-- Whether a row's figures may be read. Decided here only; `FigureStatus` in `catalogue/vocabulary.py` lists the values.
CREATE OR REPLACE TEMP MACRO figure_status_of(is_suppressed, figure) AS
CASE WHEN is_suppressed THEN 'suppressed' WHEN figure IS NULL THEN 'not_available' ELSE 'shown' END;

-- Groups with special educational needs are small, chosen by the school itself, and never published by school.
CREATE OR REPLACE TEMP MACRO is_special_need(of_group) AS of_group IN ('sen_support', 'ehc_plan', 'no_sen');
