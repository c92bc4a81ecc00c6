"""Where a result comes from: the source files, versions, configuration and inputs that decide its bytes.

Example: the files whose code decides the transform from scores to effects.
    >>> from whypretrain.provenance import code_files
    >>> [path.name for path in code_files("whypretrain.interactions.transforms")]
    ['errors.py', 'transforms.py']
"""

from whypretrain.provenance.closure import ROOT, code_files, code_hash, other_code
from whypretrain.provenance.fingerprint import Fingerprint, fingerprint
from whypretrain.provenance.machine import LIBRARIES, hardware, versions
from whypretrain.provenance.places import ENDINGS, PACKAGE, fingerprints, located, named
from whypretrain.provenance.records import CARDS, card_of, config_hash, describe, fault, hashes, lineage, write_cards

__all__ = [
    "CARDS",
    "ENDINGS",
    "LIBRARIES",
    "PACKAGE",
    "ROOT",
    "Fingerprint",
    "card_of",
    "code_files",
    "code_hash",
    "config_hash",
    "describe",
    "fault",
    "fingerprint",
    "fingerprints",
    "hardware",
    "hashes",
    "lineage",
    "located",
    "named",
    "other_code",
    "versions",
    "write_cards",
]
