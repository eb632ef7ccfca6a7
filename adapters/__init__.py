"""One adapter per corpus: its source files -> Documents, and nothing else.

Adding a corpus: a module here with `documents(source)`, a line in ADAPTERS, a row in mappings/further.yaml,
mappings/<corpus>.yaml, and a hand-written sample in samples/<corpus>/.
"""

ADAPTERS = {
    "biored": "biored",
    "aimed": "aimed",
    "drugprot": "drugprot",
    "ddi": "ddi",
    "hprd50": "hprd50",
    "bc5cdr": "bc5cdr",
    "emu": "emu",
    "pharmgkb": "pharmgkb",
    "disgenet": "disgenet",
    "chemprot": "chemprot",
    "bertsrc": "bertsrc",
    "renet": "renet",
    "drugcombo": "drugcombo",
}
"""Corpus -> module of this package."""
