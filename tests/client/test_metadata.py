import asyncio
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client import Client
from harness.client.metadata import cleaned
from tests.client.server import HELLO, chunked, provider, serving

SECRET_NAMES = [
    "api_key", "API_KEY", "apiKey", "api-key", "ApiKey", "x-api-key", "OPENAI_API_KEY", "openaiApiKey", "api.key", "api key",
    "token", "TOKEN", "access_token", "accessToken", "auth-token", "github_token", "refreshToken", "id.token", "bearer_token",
    "password", "Password", "PASSWD", "pwd", "db_password", "passphrase", "user-password", "dbPwd",
    "secret", "client_secret", "clientSecret", "AWS_SECRET_ACCESS_KEY", "secrets", "webhook-secret",
    "authorization", "Authorization", "proxy-authorization", "auth", "oauth", "basic.auth",
    "cookie", "Set-Cookie", "cookies", "session", "session_id", "sessionId", "PHPSESSION-session", "sid",
    "credential", "credentials", "CREDENTIALS", "aws-creds", "private_key", "privateKey", "ssh-key", "signing_key", "access_key",
    "accountKey", "service-key", "jwt", "JWT", "csrf", "xsrf-token", "signature", "otp", "pin",
]  # fmt: skip
RANDOM = "aB3dE5gH7jK9mN1pQ3sT5vX7zC2"
SECRET_VALUES = [
    "sk-abcdefghijklmnop", "sk-proj-" + RANDOM, "sk-ant-api03-" + RANDOM, "sk-or-v1-" + "0a1b2c3d" * 8, "sk_live_" + RANDOM,
    "pk_test_" + RANDOM, "rk_live_" + RANDOM, "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_" + RANDOM, "gho_" + RANDOM, "ghs_" + RANDOM, "github_pat_11ABCDEFG0" + RANDOM, "glpat-" + RANDOM,
    "xoxb-123456789012-abcdef", "xoxp-1234-5678-abcd", "xapp-1-A0123-456", "https://hooks.slack.com/services/T0/B0/xyz",
    "gsk_" + RANDOM, "hf_" + RANDOM, "r8_" + RANDOM, "xai-" + RANDOM, "pplx-" + RANDOM, "nvapi-" + RANDOM, "AIza" + RANDOM,
    "ya29.a0AfH6SMBx-abc", "GOCSPX-abcdefghijkl", "SG." + RANDOM + "." + RANDOM, "npm_" + RANDOM, "pypi-AgEIcHlwaS5vcmc",
    "dapi" + "0123456789abcdef" * 2, "hvs." + RANDOM, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "Bearer abcdef123456",
    "bearer  abc.def~ghi", "Basic dXNlcjpwYXNz", "token abcdefgh1234", "-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----", "https://ann:hunter2@example.org/x", "postgres://u:p4ss@db:5432/x", "redis://:hush@cache:6379",
    "https://example.org/?api_key=abcdef12", "https://example.org/x?a=1&token=abcdefgh", "key=abcdef123", "password=hunter22",
    "AccountKey=abcdefgh12345==", RANDOM, "see " + RANDOM + " for it", "dGhpcyBpcyBhIHNlY3JldCBrZXkgMTIz", "q7f3k9x2m4p8r6t1v5w0z3y7b2",
]  # fmt: skip
HARMLESS = {
    "team": "search", "Team Name": "Search & Discovery", "env": "prod", "run": "2026-11-21T01:45:00Z", "branch": "feature/new-router-weights",
    "commit": "9fceb02d0ae598e95dc970b74767f19372d0d3a1", "short": "9fceb02", "digest": "sha256:" + "0123456789abcdef" * 4,
    "uuid": "123e4567-e89b-12d3-a456-426614174000", "model": "anthropic/claude-sonnet-4-5-20250929", "ticket": "JIRA-12345",
    "url": "https://example.org/a/b?team=search&page=2", "mail": "ann@example.org", "port": "http://localhost:8080/x", "tokens": "1234",
    "max_tokens": "512", "tokenizer": "o200k_base", "prompt-tokens": "12", "monkey": "banana", "keyboard": "qwerty", "key": "A minor",
    "keyword": "arithmetic", "author": "Ann Smith", "authority": "city", "passenger": "7", "pass": "true", "compass": "north", "secretary": "Bob",
    "sessions": "12", "cookiecutter": "v2", "spin": "up", "pinned": "yes", "opinion": "good", "sidebar": "left", "inside": "1", "class": "first",
    "host": "ip-10-0-0-12.eu-central-1.compute.internal", "path": "/data/ann/projects/evaluation/results/2026", "number": "12345678901234567890",
    "image": "registry.example.org/team/app:1.2.3-alpha.4", "text": "The quick brown fox jumps over the lazy dog", "camel": "someVeryLongCamelCaseIdentifierName2", "Deep": "data/Ann/projects/evaluation/results/26", "deep": "srcMain/java/org/Example/evaluation/V2Test",
    "snake": "some_very_long_snake_case_identifier_name_2", "job": "nightly-benchmark-eu-west-1-2026-11-21-0145", "sha": "task-runner-risk-asks",
    "german": "Donaudampfschifffahrtsgesellschaft", "chinese": "搜索团队", "empty": "", "zero": "0", "version": "v1.2.3+build.20261121", "cost": "$0.50",
    "region": "eu-central-1", "basic": "basic plan", "bear": "a bearer of news", "budget_key_results": "3", "hockey": "ice", "disk": "sk-hynix",
}  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_label_with_a_credentials_name_is_dropped_whatever_it_holds(name):
    labels = cleaned({name: "1", "team": "search"})
    assert labels.kept == {"team": "search"}
    assert labels.dropped == (f"'{name}'",)


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_a_label_with_a_credentials_shape_is_dropped_whatever_it_is_called(value):
    labels = cleaned({"note": value, "team": "search"})
    assert labels.kept == {"team": "search"}
    assert labels.dropped == ("'note'",)


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_a_credential_within_a_sentence_is_found(value):
    assert cleaned({"note": f"use {value}"}).dropped


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_label_stays(name):
    assert cleaned({name: HARMLESS[name]}).kept == {name: HARMLESS[name]}


