"""An encoder with the tokens that a set uses and no others, so that it is small enough to travel.

All that any kind of input makes of the set's rows becomes the same tokens as before, under other numbers:
each token keeps its embedding, and those that are left their order. Other texts may become [UNK] in parts, so
that such an encoder is for training and scoring on this set.
"""

from __future__ import annotations

import json
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from transformers import AutoModel, AutoTokenizer

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.encode.prompt import question_words, tag
from harmonize.relation.select.rows import pairs_of
from harmonize.spec import load_catalogue

_ID = re.compile(r"\w+_token_id$")


def used_tokens(tokenizer: Any, rows: pa.Table) -> list[int]:
    """The ids of all tokens that any input has of the rows, in order.

    Raises:
        HarmonizeError: a tokenizer that does not take each word by itself, as WordPiece does.
    """
    if _backend(tokenizer)["model"]["type"] != "WordPiece":
        raise HarmonizeError("vocabulary: expected a tokenizer of the kind WordPiece, got another")
    strings = list(dict.fromkeys([*_own_words(rows), *_words_of(rows)]))
    encoded = tokenizer(strings, add_special_tokens=False, split_special_tokens=True, verbose=False)
    used = {token for ids in encoded["input_ids"] for token in ids}
    characters = {
        tokenizer.convert_tokens_to_ids(f"{before}{character}")
        for character in string.ascii_lowercase + string.digits
        for before in ("", "##")
    }
    return sorted(used | characters | set(tokenizer.all_special_ids))


def _own_words(rows: pa.Table) -> Iterator[str]:
    """What inputs say beside the texts: questions, and the words that tags begin as."""
    yield from string.ascii_letters
    yield "gene"
    for task in rows["task"].unique().to_pylist():
        yield from (question_words(task, of_context=of_context) for of_context in (False, True))
    catalogue = load_catalogue()
    kinds = {*catalogue.target.tags, *_types(rows)}
    kinds |= {internal for each in catalogue.corpora.values() for internal in each.spec.internal_types}
    tags = {kind: tag(kind, catalogue.target.tags) for kind in kinds}
    for kind in INPUTS.values():
        yield from kind.words(tags).values()


def _types(rows: pa.Table) -> set[str]:
    return {kind for side in ("head", "tail") for kind in rows[f"{side}_type"].unique().to_pylist()}


def _words_of(rows: pa.Table) -> Iterator[str]:
    """The words of the texts, whole and cut in each way that marks at the ends of mentions can cut them."""
    ends: dict[str, set[int]] = defaultdict(set)
    for pair in pairs_of(rows):
        for entity in (pair.head, pair.tail):
            yield entity.name
            for span in entity.spans:
                ends[pair.text] |= {span.start, span.end}
    for text, cuts in ends.items():
        yield from cut_words(text, cuts)


def cut_words(text: str, cuts: Iterable[int]) -> Iterator[str]:
    """What may stand between two marks, or a mark and a blank: a blank ends a word in every vocabulary."""
    inner: dict[int, list[int]] = defaultdict(list)
    starts = [0, *(found.end() for found in re.finditer(" ", text))]
    words = list(zip(starts, [*(start - 1 for start in starts[1:]), len(text)], strict=True))
    word = 0
    for cut in sorted(cuts):
        while word < len(words) and words[word][1] < cut:
            word += 1
        if word < len(words) and words[word][0] < cut < words[word][1]:
            inner[word].append(cut)
    for word, (start, end) in enumerate(words):
        places = [start, *inner[word], end] if word in inner else [start, end]
        for place, first in enumerate(places):
            yield from (text[first:last] for last in places[place + 1 :])


def cut_vocabulary(source: str, kept: list[int], out: Path) -> None:
    """Write an encoder that knows some of another one's tokens.

    Args:
        source: its folder.
        kept: the ids of the tokens to keep, in order; new ids are places in this list.
        out: a new folder.

    Raises:
        HarmonizeError: padding would have another id, by which some encoders count positions.
    """
    new = {old: place for place, old in enumerate(kept)}
    model = AutoModel.from_pretrained(source, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(source)
    if new.get(tokenizer.pad_token_id) != tokenizer.pad_token_id:
        raise HarmonizeError(f"vocabulary: expected padding to keep its id {tokenizer.pad_token_id}")
    weight = model.get_input_embeddings().weight.detach()[kept].clone()
    model.set_input_embeddings(torch.nn.Embedding.from_pretrained(weight, freeze=False))
    model.config.update({"vocab_size": len(kept), **_renumbered(model.config.to_dict(), new)})
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "tokenizer.json").write_text(
        json.dumps(_cut_backend(_backend(tokenizer), new), ensure_ascii=False), encoding="utf-8"
    )


def _backend(tokenizer: Any) -> dict[str, Any]:
    """What the tokenizer is made of, as tokenizer.json has it."""
    content: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return content


def _renumbered(config: Mapping[str, Any], new: Mapping[int, int]) -> dict[str, int]:
    """The ids that a configuration names, such as pad_token_id."""
    return {
        name: new[value]
        for name, value in config.items()
        if _ID.match(name) and isinstance(value, int) and value in new
    }


def _cut_backend(content: dict[str, Any], new: Mapping[int, int]) -> dict[str, Any]:
    content["model"]["vocab"] = {
        token: new[old] for token, old in content["model"]["vocab"].items() if old in new
    }
    content["added_tokens"] = [{**each, "id": new[each["id"]]} for each in content["added_tokens"]]
    content["post_processor"] = _renumbered_frame(content["post_processor"], new)
    # How the encoder's makers cut and padded is none of ours.
    return {**content, "padding": None, "truncation": None}


def _renumbered_frame(frame: dict[str, Any], new: Mapping[int, int]) -> dict[str, Any]:
    """What puts the special tokens around an input: a template, or BERT's or RoBERTa's own kind."""
    if "special_tokens" in frame:
        specials = {
            name: {**each, "ids": [new[old] for old in each["ids"]]}
            for name, each in frame["special_tokens"].items()
        }
        return {**frame, "special_tokens": specials}
    marks = {name: [frame[name][0], new[frame[name][1]]] for name in ("sep", "cls") if name in frame}
    return {**frame, **marks}
