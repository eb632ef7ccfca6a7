"""Edge probing with scalar mixing (Tenney et al. 2019; Su and Vijay-Shanker 2022, "Investigation of the
knowledge in the last layer").

The probe of layer l sees of each mention

    gamma * sum over k = 0..l of softmax(a)[k] * (the mention's vector after layer k, scaled)

and decides by two linear layers with ReLU between them. a, gamma and both layers are learned, the encoder is
not. A series of probes, for l = 0..L, tells what each layer adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import EvalPrediction

from harmonize.probing.vectors import Vectors
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.objective import watched_scores
from harmonize.spec.reading import SettingsModel, checked

__all__ = ["LayerScore", "Probe", "ProbeSettings", "Probed", "chosen_settings", "probed"]

_CHUNK = 512
_LEAST = 1e-3


class ProbeSettings(SettingsModel):
    """How probes are trained. The paper: hidden 1024, epochs 4, learning rate 2e-5, batches of 16 or 32.

    Attributes:
        hidden: units between the two linear layers.
        epochs, batch_size, learning_rate: of Adam; larger than the paper's, since only a probe is trained.
        dropout: of the mixed vectors and of the hidden units.
        repeats: probes of each layer, with seeds that follow each other.
        seed: of weights, order and dropout.
    """

    hidden: int = Field(default=1024, ge=1)
    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=5e-4, gt=0)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    repeats: int = Field(default=3, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)


def chosen_settings(values: dict[str, Any]) -> ProbeSettings:
    """Settings from values by name, those of the class where none is given.

    Raises:
        SpecError: with every fault at once.
    """
    return checked(ProbeSettings, values, "probe")


class Probe(nn.Module):
    """See the module.

    Args:
        layers: l + 1, how many it sees.
        width: of a vector.
        labels: how many there are.
    """

    def __init__(self, layers: int, width: int, labels: int, settings: ProbeSettings) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.zeros(layers))
        self.gamma = nn.Parameter(torch.ones(()))
        self.classifier = nn.Sequential(
            nn.Dropout(settings.dropout),
            nn.Linear(2 * width, settings.hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.hidden, labels),
        )

    @property
    def weights(self) -> Tensor:
        """[layers], sum to 1."""
        return self.mix.softmax(dim=0)

    def forward(self, vectors: Tensor) -> Tensor:
        """[pairs, layers, 2, width] -> logits [pairs, labels]"""
        mixed = self.gamma * torch.einsum("k,nksw->nsw", self.weights, vectors)
        logits: Tensor = self.classifier(mixed.flatten(1))
        return logits


@dataclass(frozen=True)
class LayerScore:
    """What the probes of layers 0 to `layer` find on the test pairs, the mean over repeats.

    Attributes:
        pair_f: F of the pairs found, micro, whatever their label.
        deviation: of pair_f over the repeats (population's).
        typed_f: with their label.
        gain: pair_f less that of the layer before; None for the embeddings.
        mix: how the probes weigh layers 0 to `layer`.
    """

    layer: int
    pair_f: float
    deviation: float
    typed_f: float
    gain: float | None
    mix: tuple[float, ...]


@dataclass(frozen=True)
class Probed:
    """A series of probes.

    Attributes:
        layers: of 0, the embeddings, to L.
        expected_layer: sum of l * gain(l) over the sum of the gains; None unless that sum is positive.
        centre_of_gravity: sum of l * mix(l) of the probes that see all layers.
    """

    layers: tuple[LayerScore, ...]
    expected_layer: float | None
    centre_of_gravity: float


def probed(
    train: Vectors,
    train_labels: NDArray[np.int64],
    test: Vectors,
    test_labels: NDArray[np.int64],
    space: LabelSpace,
    settings: ProbeSettings,
) -> Probed:
    """Train the probes of every layer, and score them.

    Args:
        train_labels, test_labels: [pairs], places in `space`; -1 for a test label that it lacks.
    """
    scale = _Scale.of(train)
    scores: list[LayerScore] = []
    for layer in range(train.shape[1]):
        sides = (train[:, : layer + 1], train_labels), (test[:, : layer + 1], test_labels)
        runs = [
            _run(*sides, scale, space, settings, settings.seed + repeat) for repeat in range(settings.repeats)
        ]
        found = [score["pair_f"] for score, _ in runs]
        pair_f = fmean(found)
        scores.append(
            LayerScore(
                layer=layer,
                pair_f=pair_f,
                deviation=pstdev(found),
                typed_f=fmean(score["typed_f"] for score, _ in runs),
                gain=pair_f - scores[-1].pair_f if scores else None,
                mix=tuple(np.mean([mix for _, mix in runs], axis=0).tolist()),
            )
        )
    return Probed(tuple(scores), expected_layer(scores), float(np.dot(range(len(scores)), scores[-1].mix)))


def expected_layer(scores: Sequence[LayerScore]) -> float | None:
    """The layer at which a pair is found, in the mean (Tenney et al. 2019, equation 4)."""
    gains = [(score.layer, score.gain) for score in scores if score.gain is not None]
    total = sum(gain for _, gain in gains)
    return sum(layer * gain for layer, gain in gains) / total if total > 0 else None


@dataclass(frozen=True)
class _Scale:
    """Brings every number of a vector to mean 0 and deviation 1 over the training pairs.

    Vectors of one tag are much alike, and layers differ in scale: without it a probe hardly begins to learn.

    Attributes:
        mean, deviation: [layers, 2, width]
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: Vectors) -> _Scale:
        total, squares = np.zeros(vectors.shape[1:]), np.zeros(vectors.shape[1:])
        for start in range(0, len(vectors), _CHUNK):
            part = np.asarray(vectors[start : start + _CHUNK], dtype=np.float64)
            total, squares = total + part.sum(axis=0), squares + (part**2).sum(axis=0)
        mean = total / len(vectors)
        deviation = np.sqrt(np.maximum(squares / len(vectors) - mean**2, 0))
        # What never changes (embeddings of one tag in one place) says nothing, and is not blown up.
        return cls(mean.astype(np.float32), np.maximum(deviation, _LEAST).astype(np.float32))

    def __call__(self, vectors: Vectors) -> Tensor:
        """[pairs, some first layers, 2, width], scaled"""
        layers = vectors.shape[1]
        return torch.from_numpy(
            (np.asarray(vectors, dtype=np.float32) - self.mean[:layers]) / self.deviation[:layers]
        )


def _run(
    train: tuple[Vectors, NDArray[np.int64]],
    test: tuple[Vectors, NDArray[np.int64]],
    scale: _Scale,
    space: LabelSpace,
    settings: ProbeSettings,
    seed: int,
) -> tuple[dict[str, float], list[float]]:
    """Scores of one probe on the test pairs, and its mix."""
    torch.manual_seed(seed)
    vectors, labels = train
    probe = Probe(vectors.shape[1], vectors.shape[3], len(space.names), settings)
    optimizer = torch.optim.Adam(probe.parameters(), lr=settings.learning_rate)
    random = np.random.default_rng(seed)
    probe.train()
    for _ in range(settings.epochs):
        order = random.permutation(len(vectors))
        for start in range(0, len(order), settings.batch_size):
            places = order[start : start + settings.batch_size]
            loss = cross_entropy(probe(scale(vectors[places])), torch.from_numpy(labels[places]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    probe.eval()
    vectors, labels = test
    with torch.inference_mode():
        parts = [probe(scale(vectors[start : start + _CHUNK])) for start in range(0, len(vectors), _CHUNK)]
        mix = [float(weight) for weight in probe.weights]
    return watched_scores(EvalPrediction(torch.cat(parts).numpy(), labels), space), mix
