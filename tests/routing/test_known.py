"""What a router reads: registry, routes, standings; and what it does when they are damaged, strange or of the other kind."""

from dataclasses import replace

import pytest

from harness.ask import Limits
from harness.errors import BadInput, NothingSelected, WrongUse
from harness.registry import Profile
from harness.routing import Router, RouterOptions, save
from harness.store.standings import to_json
from tests.routing.switchable import looped, services, standing, table

REGISTRY = """
[[providers]]
name = "first"
model = "openai/gpt-4o-mini"
base_url = "{}/v1"
api_key = "none"
tags = ["eu"]

[[providers]]
name = "second"
model = "openai/gpt-4o"
base_url = "{}/v1"
api_key = "none"
max_concurrency = 3

[[providers]]
name = "keyless"
model = "openai/gpt-4o"
api_key = "${{NOT_SET_ANYWHERE_KEY}}"

[[providers]]
name = "sim"
model = "openai/sim"
simulated = "swift"

[[providers]]
name = "critic"
model = "openai/sim"
judge = "only"
simulated = "judge"

[fallback]
strategy = "cost"

[profiles.brief]
capability = "math"
strategy = "manual"
providers = ["second", "first"]
max_tokens = 9
needs = ["tools"]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "reports" / "latest").mkdir(parents=True)
    return tmp_path


def written(folder, made):
    (folder / "providers.toml").write_text(REGISTRY.format(*(one.url for one in made)), encoding="utf-8")
    return {"providers": folder / "providers.toml", "reports": folder / "reports"}


@looped
async def test_a_router_over_the_files(folder):
    async with services("first", "second") as made:
        places = written(folder, made)
        save(table({"math": {"second": 1.0, "keyless": 0.0}}), folder / "reports" / "routing.toml")
        measured = [standing("first", 0.5, p50=1.5), replace(standing("second", 0.9), simulated=True)]
        (folder / "reports" / "latest" / "standings.json").write_text(to_json(measured), encoding="utf-8")
        router = Router.load(**places, env={})
        assert list(router.providers) == ["first", "second"]
        assert router.providers["second"].limits == Limits(3)
        choice = router.pick(capability="math")
        assert choice.name == "second"
        assert choice.left_out == {
            "keyless": "is not ready: NOT_SET_ANYWHERE_KEY is not set",
            "sim": "is simulated, and real providers are ready",
            "critic": "only judges the replies of others",
        }
        assert router.pick(Profile(strategy="quality")).name == "first", "the simulated standing is not of the real one"
        assert router.stats().providers["first"].typical_s == 1.5
        brief = router.profile("brief")
        assert brief == Profile(
            "math", "manual", ("second", "first"), needs=frozenset({"tools"}), params={"max_tokens": 9}
        )
        assert (await router.ask("?", "brief")).text == "by second"
        only = Router.load(**places, only=["first"], env={})
        assert only.pick(capability="math").left_out["second"] == "is not among those that were named"


@looped
async def test_what_is_wrong_with_the_routes_is_said_and_those_in_force_stay(folder):
    async with services("first", "second") as made:
        places, file = written(folder, made), folder / "reports" / "routing.toml"
        save(table({"math": {"second": 1.0}}), file)
        router = Router.load(RouterOptions(strategy="weighted"), **places, env={})
        save(table({"math": {"secnd": 1.0}}), file)
        with pytest.raises(
            BadInput, match=r"routing.toml:\d+: the route for 'math' names 'secnd'.*\n.*did you mean 'second'"
        ):
            router.reload()
        file.write_text("version = 1\nroutes = {", encoding="utf-8")
        with pytest.raises(BadInput, match=r"routing\.toml"):
            router.reload()
        save(table({"math": {"sim": 1.0}}, simulated=True), file)
        with pytest.raises(WrongUse, match="has routes for simulated providers, and first is real"):
            router.reload()
        assert router.pick(capability="math").name == "second"
        file.unlink()
        router.reload()
        assert "as no routes are in force" in router.pick(capability="math").why
        for name in ("keyless", "nobody"):
            with pytest.raises(WrongUse, match=name):
                Router.load(**places, only=[name], env={})


def test_where_nobody_is_ready(tmp_path):
    (tmp_path / "providers.toml").write_text('[[providers]]\nname = "a"\nmodel = "openai/x"\napi_key = "${NO_KEY}"\n')
    with pytest.raises(NothingSelected, match="NO_KEY is not set"):
        Router.load(providers=tmp_path / "providers.toml", reports=tmp_path, env={})
