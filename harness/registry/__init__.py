"""The registry: `providers.toml`, written by people, becomes Providers; the catalogue says what their models can and cost.

`load` reads the file, `readiness` says whether a provider can be asked now, `participants` who takes part in a run,
`Catalogue` gives litellm's facts about a model, `detect` tells a bare model name's provider. Nothing here sends a
request; the only network use is a look whether a server on this machine or network listens.
"""

from harness.registry.catalogue import CAPABILITIES, Catalogue, ModelFacts
from harness.registry.detection import PROMISED, detect
from harness.registry.entries import STRATEGIES, Entry, Fallback, Profile, Registry, StrategyName, empty
from harness.registry.families import families_of
from harness.registry.form import schema
from harness.registry.reading import load
from harness.registry.taking_part import Readiness, participants, readiness, resolve

__all__ = [
    "CAPABILITIES",
    "PROMISED",
    "STRATEGIES",
    "Catalogue",
    "Entry",
    "Fallback",
    "ModelFacts",
    "Profile",
    "Readiness",
    "Registry",
    "StrategyName",
    "detect",
    "empty",
    "families_of",
    "load",
    "participants",
    "readiness",
    "resolve",
    "schema",
]
