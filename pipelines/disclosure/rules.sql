-- The rules of disclosure control as SQL: what a count is shown as, and when a figure is not shown. The numbers they
-- decide by are macros too (`thresholds.py`); why the rules are what they are is in `README.md`.
-- Somebody, but too few to be counted. No pupil at all is nobody to protect.
CREATE OR REPLACE TEMP MACRO are_few(n) AS n > 0 AND n < minimum_cell();

-- A count in classes of `minimum_cell`, as the middle of its class: of six, 6 to 11 is 9, and none to 5 are 3.
CREATE OR REPLACE TEMP MACRO in_classes(n) AS
CAST(floor(round(n) / minimum_cell()) AS BIGINT) * minimum_cell() + minimum_cell() // 2;

-- What a count of pupils is shown as. Those whose results are public by school are as they are.
CREATE OR REPLACE TEMP MACRO rounded_count(n, of_measure) AS
CASE WHEN n = 0 OR is_public(of_measure) THEN CAST(round(n) AS BIGINT) ELSE in_classes(n) END;

-- The next of 1, 2, 5, 10, 20, 50 ... and 0.5, 0.2, 0.1 ... that is no smaller than x.
CREATE OR REPLACE TEMP MACRO power_below(x) AS pow(10, floor(log10(x) + 1e-9));

CREATE OR REPLACE TEMP MACRO step_from(x) AS
power_below(x) * CASE
    WHEN x / power_below(x) <= 1 + 1e-9 THEN 1
    WHEN x / power_below(x) <= 2 + 1e-9 THEN 2
    WHEN x / power_below(x) <= 5 + 1e-9 THEN 5
    ELSE 10
END;

-- What a mean of n pupils is rounded to: a pupil half the scale away from the average moves it by less, and it has no
-- more decimals than are read.
CREATE OR REPLACE TEMP MACRO step_of_mean(of_measure, n) AS
step_from(greatest(half_scale_of(of_measure) / n, pow(10, -stored_decimals_of(of_measure))));

-- Halves go away from zero, as `wording.rounded`: 0.145 * 100 is 14.499..., and nothing is -0.
CREATE OR REPLACE TEMP MACRO to_step(x, step) AS
round(sign(x) * floor(abs(x) / step + 0.5 + 1e-9) * step, 6) + 0.0;

-- A school's own decision makes these groups, and a handful of pupils each: never public by school.
CREATE OR REPLACE TEMP MACRO is_special_need(of_group) AS of_group IN ('sen_support', 'ehc_plan', 'no_sen');
