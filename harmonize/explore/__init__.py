"""A local page for sets and predictions: instances, documents, rules, errors, and a box to predict.

    query, instances, documents   what is asked for, and the rows and texts of a set that answer it
    predictions, compare          files of predictions, and where they differ from gold
    view, marks, graph, steps     what a document and a row show: mentions, relations, what the rules did
    pasted                        text and PMIDs that someone puts in, predicted
    material, pages               all of it together, and templates -> HTML
    answers, set_pages, prediction_pages, guard, application
                                  a method for each address, and who may ask
    server                        the page at 127.0.0.1

The extra `explore` (Starlette, uvicorn) is imported by the last three lines' modules only.
"""
