"""Corpora that are tables: somebody read an article and wrote down which two entities it relates, not where.

table rows -> triples (entity, entity, PMID) -> article text -> mentions found -> Documents for the rules
"""
