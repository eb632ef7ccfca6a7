"""A local page for sets and predictions: instances, documents, rules, errors, and a box to predict.

    query, instances, documents   what is asked for, and the rows and texts of a set that answer it
    predictions, compare          files of predictions, and where they differ from gold
    view, marks, graph, steps     what a document and a row show: mentions, relations, what the rules did
    pasted                        text and PMIDs that someone puts in, predicted
    pages, guard, application     HTML, who may ask, and the addresses
    server                        the page at 127.0.0.1

The extra `explore` (Starlette, uvicorn) is imported in the last two lines' modules only.
"""
