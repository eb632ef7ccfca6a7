"""The adjustment rules of BioREx (section 3.3, Tables 1 and 2): twelve pure functions, and their order.

    a  spans      a1 as annotated    a2 both entities in the abstract    a3 both in one sentence
    b  contexts   b1 the whole text  b2 each sentence with the pair
    c  negatives  c1 None-<corpus>   c2 None                             c3 left out
    d  labels     d1 mapped types    d2 Association
    e  entities   e1 internal types  e2 BioRED's types

They run a, b, d, c, e: after d an empty label simply means that nobody annotated the pair, which is what c
has to know.
"""
