WITH enrolled AS (
    SELECT programme, count(*) AS n_expected
    FROM mart.programme_school
    GROUP BY programme
),

-- Answers, and themes of free-text answers. Only a school's last form counts.
form AS (
    SELECT evaluations.*, school_urn.school_id
    FROM raw.evaluations
    JOIN mart.school_urn AS school_urn USING (urn)
    QUALIFY row_number() OVER (
        PARTITION BY evaluations.programme, school_urn.school_id
        ORDER BY evaluations.submitted_on DESC, evaluations.row_number DESC
    ) = 1
),

answered AS (
    UNPIVOT form ON q1, q2, q3, q4 INTO NAME question VALUE answer
),

-- An officer's wording of a theme may also name someone. One of the publishable examples is drawn at random.
themed AS (
    SELECT
        form.programme,
        CASE
            WHEN len(review_reasons(form.theme, [])) = 0 THEN publishable_text(form.theme)
            ELSE 'held for review'
        END AS theme,
        count(*) AS n_schools,
        arg_min(publishable_text(form.free_text), sha256(study.seed || '/' || review.text_fingerprint))
            FILTER (form.consent = 'YES' AND review.decision IN ('passes', 'reviewed')) AS example
    FROM form
    CROSS JOIN protocol.study AS study
    LEFT JOIN mart.text_review AS review USING (source_id, row_number)
    WHERE form.theme IS NOT NULL
    GROUP BY ALL
),

summary AS (
    SELECT
        form.programme,
        0 AS question_order,
        'response rate' AS question,
        'returned' AS answer,
        0 AS answer_order,
        count(*) AS n_schools
    FROM form
    GROUP BY form.programme
    UNION ALL BY NAME
    SELECT
        answered.programme,
        CAST(right(answered.question, 1) AS INTEGER) AS question_order,
        coalesce(publishable_text(evaluation_question.wording), answered.question) AS question,
        upper(left(answered.answer, 1)) || lower(substring(answered.answer, 2)) AS answer,
        list_position(
            ['STRONGLY AGREE', 'AGREE', 'NEITHER AGREE NOR DISAGREE', 'DISAGREE', 'STRONGLY DISAGREE'],
            answered.answer
        ) AS answer_order,
        count(*) AS n_schools
    FROM answered
    LEFT JOIN raw.evaluation_questions AS evaluation_question ON lower(evaluation_question.question) = answered.question
    GROUP BY answered.programme, answered.question, evaluation_question.wording, answered.answer
    UNION ALL BY NAME
    SELECT
        programme,
        5 AS question_order,
        'theme of the free answer' AS question,
        theme AS answer,
        row_number() OVER (PARTITION BY programme ORDER BY n_schools DESC, theme) AS answer_order,
        n_schools,
        example
    FROM themed
)

SELECT
    summary.programme,
    summary.question,
    summary.answer,
    summary.n_schools,
    CASE summary.question_order
        WHEN 0 THEN enrolled.n_expected
        ELSE sum(summary.n_schools) OVER (PARTITION BY summary.programme, summary.question_order)
    END AS n_expected,
    summary.example
FROM summary
JOIN enrolled USING (programme)
ORDER BY summary.programme, summary.question_order, summary.answer_order
