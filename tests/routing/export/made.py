"""Routes of three real providers and what was measured of them, for every target."""

from datetime import UTC, datetime

from harness.ask import Deadlines, Limits, Prices, Provider
from harness.judged import ALL, Estimate, Percentiles, Route, RoutingTable, Standing
from harness.routing.export import Deployment, Export

WEIGHTS = {
    "code": {"openai": 0.73, "anthropic": 0.27},
    "facts": {"openai": 0.7, "anthropic": 0.2, "groq": 0.1},
    "long context": {"openai": 0.99, "groq": 0.01},
    "math": {"groq": 1.0},
    "tools": {"anthropic": 0.9995, "openai": 0.0005, "groq": 0.0},
}


def deployment(name, model, variable, price, **more) -> Deployment:
    prices = Prices(input=price, output=4 * price, cached_input=price / 10)
    return Deployment(Provider(name=name, model=model, prices=prices, **more), variable, 128_000)


DEPLOYMENTS = {
    one.name: one
    for one in [
        deployment("openai", "openai/gpt-5.4-mini", "OPENAI_API_KEY", 4e-7, base_url="https://api.openai.com/v1",
                   limits=Limits(8, 500, 200_000), deadlines=Deadlines(total_s=60)),
        deployment("anthropic", "anthropic/claude-haiku-5-5", "ANTHROPIC_API_KEY", 1e-6, drop_params=True),
        deployment("groq", "groq/openai/gpt-oss-120b", "GROQ_API_KEY", 1e-7, params={"temperature": 0.0}),
    ]
}  # fmt: skip


def route(capability, weights) -> Route:
    incumbent = max(weights, key=weights.get)
    return Route(capability, "hold", weights, incumbent, None, None, Estimate(0.01, 40, -0.1, 0.12), None, "it stays.")


TABLE = RoutingTable(
    routes=tuple(route(*one) for one in WEIGHTS.items()), objective="quality", margin=0.0, confidence=0.8, prior_mass=30.0,
    run_ids=("run-1",), suite_hashes={"smoke": "s1"}, price_ids=("p1",), simulated=False,
    created=datetime(2026, 11, 21, 1, 45, tzinfo=UTC), terms={"half_life_days": 30.0}, status="active",
)  # fmt: skip


def standing(provider, capability, quality, cost) -> Standing:
    return Standing(
        provider=provider, capability=capability, simulated=False, n_cases=50, n_scored=48, n_unscored=1, n_failed=1,
        quality=Estimate(quality, 48, quality - 0.1, min(1.0, quality + 0.1)), shrunk_quality=quality,
        reliability=Estimate(0.98, 50, 0.9, 1.0), cost_per_call=cost, cost_per_solved=cost / quality,
        latency=Percentiles(Estimate(1.2, 48, 1.1, 1.3)), ttft=Percentiles(Estimate(0.2, 48, 0.1, 0.3)),
    )  # fmt: skip


QUALITY = {"openai": 0.8, "anthropic": 0.9, "groq": 0.6}
COST = {"openai": 0.001, "anthropic": 0.004, "groq": 0.0002}
STANDINGS = tuple(standing(name, kind, QUALITY[name], COST[name]) for name in QUALITY for kind in (*WEIGHTS, ALL))
EXPORT = Export(TABLE, DEPLOYMENTS, STANDINGS, {"llm-harness": "0"})
