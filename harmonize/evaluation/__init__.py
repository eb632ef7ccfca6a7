"""How good are predictions, how sure is that, and which of two systems is better?

    gold rows + predictions -> Rows -> counts by document -> scores with intervals -> JSON, Markdown, figures

    rows      the join, checked           evaluate   all that is measured of one system
    scores    P, R, F and intervals       compare    two systems, paired by document
    ranking   AUC, calibration            folds      the spread over cross-validation
                                          standings  many systems, each beside one of them
                                          combinations  relations of any number of entities
    markdown, figures, write              for people, and into a folder

Pure functions of two tables: nothing here knows a model, and only `figures` needs matplotlib.
"""
