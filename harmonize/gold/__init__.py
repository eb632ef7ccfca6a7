"""Gold standards as files: a run is evaluated on them, and other systems' output is scored against them.

    gold file -> Documents with relations -> rows like a union set's, and misses -> harmonize.evaluation
    gold file, other file -> relations of each document -> scores of what both say

A union set drops what it cannot hold, and counts it. Here nothing that is annotated leaves the denominator:
a gold relation that no pair can show is a miss, with a reason.
"""
