"""What becomes of each text: trained on, held out, or left out for a reason. In = out + dropped, always."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harmonize.adaptation.settings import Settings
from harmonize.adaptation.text import Text
from harmonize.errors import AccountingError, HarmonizeError
from harmonize.union.known_documents import KnownDocuments
from harmonize.union.leaks import fingerprint

__all__ = ["HELD_OUT", "TRAINED", "Choice", "choose"]

TRAINED, HELD_OUT = 0, 1
_REASONS = (
    "not UTF-8",
    "empty",
    "too short",
    "holds a document that is tested",
    "not about what is asked for",
    "repeats another text",
    "beyond the number asked for",
)
_NOT_UTF8, _EMPTY, _SHORT, _TESTED, _OTHER, _REPEATS, _BEYOND = range(2, 2 + len(_REASONS))


@dataclass(frozen=True)
class Choice:
    """The fate of each text, in the order in which they are read; a byte each."""

    fates: NDArray[np.uint8]

    def account(self) -> dict[str, Any]:
        """Texts in, trained on, held out, and dropped by reason."""
        counts = np.bincount(self.fates, minlength=2 + len(_REASONS)).tolist()
        dropped = {reason: count for reason, count in zip(_REASONS, counts[2:], strict=True) if count}
        if len(self.fates) != counts[TRAINED] + counts[HELD_OUT] + sum(dropped.values()):
            raise AccountingError(f"{len(self.fates)} texts in, {counts} out")
        return {
            "in": len(self.fates),
            "trained": counts[TRAINED],
            "held_out": counts[HELD_OUT],
            "dropped": dropped,
        }


def choose(
    texts: Iterable[Text],
    settings: Settings,
    tested: KnownDocuments | None = None,
    kinds: Callable[[Text], frozenset[str]] | None = None,
) -> Choice:
    """The fate of each text, in one reading; 17 bytes of memory a text.

    Two hashes of a text's letters and digits draw it and hold it out. They hang on nothing else, so that what
    one adaptation holds out no other trains on.

    Args:
        tested: documents on which a classifier is tested.
        kinds: of entity that a text names; asked where `settings.about` names some.

    Raises:
        HarmonizeError: nothing is left to train on, or nothing to hold out.
    """
    fates, draws, holds = array("B"), array("Q"), array("Q")
    for text in texts:
        fate = _reason(text, settings, tested, kinds)
        fates.append(fate)
        if fate == TRAINED:
            digest = fingerprint(text.text or "")
            draws.append(int.from_bytes(digest[:8]))
            holds.append(int.from_bytes(digest[8:]))
    found = np.array(fates, dtype=np.uint8)
    kept = np.flatnonzero(found == TRAINED)
    found[kept] = _drawn(np.array(draws, dtype=np.uint64), np.array(holds, dtype=np.uint64), settings)
    choice = Choice(found)
    _check(choice.account(), settings)
    return choice


def _reason(
    text: Text,
    settings: Settings,
    tested: KnownDocuments | None,
    kinds: Callable[[Text], frozenset[str]] | None,
) -> int:
    if text.text is None:
        return _NOT_UTF8
    words = text.text.split()
    if not words:
        return _EMPTY
    if len(words) < settings.shortest:
        return _SHORT
    if tested is not None and tested.has(text.text, text.pmid):
        return _TESTED
    if settings.about and kinds is not None and not kinds(text).issuperset(settings.about):
        return _OTHER
    return TRAINED


def _drawn(draws: NDArray[np.uint64], holds: NDArray[np.uint64], settings: Settings) -> NDArray[np.uint8]:
    """The fates of texts that nothing speaks against, from their two hashes."""
    fates = np.full(len(draws), TRAINED, dtype=np.uint8)
    order = np.argsort(draws, kind="stable")
    is_repeat = np.zeros(len(draws), dtype=bool)
    is_repeat[1:] = draws[order][1:] == draws[order][:-1]
    fates[order[is_repeat]] = _REPEATS
    order = order[~is_repeat]
    if settings.texts is not None:
        fates[order[settings.texts :]] = _BEYOND
        order = order[: settings.texts]
    if settings.held_out < 1:
        fates[order[holds[order] < np.uint64(settings.held_out * 2**64)]] = HELD_OUT
    else:
        fates[order[np.argsort(holds[order], kind="stable")[: int(settings.held_out)]]] = HELD_OUT
    return fates


def _check(account: dict[str, Any], settings: Settings) -> None:
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in account["dropped"].items()) or "none"
    if not account["trained"]:
        raise HarmonizeError(
            f"--text: expected texts to train on, none of {account['in']:,} is left (held out: "
            f"{account['held_out']:,}; dropped: {dropped})"
        )
    if not account["held_out"]:
        raise HarmonizeError(
            f"--held-out {settings.held_out:g}: expected a text or more to measure on, got none of "
            f"{account['trained']:,}; take more texts, or a larger share"
        )