def test_the_user_is_told_the_name_and_never_the_value():
    value = "sk-ant-api03-" + RANDOM
    labels = cleaned({"note": value, "api_key": "hunter2", value: "x"})
    assert labels.notes == (
        "the label 'note' was not stored: it looks like a credential",
        "the label 'api_key' was not stored: it looks like a credential",
        "the label whose name is one itself was not stored: it looks like a credential",
    )
    assert not labels.kept


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=60)))
def test_each_label_is_kept_as_it_is_or_dropped(labels):
    done = cleaned(labels)
    assert len(done.kept) + len(done.dropped) == len(labels)
    assert done.kept.items() <= labels.items()
    assert cleaned(done.kept) == type(done)(done.kept)


@given(
    st.text(string.ascii_letters + string.digits, min_size=40, max_size=80), st.sampled_from(["ghp_", "sk-", "Bearer "])
)
def test_a_prefix_that_is_known_is_enough(rest, prefix):
    assert cleaned({"note": prefix + rest}).dropped


def test_a_client_warns_of_a_label_that_it_leaves_out():
    async def ask(client):
        async with serving(chunked(*HELLO)) as server:
            return await client.ask(provider(server.url), "hi")

    with pytest.warns(UserWarning, match="the label 'apiKey' was not stored: it looks like a credential") as warned:
        client = Client(metadata={"team": "search", "apiKey": "hunter2"})
    assert "hunter2" not in str(warned[0].message)
    assert warned[0].filename == __file__
    assert asyncio.run(ask(client)).metadata == {"team": "search"}
