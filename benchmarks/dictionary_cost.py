"""What the dictionary match costs: its speed beside plain tokenization, and its memory.

benchmarks/dictionary.py measures both; started on its own, this file is a process whose peak is measured.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from curation import pharmgkb_curation

from harmonize.formats import pubmed_xml
from harmonize.text.dictionary import Dictionary, Name

SPEED_COUNT = 10_000


def abstracts(mirror: Path, count: int, new_words: bool = False) -> Iterator[tuple[str, str]]:
    """(PMID, text) of so many abstracts: the folder's over and over.

    Args:
        new_words: of each copy, change the ends of the longer words, so that it brings as many new words as
            the first did. Natural text brings ever fewer.
    """
    turn = 0
    left = count
    while left:
        for article in pubmed_xml.read_folder(mirror / "pharmgkb/abstracts_xml"):
            if article.abstract and left:
                left -= 1
                text = f"{article.title} {article.abstract}"
                end = chr(ord("a") + turn)
                yield (
                    article.pmid,
                    re.sub(r"[a-z]{6,}", rf"\g<0>{end}q", text) if new_words and turn else text,
                )
        turn += 1


def pharmgkb_names(mirror: Path) -> tuple[list[Name], dict[str, list[str]]]:
    """All names of PharmGKB's entities, and which entities each article is searched for."""
    curation = pharmgkb_curation(mirror)
    entries = curation.entries
    wanted = {
        pmid: {entries[side].concept_id for triple in triples for side in (triple.first, triple.second)}
        for pmid, triples in curation.triples.items()
    }
    names = [name for entry in entries.values() for name in entry.names]
    return names, {pmid: sorted(filter(None, concepts)) for pmid, concepts in wanted.items()}


def timed(mirror: Path) -> dict[str, Any]:
    """Seconds for the match and for plain tokenization of the same texts, in turns of 1,000."""
    names, wanted = pharmgkb_names(mirror)
    started = time.perf_counter()
    dictionary = Dictionary(names)
    built = time.perf_counter() - started
    tokenizer = spacy.blank("en").tokenizer
    texts = list(abstracts(mirror, SPEED_COUNT))
    match = tokenize = 0.0
    mentions = 0
    for first in range(0, len(texts), 1_000):
        part = texts[first : first + 1_000]
        started = time.perf_counter()
        for _, text in part:
            tokenizer(text)
        between = time.perf_counter()
        mentions += sum(len(dictionary.find(text, wanted.get(pmid, ()))) for pmid, text in part)
        match += time.perf_counter() - between
        tokenize += between - started
    return {
        "abstracts": len(texts),
        "characters": sum(len(text) for _, text in texts),
        "names": len(names),
        "mentions": mentions,
        "building_seconds": round(built, 2),
        "match_seconds": round(match, 2),
        "tokenization_seconds": round(tokenize, 2),
        "ratio": round(match / tokenize, 2),
    }


def resident_peak() -> int:
    """MiB; unlike getrusage's, without what the parent had when it started this process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return round(int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024)


def peak(mirror: Path, count: int, new_words: bool, names_file: Path) -> dict[str, Any]:
    """Peak memory of matching so many abstracts, read one by one; to be called in a process of its own.

    The names come from a file, so that what reading the tables took and gave back hides nothing.
    """
    names, wanted = json.loads(names_file.read_text(encoding="utf-8"))
    dictionary = Dictionary(Name(*name) for name in names)
    before, words = resident_peak(), len(dictionary._vocab.strings)
    for pmid, text in abstracts(mirror, count, new_words):
        dictionary.find(text, wanted.get(pmid, ()))
    after = resident_peak()
    return {
        "abstracts": count,
        "words": "new in every copy" if new_words else "as they are",
        "peak_memory_mib": after,
        "before_the_first_abstract_mib": before,
        "strings_before": words,
        "strings_after": len(dictionary._vocab.strings),
    }


def memory(mirror: Path) -> list[dict[str, Any]]:
    """The peaks of 1,000 abstracts, of many, and of many with new words."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        names_file = Path(folder) / "names.json"
        names_file.write_text(json.dumps(pharmgkb_names(mirror)), encoding="utf-8")
        command = [sys.executable, __file__, "--mirror", str(mirror), "--names", str(names_file)]
        for count, option in ((1_000, []), (SPEED_COUNT, []), (SPEED_COUNT, ["--new-words"])):
            done = subprocess.run(
                [*command, "--peak", str(count), *option], check=True, stdout=subprocess.PIPE
            )
            found.append(json.loads(done.stdout))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--peak", type=int, required=True, help="how many abstracts")
    parser.add_argument("--names", type=Path, required=True, help="what `pharmgkb_names` gives, as JSON")
    parser.add_argument("--new-words", action="store_true")
    arguments = parser.parse_args()
    print(json.dumps(peak(arguments.mirror, arguments.peak, arguments.new_words, arguments.names)))


if __name__ == "__main__":
    main()
