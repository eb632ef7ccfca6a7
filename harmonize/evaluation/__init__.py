"""How good are predictions, how sure is that, and which of two systems is better?

    gold rows + predictions -> Rows -> counts by document -> scores with intervals -> JSON, Markdown, figures

    tables    both, checked               evaluate   all that is measured of one system
    rows      the join                    compare    two systems, paired by document
    scores    P, R, F and intervals       folds      the spread over cross-validation
    ranking   AUC, calibration            standings  many systems, each beside one of them
                                          combinations  relations of any number of entities
    markdown, figures, write              for people, and into a folder

Pure functions of two tables: nothing here knows a model, and only `figures` needs matplotlib.
"""
