"""Property tests are about what holds, not about how fast: litellm's import alone takes two seconds."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
