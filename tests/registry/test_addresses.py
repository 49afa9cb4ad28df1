"""Where a provider is served, and whether anybody listens there."""

import pytest

from harness.registry.addresses import answers, is_local, is_loopback, wrong_address


@pytest.mark.parametrize(
    ("url", "loopback", "local"),
    [
        ("http://localhost:11434", True, True),
        ("http://127.0.0.1:8000/v1", True, True),
        ("http://127.8.9.1", True, True),
        ("http://[::1]:8000", True, True),
        ("http://192.168.1.7:8000", False, True),
        ("http://10.0.0.2", False, True),
        ("http://gpu-box:8000", False, True),
        ("http://host.docker.internal:11434", False, True),
        ("http://box.local", False, True),
        ("https://api.openai.com/v1", False, False),
        ("https://8.8.8.8", False, False),
        ("https://localhost.example.com", False, False),
        ("https://127.0.0.1.example.com", False, False),
    ],
)
def test_an_address_is_on_this_machine_on_its_network_or_elsewhere(url, loopback, local):
    assert (is_loopback(url), is_local(url)) == (loopback, local)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/v1", "https://api.openai.com", "http://[::1]:1/x", "https://h/a/b"]
)
def test_a_base_address_is_http_with_a_host(url):
    assert wrong_address(url) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8000", "is not an http"),
        ("ftp://host/x", "is not an http"),
        ("http://", "is not an http"),
        ("http://host:0", "is not an http"),
        ("http://host:99999", "is not an address"),
        ("http://[::1", "is not an address"),
        ("https://me:hunter2@host/v1", "user or password"),
        ("https://host/v1?key=hunter2", "'?' or '#'"),
        ("https://host/v1#hunter2", "'?' or '#'"),
    ],
)
def test_what_is_no_base_address_is_told_without_showing_it(url, words):
    wrong = wrong_address(url) or ""
    assert words in wrong
    assert "hunter2" not in wrong


def test_a_server_that_listens_answers_and_a_closed_port_does_not(listening, closed):
    assert answers(listening)
    assert not answers(closed)


def test_a_host_that_nobody_knows_does_not_answer():
    assert not answers("http://no-such-host.invalid")
    assert not answers("https://no-such-host.invalid")
