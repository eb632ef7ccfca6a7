"""A trained classifier: pairs in, the probabilities of its labels out."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, field_validator

from harmonize.errors import MalformedInput, shown
from harmonize.relation.encode.documents import IGNORED, DocumentEncoder
from harmonize.relation.encode.encoding import PairEncoder
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.encode.knowledge import KNOWLEDGE_FILE, read_knowledge
from harmonize.relation.encode.order import token_batches
from harmonize.relation.labels import LabelKind, LabelSpace, own_outputs, softmax
from harmonize.relation.model.device import device_named, precision_named
from harmonize.relation.model.encoder_model import WEIGHT_TYPE
from harmonize.relation.model.heads import HEADS, EncodedInputs, Head
from harmonize.relation.pair import Pair
from harmonize.relation.run_files import PROMPT_FILE, RunFile
from harmonize.relation.said import VALUES, Answers, Outputs

__all__ = ["Classifier", "Prompt"]

_BATCH_TOKENS = {"cpu": 4096, "cuda": 65536}


class Prompt(RunFile):
    """What a run's own file says beside what transformers keeps: how a pair becomes its input.

    Attributes:
        tags: entity type -> the tag's name.
        input: the kind of input, see harmonize.relation.encode.inputs.
        max_length: of an input, in tokens.
        labels: whose the labels are.
        by_corpus: outputs of its own for each corpus.
        head: the kind of classifier, see harmonize.relation.model.heads.
        said: what it tells beside the label, see harmonize.relation.said.
    """

    file_name: ClassVar[str] = PROMPT_FILE

    tags: dict[str, str]
    input: str
    max_length: int = Field(ge=1)
    labels: LabelKind
    by_corpus: bool
    head: str = "cls"
    said: tuple[str, ...] = ()

    @field_validator("input")
    @classmethod
    def _input(cls, name: str) -> str:
        return _one_of(INPUTS, name)

    @field_validator("head")
    @classmethod
    def _head(cls, name: str) -> str:
        return _one_of(HEADS, name)

    @field_validator("said")
    @classmethod
    def _said(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [column for column in columns if column not in VALUES]
        if unknown:
            raise ValueError(f"expected some of {', '.join(VALUES)}, got {shown(unknown)}")
        return columns


def _one_of(known: Collection[str], name: str) -> str:
    if name not in known:
        raise ValueError(f"expected one of {', '.join(known)}, got {name!r}")
    return name


class Classifier:
    """A trained classifier.

    Args:
        model: of `head`'s kind.
        encoder: of `head`'s kind, with the model's tokenizer and tags.
        space: its labels.
        kind: whose the labels are.
        said: what it tells beside them, in the order of its outputs.
        precision: "fp32"; "bf16", mixed with single precision as in training; "int8", the linear layers'
            weights and inputs in 8 bits, scaled anew for each batch.
    """

    def __init__(
        self,
        model: Any,
        head: Head,
        encoder: PairEncoder | DocumentEncoder,
        space: LabelSpace,
        kind: LabelKind,
        device: torch.device,
        precision: str = "fp32",
        said: tuple[str, ...] = (),
    ) -> None:
        self.model = model.to(device).eval()
        if precision == "int8":
            self.model = _in_eight_bits(self.model)
        self.head, self.encoder, self.space, self.kind, self.device = head, encoder, space, kind, device
        self.precision = precision
        self.outputs = Outputs(space.names, said)

    @classmethod
    def load(cls, folder: Path | str, device: str = "auto", precision: str = "auto") -> Classifier:
        """A run of `harmonize train`.

        Args:
            device: see harmonize.relation.model.device.
            precision: see harmonize.relation.model.device.

        Raises:
            MissingInput, MalformedInput, HarmonizeError: no such run, a broken one, no such device.
        """
        from safetensors import SafetensorError
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        folder = Path(folder)
        prompt = Prompt.read(folder)
        place = device_named(device)
        precision = precision_named(precision, place)
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder))
            model = AutoModelForSequenceClassification.from_pretrained(str(folder), dtype=WEIGHT_TYPE)
        except (OSError, ValueError, SafetensorError) as error:
            raise MalformedInput(
                folder, f"expected a model and its tokenizer: {str(error).splitlines()[0]}"
            ) from None
        names = tuple(model.config.id2label[place] for place in range(model.config.num_labels))
        head = HEADS[prompt.head]
        knowledge = read_knowledge(folder / KNOWLEDGE_FILE) if INPUTS[prompt.input].describes else None
        encoder = head.encoder(tokenizer, prompt.tags, prompt.max_length, prompt.input, knowledge)
        outputs = Outputs.of_names(names, prompt.said)
        if outputs.names != names:
            raise MalformedInput(
                folder, f"expected a model that tells {', '.join(outputs.said)}, it does not"
            )
        space = LabelSpace(outputs.labels, prompt.by_corpus)
        return cls(model, head, encoder, space, prompt.labels, place, precision, outputs.said)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities' columns; several corpora may have one of a name."""
        return self.space.plain

    @property
    def said(self) -> tuple[str, ...]:
        """What it tells of a related pair beside its label."""
        return self.outputs.said

    @property
    def reads_sentences(self) -> bool:
        """It looks at the sentences of pairs."""
        return self.encoder.reads_sentences

    @property
    def tags(self) -> Mapping[str, str]:
        return self.encoder.tags

    def probabilities(
        self, pairs: Iterable[Pair], batch_tokens: int | None = None, ahead: int | None = None
    ) -> NDArray[np.float32]:
        """How probable each label is; those of other corpora's outputs are 0.

        Args:
            pairs: all those of each context that has some, since a document model reads a context once.
            batch_tokens: that the model is given at once, padding included; what suits the device unless
                given.
            ahead: so many pairs are encoded while the model is at those before them, by a thread; all before
                the first batch unless given. Of no effect where a context is read for all its pairs.

        Returns:
            [pairs, labels], rows sum to 1, in the order of the pairs.

        Raises:
            HarmonizeError: a pair of an entity type, or of a corpus, that the classifier was not trained on.
        """
        return self.answers(pairs, batch_tokens, ahead).probabilities

    def answers(
        self, pairs: Iterable[Pair], batch_tokens: int | None = None, ahead: int | None = None
    ) -> Answers:
        """How probable each label is, and of a related pair what is said besides; see `probabilities`."""
        pairs = list(pairs)
        labels, said = self.outputs.of_logits(self._all_logits(pairs, batch_tokens, ahead))
        return Answers(
            softmax(labels, own_outputs(self.space, pairs)),
            {column: softmax(each, np.ones(each.shape, dtype=bool)) for column, each in said.items()},
        )

    def _all_logits(
        self, pairs: Sequence[Pair], batch_tokens: int | None, ahead: int | None
    ) -> NDArray[np.float32]:
        """[pairs, outputs]"""
        logits = np.empty((len(pairs), len(self.outputs.names)), dtype=np.float32)
        batch_tokens = batch_tokens or _BATCH_TOKENS[self.device.type]
        bf16 = torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")
        with torch.inference_mode(), bf16:
            for start, encoded in self._encoded(pairs, ahead):
                for places in token_batches(encoded.lengths, batch_tokens):
                    found = self._logits([encoded[place] for place in places])
                    logits[start + encoded.places(places)] = found
        return logits

    def _encoded(self, pairs: Sequence[Pair], ahead: int | None) -> Iterator[tuple[int, EncodedInputs]]:
        """The inputs of all pairs, or of some at a time, with the place of the first of their pairs."""
        if ahead is None or not isinstance(self.encoder, PairEncoder):
            yield 0, self._inputs(pairs)
            return
        starts = range(0, len(pairs), ahead)
        with ThreadPoolExecutor(1) as pool:
            coming = [pool.submit(self._inputs, pairs[start : start + ahead]) for start in starts]
            for start, encoded in zip(starts, coming, strict=True):
                yield start, encoded.result()

    def _inputs(self, pairs: Sequence[Pair]) -> EncodedInputs:
        return self.head.inputs(self.encoder(pairs), [-1] * len(pairs))

    def _logits(self, items: Sequence[dict[str, Any]]) -> NDArray[np.float32]:
        """[pairs of the items, outputs]"""
        batch = self.head.padded(items, self.encoder.padding, types_too=self.encoder.knows_types)
        known = batch.pop("labels") != IGNORED
        outputs = self.model(**{name: tensor.to(self.device) for name, tensor in batch.items()})
        logits: NDArray[np.float32] = outputs.logits.float().cpu()[known].numpy()
        return logits


def _in_eight_bits(model: Any) -> Any:
    """The model with its encoder's linear layers quantized; what stands on the encoder decides, and stays."""
    layers = {
        name: torch.ao.quantization.per_channel_dynamic_qconfig
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.startswith(f"{model.base_model_prefix}.")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch will have another way to say it one day
        quantize: Any = torch.ao.quantization.quantize_dynamic
        return quantize(model, layers, dtype=torch.qint8)
