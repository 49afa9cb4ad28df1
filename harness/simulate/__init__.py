"""The simulated fleet: providers over real HTTP whose true quality, speed, price and faults are known.

They answer the suites' own questions from their answer keys, right or wrong as their profile says, by seeded chance; what
was true of each answered request goes to the truth log, for a measurement to be held against. It knows only the words:
nothing of how the harness asks, so that it can be wrong about nothing together with it.

Every profile speaks every wire: `/{profile}/v1/chat/completions` (OpenAI; Azure OpenAI's deployments as well), `/{profile}/v1/messages`
(Anthropic), `/{profile}/v1beta/models/…:generateContent` (Gemini), `/{profile}/v2/chat` (Cohere), `/{profile}/api/chat` (Ollama) and
`/{profile}/v1/…/predictions` (Replicate). It embeds texts where these do (`embeddings.py`) and lists its models
(`listings.py`). Every response has the header `x-simulated`. The header `x-simulate-fault: NAME` of a request forces a fault; a slow one takes `NAME;pause_s=0.01`.
"""

from harness.simulate.faults import FAULTS
from harness.simulate.keys import Keys, read_keys, write_keys
from harness.simulate.process import FleetProcess
from harness.simulate.profiles import Fleet, LogNormal, Profile, load_fleet
from harness.simulate.server import serve
from harness.simulate.wires import WIRES

__all__ = [
    "FAULTS",
    "WIRES",
    "Fleet",
    "FleetProcess",
    "Keys",
    "LogNormal",
    "Profile",
    "load_fleet",
    "read_keys",
    "serve",
    "write_keys",
]
