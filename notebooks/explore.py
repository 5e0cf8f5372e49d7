import marimo

app = marimo.App(width="medium", app_title="Exploring a finished run")

with app.setup:
    import marimo as mo

    import pipelines


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Exploring a finished run

    Everything here has passed disclosure control: it is what the charts and the board's page are made from.
    The files are opened read-only, so nothing you try can change them.
    """)


@app.cell
def _():
    STUDY = "data_raw/example"
    study = pipelines.open_study(STUDY)
    return (study,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What is here

    One line a table. Choose one to see what its columns mean.
    """)


@app.cell
def _(study):
    study.contents()


@app.cell
def _(study):
    table = mo.ui.dropdown(list(study.tables), value="impact", label="Table")
    table
    return (table,)


@app.cell
def _(study, table):
    study.columns(table.value)


@app.cell
def _(study, table):
    study.tables[table.value]


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## The headline

    Two ways of comparing give `estimate_low` and `estimate_high`. One is right if schools were chosen on
    earlier results, the other if for lasting quality; with chance allowed for, the truth then lies anywhere
    from `ci_low` to `ci_high`. Shares are 0 to 1, so 0.05 is five percentage points. A verdict is given only
    where both ways agree. No numbers mean that there is no estimate, and the reason says why.
    """)


@app.cell
def _(study):
    study.sql("""
        SELECT programme, pupil_group, measure, release_status, unit,
            round(estimate_low, 3) AS estimate_low, round(estimate_high, 3) AS estimate_high,
            round(ci_low, 3) AS ci_low, round(ci_high, 3) AS ci_high,
            n_programme_schools, n_comparison_schools, verdict, verdict_reason
        FROM released.impact
        WHERE role = 'headline'
        ORDER BY programme, measure
    """)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Why not simply compare with last year?

    Schools are chosen because last year was weak, and a weak year tends to be followed by a better one
    without any help. `naive` is that comparison; set it beside the headline. The notebook `method` shows why.
    """)


@app.cell
def _(study):
    study.sql("""
        SELECT headline.programme, headline.measure, headline.unit,
            round(naive.estimate_low, 3) AS change_since_last_year,
            round(headline.estimate_low, 3) AS headline_low,
            round(headline.estimate_high, 3) AS headline_high
        FROM released.impact AS headline
        JOIN released.impact AS naive USING (programme, pupil_group, measure, academic_year)
        WHERE headline.role = 'headline' AND naive.role = 'naive' AND headline.figure_status = 'shown'
        ORDER BY headline.programme, headline.measure
    """)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Both sides, year by year

    What the target pupils got, in the programme's schools and in all the others. The difference between
    the two sides is not the effect: the schools were not alike to begin with.
    """)


@app.cell
def _(study):
    study.sql("""
        SELECT comparison.programme, label, comparison.pupil_group, academic_year, release_status, arm,
            n_schools, n_pupils, round(mean, 3) AS mean, comparison.unit
        FROM released.comparison AS comparison
        JOIN released.measure AS measure USING (programme, measure)
        WHERE is_primary AND arm IN ('programme', 'rest') AND figure_status = 'shown'
        ORDER BY comparison.programme, measure.key_stage, comparison.pupil_group, academic_year, arm
    """)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What is not here, and why

    Withheld is not zero: figures that rest on too few pupils, ranges of too few schools, results that are not
    out yet, and schools without results that could be compared.
    """)


@app.cell
def _(study):
    study.sql("""
        SELECT programme, arm, pupil_group, measure, academic_year
        FROM released.comparison
        WHERE figure_status = 'suppressed'
        ORDER BY ALL
    """)


@app.cell
def _(study):
    study.tables["not_yet_published"]


@app.cell
def _(study):
    study.sql("FROM released.school_count ORDER BY programme, key_stage, n_schools DESC")


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## The claims the board wanted checked
    """)


@app.cell
def _(study):
    study.sql("SELECT claim, unit, numerator, denominator, result, exceptions FROM released.claims")


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## The charts, as published
    """)


@app.cell
def _(study):
    chart = mo.ui.dropdown(list(study.charts), value=next(iter(study.charts), None), label="Chart")
    chart
    return (chart,)


@app.cell
def _(chart, study):
    drawn = study.charts[chart.value] if chart.value else None
    drawn
    return (drawn,)


@app.cell
def _(drawn):
    drawn.data if drawn else None


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Now your own question
    """)


@app.cell
def _(study):
    study.sql("""
        SELECT publisher, kind, academic_year, release_status, n_rows_in, n_rows_set_aside
        FROM released.source
        ORDER BY ALL
    """)


if __name__ == "__main__":
    app.run()
