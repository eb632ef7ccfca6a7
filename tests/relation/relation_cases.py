"""Hand-written pairs, and strategies that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from harmonize.model import Span
from harmonize.relation.pair import Entity, Pair

CHEMICAL, DISEASE, GENE = "ChemicalEntity", "DiseaseOrPhenotypicFeature", "GeneOrGeneProduct"
TAGS = {CHEMICAL: "C", DISEASE: "D", GENE: "G"}


def entity(text: str, entity_type: str, *names: str | tuple[int, int]) -> Entity:
    """An entity whose mentions are the first places of these names, or spans."""
    spans = [
        Span(*name) if isinstance(name, tuple) else Span(text.index(name), text.index(name) + len(name))
        for name in names
    ]
    return Entity(spans[0].of(text), entity_type, tuple(spans))


def pair(
    text: str,
    head: Sequence[str | tuple[int, int]],
    tail: Sequence[str | tuple[int, int]],
    types: tuple[str, str] = (CHEMICAL, DISEASE),
    *,
    corpus: str = "biored",
    task: str = "BioRED",
) -> Pair:
    return Pair(corpus, task, text, entity(text, types[0], *head), entity(text, types[1], *tail))


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Pairs whose mentions meet in every way, in texts that may spell tags and special tokens."""
    piece = st.one_of(
        st.text(min_size=1, max_size=4),
        st.sampled_from(["<C>", "</D>", "[SEP]", "[CLS]", " ", "α", "🧬", "e\u0301", "aspirin"]),
    )
    text = "".join(draw(st.lists(piece, min_size=2, max_size=12)))
    place = st.integers(0, len(text))
    span = st.lists(place, min_size=2, max_size=2, unique=True).map(sorted).map(lambda ends: Span(*ends))
    sides = [tuple(sorted(set(draw(st.lists(span, min_size=1, max_size=5))))) for _ in range(2)]
    types = [draw(st.sampled_from(sorted(TAGS))) for _ in range(2)]
    head, tail = (Entity(spans[0].of(text), kind, spans) for spans, kind in zip(sides, types, strict=True))
    return Pair("biored", "BioRED", text, head, tail)


def words_tokenizer(*, longest: int = 512, roberta: bool = False) -> Any:
    """A tokenizer of letters, in BERT's frame or in RoBERTa's, which has two marks between the segments."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    first, last = ("<s>", "</s>") if roberta else ("[CLS]", "[SEP]")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ?<>/-[]"
    vocabulary = dict.fromkeys(["[PAD]", "[UNK]", first, last, *letters])
    ids = {token: place for place, token in enumerate(vocabulary)}
    backend = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("", "isolated")]
    )
    pair_frame = f"{first} $A {last} {last} $B {last}" if roberta else f"{first} $A {last} $B:1 {last}:1"
    backend.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=pair_frame,
        special_tokens=[(first, ids[first]), (last, ids[last])],
    )
    names = ["input_ids", "attention_mask"] if roberta else ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=longest,
        model_input_names=names,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token=first,
        sep_token=last,
    )
