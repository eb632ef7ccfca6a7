"""Readers of the field's file formats: bytes <-> records, nothing that belongs to one corpus.

Each reader streams, checks what the format promises, and raises MalformedInput with file and line (or
document) at the first thing that breaks it. Turning records into Documents is the adapters' part, helped by
the `document` functions here, which fix the parts every corpus shares: text assembly and mention order.
"""
