"""What the mappings say: pydantic models of mappings/*.yaml, and the catalogue that reads them.

A folder of mappings holds table2.yaml (which rules a corpus gets) and one <corpus>.yaml each (its files,
types and licence); the package's own folder also holds target.yaml (labels, entity types, tags) and
further.yaml, the rules of corpora that the paper's Table 2 does not have. Unknown keys are errors, and all
faults of a file are reported at once.

    target, rule_choice, mapping, leak_settings   a file's model each
    likeness                                      a mapping or row that says `like`, filled in
    reading                                       YAML -> model, with all faults
    corpus                                        one corpus: mapping, rules and target together
    catalogue                                     every known corpus
"""

from harmonize.spec.catalogue import CORPUS_NAME, FURTHER, Catalogue, load_catalogue
from harmonize.spec.corpus import Corpus
from harmonize.spec.leak_settings import LeakSettings, load_leak_settings
from harmonize.spec.mapping import (
    FORMATS,
    LICENCE_TERMS,
    OTHER,
    CorpusSpec,
    CurationSpec,
    Download,
    Format,
    Licence,
    LicenceTerms,
    Published,
    PublishedFolds,
    RemoteFile,
    Separators,
)
from harmonize.spec.reading import checked, validated
from harmonize.spec.rule_choice import RuleChoice
from harmonize.spec.target import Target

__all__ = [
    "CORPUS_NAME",
    "FORMATS",
    "FURTHER",
    "LICENCE_TERMS",
    "OTHER",
    "Catalogue",
    "Corpus",
    "CorpusSpec",
    "CurationSpec",
    "Download",
    "Format",
    "LeakSettings",
    "Licence",
    "LicenceTerms",
    "Published",
    "PublishedFolds",
    "RemoteFile",
    "RuleChoice",
    "Separators",
    "Target",
    "checked",
    "load_catalogue",
    "load_leak_settings",
    "validated",
]
