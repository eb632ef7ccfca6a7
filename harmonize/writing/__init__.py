"""How files are written: the same bytes for the same content, and whole or not at all.

    replace     a finished file or folder in the place of an older one
    unfinished  what is being written beside its place, and what killed processes left of that
    text        UTF-8 and line ends, whatever the system's are; lines of tables of tabs
    json_files  JSON for people, and JSON to be hashed
    markdown    tables of Markdown
    parquet     Parquet, and what a file says of itself

Nothing here knows what it writes; every other room may use it.
"""
