"""A run's model card: what it was trained on, how it scored, and how it is used."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from harmonize.relation.combinations import COMBINATION
from harmonize.relation.encode.inputs import input_named
from harmonize.relation.labels import is_negative
from harmonize.relation.model.ensemble import ENSEMBLE
from harmonize.relation.model.linear import LINEAR_HEADS
from harmonize.relation.recipe import INPUTS_OF_CONTEXTS, Recipe
from harmonize.relation.run_files import LEFT_OUT, MODEL_CARD, TrainingRecord
from harmonize.spec import load_catalogue
from harmonize.writing.text import write_text

__all__ = ["write_card"]


def write_card(folder: Path, recipe: Recipe, record: TrainingRecord, scores: list[str]) -> None:
    """Write the model card.

    Args:
        scores: what `harmonize evaluate` has found so far, as Markdown.
    """
    none = ["None yet: `harmonize evaluate --model RUN --union SET --on CORPUS/SPLIT` writes them here."]
    recipe_lines = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    lines = [
        *_front_matter(recipe),
        "# A relation classifier for biomedical texts",
        "",
        f"{_made(recipe)} by harmonize {record.harmonize} on {', '.join(recipe.train_on)}, "
        f"meant for {recipe.evaluate_on}.",
        "",
        *_facts(record),
        "",
        "## Scores",
        "",
        *(scores or none),
        "",
        "## Use",
        "",
        *_use(recipe),
        "",
        *_transformers_way(recipe),
        "",
        "Not for medical decisions. The licences of the corpora behind it stand in the set's card.",
        "",
        "## Recipe",
        "",
        "```yaml",
        recipe_lines.rstrip(),
        "```",
    ]
    write_text(folder / MODEL_CARD, "\n".join(lines) + "\n")


def _front_matter(recipe: Recipe) -> list[str]:
    own_files = recipe.head in (ENSEMBLE, *LINEAR_HEADS)
    return [
        "---",
        *([] if own_files else ["library_name: transformers", f"base_model: {json.dumps(recipe.encoder)}"]),
        "pipeline_tag: text-classification",
        "tags: [biomedical, relation-extraction]",
        "---",
    ]


def _facts(record: TrainingRecord) -> list[str]:
    """Labels, rows, the set, the score that was watched, and versions."""
    labels, rows = record.labels, record.rows
    negative = [label for label in labels if is_negative(label.rpartition("/")[2])]
    positive = [label for label in labels if label not in negative]
    left_out = sum(count for reasons in rows.left_out.values() for count in reasons.values())
    watched = record.best.development_pair_f
    return [
        f"- Labels: {', '.join(positive)}; {', '.join(negative)} mean that there is no relation.",
        f"- Rows: {_trained_on(record)}, {rows.development:,} watched, {left_out:,} left out "
        f"({LEFT_OUT} names each).",
        *_pseudo_lines(record),
        f"- Union set: manifest sha256 `{record.union.manifest_sha256}`.",
        "- No development part: the last state is kept."
        if watched is None
        else f"- Pair F on the development part: {watched:.4f}, {_among(record)}.",
        f"- Made with {', '.join(f'{name} {version}' for name, version in record.versions.items())}, "
        f"on {record.device}.",
    ]


def _trained_on(record: TrainingRecord) -> str:
    """How many rows were learnt from; each member of an ensemble may have had other ones."""
    if not record.members:
        return f"{record.rows.train:,} trained on"
    each = ", ".join(f"{member.rows:,}" for member in record.members)
    return f"{each} trained on by the members"


def _among(record: TrainingRecord) -> str:
    """What the score that was watched is to be compared with."""
    if not record.members:
        return f"the best of {len(record.evaluations)}"
    alone = ", ".join(f"{member.development_pair_f:.4f}" for member in record.members)
    return f"of the members alone {alone}"


def _pseudo_lines(record: TrainingRecord) -> list[str]:
    """How much of what was trained on nobody has annotated."""
    pseudo = record.pseudo
    if pseudo is None:
        return []
    return [
        f"- Of the rows trained on {pseudo.trained_on:,} are pseudo-labels, which a model has given and "
        f"nobody has checked (sha256 `{pseudo.sha256}`)."
    ]


def _made(recipe: Recipe) -> str:
    """What was trained."""
    if recipe.head in LINEAR_HEADS:
        return f"A linear baseline ({recipe.head}) on words and distances, trained"
    if recipe.head == ENSEMBLE:
        return f"The mean of {len(recipe.members or ())} classifiers (`members/`), which were trained"
    of_input = f"the input `{recipe.input}` ({input_named(recipe.input).source})"
    return f"`{recipe.encoder}` with {of_input} and the head `{recipe.head}`, fine-tuned"


def _use(recipe: Recipe) -> list[str]:
    """How the folder is used."""
    if recipe.head == COMBINATION:
        return ["    harmonize evaluate --model RUN --union SET --on CORPUS/SPLIT"]
    return [
        "    from harmonize import RelationExtractor",
        "    relations = RelationExtractor.from_pretrained(RUN)(documents)",
    ]


def _transformers_way(recipe: Recipe) -> list[str]:
    """How the folder is used without our extractor."""
    if recipe.head in LINEAR_HEADS:
        return ["No transformer is in the folder: `linear.json` and `linear.npz` hold the weights."]
    if recipe.head == ENSEMBLE:
        return ["Each folder of `members/` is a complete run; `ensemble.json` says how their mean decides."]
    kind = input_named(recipe.input)
    loaded = "`AutoModelForSequenceClassification` and `AutoTokenizer` load the folder"
    if recipe.head in INPUTS_OF_CONTEXTS:
        asked = "sets of entities" if recipe.head == COMBINATION else "pairs"
        return [
            f"After `import harmonize.relation.model.heads`, {loaded};",
            f"an input is a context with all its {asked}.",
        ]
    before = "" if recipe.head == "cls" else "After `import harmonize.relation.model.heads`, "
    return [
        f"{before}{loaded}; of a pair in",
        '"Aspirin may provoke asthma." an input is, without the special tokens at both ends,',
        "",
        f"    {kind.example(load_catalogue().target.tags)}",
    ]
