import marimo

app = marimo.App(width="medium", app_title="One school")

with app.setup:
    import marimo as mo
    import matplotlib.pyplot as plt

    import pipelines
    from pipelines.released.wording import format_group
    from pipelines.study.measures import MEASURES

    def label_of(measure):
        """A measure of the study's own is shown by its name."""
        return MEASURES[measure].label if measure in MEASURES else measure


@app.cell(hide_code=True)
def _():
    mo.md("""
    # One school

    **For officers only.** These tables have not passed disclosure control: schools are named, however few
    their pupils. Nothing here may be shown to others; the board pack may.

    One school's results move by chance, whatever was done there. A class of ten pupils on SEN support moves
    by tens of points from year to year. This page tells what happened, never why.
    """)


@app.cell
def _():
    STUDY = "data_raw/example"
    study = pipelines.open_study(STUDY, restricted=True)
    return (study,)


@app.cell(hide_code=True)
def _(study):
    schools = study.sql("""
        SELECT school_name || ' (' || coalesce(urn::VARCHAR, 'no URN') || ')' AS label, school_id
        FROM mart.school
        WHERE school_id IN (SELECT school_id FROM mart.outcome WHERE is_local)
        ORDER BY label
    """)
    choices = dict(zip(schools["label"], schools["school_id"].tolist(), strict=True))
    school = mo.ui.dropdown(
        choices, value=next(iter(choices), None), label="School", searchable=True
    )
    school
    return choices, school


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What it is
    """)


@app.cell
def _(school, study):
    study.sql("FROM mart.school WHERE school_id = $school", school=school.value)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Its programmes

    `n_terms`: how long a programme had been under way there when the outcome year's tests were taken.
    """)


@app.cell
def _(school, study):
    programmes = study.sql(
        """
        SELECT title, exposure.start_date, exposure.left_on, standing, n_terms, is_evaluated,
            eligible
        FROM mart.exposure AS exposure
        JOIN released.programme AS programme USING (programme)
        LEFT JOIN mart.school_eligibility AS eligibility USING (programme, school_id)
        WHERE school_id = $school AND is_outcome
        ORDER BY exposure.start_date, title
        """,
        school=school.value,
    )
    programmes
    return (programmes,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Its results, beside those of the schools it may be compared with

    The line in grey is the average of the authority's schools in no evaluated programme, pupil by pupil.
    """)


@app.cell(hide_code=True)
def _(school, study):
    results = study.sql(
        """
        SELECT DISTINCT measure, pupil_group,
            (measure, pupil_group) IN (SELECT (measure, pupil_group) FROM impact.school_before) AS is_judged
        FROM mart.outcome
        WHERE school_id = $school AND value_status = 'value' AND n_pupils > 0
        ORDER BY is_judged DESC, measure, pupil_group
        """,
        school=school.value,
    )
    labels = {
        f"{label_of(row.measure)}, {format_group(row.pupil_group)}": (row.measure, row.pupil_group)
        for row in results.itertuples()
    }
    result = mo.ui.dropdown(labels, value=next(iter(labels), None), label="Result")
    result
    return (result,)


@app.cell
def _(result, school, study):
    measure, pupil_group = result.value or ("", "")
    trajectory = study.sql(
        """
        WITH others AS (
            SELECT academic_year, release_status, sum(n_pupils * mean) / sum(n_pupils) AS others_mean,
                count(DISTINCT school_id) AS n_other_schools
            FROM mart.outcome
            WHERE measure = $measure AND pupil_group = $pupil_group AND value_status = 'value'
                AND n_pupils > 0 AND is_local AND is_compared_kind AND arm = 'neither'
                AND school_id <> $school
            GROUP BY ALL
        )

        SELECT academic_year, release_status, n_pupils, mean, value_status, others_mean, n_other_schools
        FROM mart.outcome
        LEFT JOIN others USING (academic_year, release_status)
        WHERE school_id = $school AND measure = $measure AND pupil_group = $pupil_group
        ORDER BY academic_year
        """,
        school=school.value,
        measure=measure,
        pupil_group=pupil_group,
    ).round(3)
    trajectory
    return measure, pupil_group, trajectory


@app.cell(hide_code=True)
def _(result, trajectory):
    def drawn_trajectory():
        figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
        axes.plot(
            trajectory["academic_year"], trajectory["others_mean"], color="#7a7a7a", marker="o"
        )
        axes.plot(trajectory["academic_year"], trajectory["mean"], color="#12436d", marker="o")
        for row in trajectory.dropna(subset="mean").itertuples():
            axes.annotate(
                f"{row.n_pupils} pupils",
                (row.academic_year, row.mean),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                color="#12436d",
            )
        axes.set_title(result.selected_key or "no result", loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(0.15)
        plt.close(figure)
        return figure

    drawn_trajectory()


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Whether it is compared, and why not
    """)


@app.cell
def _(school, study):
    study.sql(
        """
        SELECT programme, measure, is_programme, is_in_scope, reason
        FROM impact.compared_school
        WHERE school_id = $school
        ORDER BY programme, measure
        """,
        school=school.value,
    )


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## The schools most like it before

    Nearest in the mean of earlier years on this result, among schools that are compared; matched schools come
    first where the study names some. A difference from one of them is not an effect.
    """)


@app.cell
def _(measure, pupil_group, school, study):
    alike = study.sql(
        """
        WITH own AS (
            SELECT result_before AS own_before FROM impact.school_before
            WHERE school_id = $school AND measure = $measure AND pupil_group = $pupil_group
        ),

        matched AS (
            SELECT DISTINCT matched_school_id AS school_id, TRUE AS is_matched
            FROM impact.matched_school
            WHERE school_id = $school AND measure = $measure
        ),

        now AS (
            SELECT school_id, mean AS outcome, n_pupils AS n_pupils_now
            FROM mart.outcome
            WHERE measure = $measure AND pupil_group = $pupil_group AND is_outcome
                AND value_status = 'value'
        )

        SELECT school_id, result_before, outcome, n_pupils_now, arm,
            coalesce(is_matched, FALSE) AS is_matched
        FROM impact.school_before
        LEFT JOIN mart.arm USING (school_id)
        LEFT JOIN matched USING (school_id)
        LEFT JOIN now USING (school_id)
        CROSS JOIN own
        WHERE measure = $measure AND pupil_group = $pupil_group AND school_id <> $school
        ORDER BY is_matched DESC, abs(result_before - own_before), school_id
        LIMIT 10
        """,
        school=school.value,
        measure=measure,
        pupil_group=pupil_group,
    )
    study.with_names(alike).round(3)
    return (alike,)


if __name__ == "__main__":
    app.run()
