"""The simulated fleet: providers over real HTTP whose true quality, speed, price and faults are known.

They answer the suites' own questions from their answer keys, right or wrong as their profile says, by seeded chance; what
was true of each answered request goes to the truth log, for a measurement to be held against. It knows only the words:
nothing of how the harness asks, so that it can be wrong about nothing together with it.

Every profile speaks every wire: `/{profile}/v1/chat/completions` and `/{profile}/v1/models` (OpenAI), `/{profile}/v1/messages`
(Anthropic), `/{profile}/v2/chat` (Cohere), `/{profile}/api/chat` (Ollama). Every response has the header `x-simulated`. The header
`x-simulate-fault` of a request forces a fault.
"""

from harness.simulate.faults import FAULTS
from harness.simulate.keys import Keys, read_keys, write_keys
from harness.simulate.process import FleetProcess
from harness.simulate.profiles import Fleet, LogNormal, Profile, load_fleet
from harness.simulate.server import serve

__all__ = [
    "FAULTS",
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
