"""One comment at a pull request on GitHub: written anew, or put in place of the one that an earlier run left there. Uses what a job's environment says."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.ask import Secret
from harness.errors import HarnessError, WrongUse

TIMEOUT_S = 30.0
_A_PAGE = 100
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Where to comment, and with which token."""

    api: str
    repository: str
    number: int
    token: Secret

    @classmethod
    def of(cls, env: Mapping[str, str]) -> PullRequest:
        """From GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN and the event that GITHUB_EVENT_PATH holds.

        Raises:
            WrongUse: one of them is not there, or the event is of no pull request.
        """
        names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_EVENT_PATH")
        if missing := [name for name in names if not env.get(name)]:
            raise WrongUse(f"{', '.join(missing)} not set: `harness comment` works in a GitHub job, with env GITHUB_TOKEN: ${{{{ github.token }}}}")  # fmt: skip
        api, repository, token, path = (env[name] for name in names)
        if not api.startswith(("https://", "http://")):
            raise WrongUse(f"GITHUB_API_URL is '{api}', which is no address")
        try:
            event = json.loads(Path(path).read_text(encoding="utf-8"))
            number = int((event.get("pull_request") or event["issue"])["number"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WrongUse(f"the event in {path} is of no pull request, so there is nothing to comment at") from error
        return cls(api.rstrip("/"), repository, number, Secret(token))


def comment(place: PullRequest, body: str) -> str:
    """Put the comment there, in place of the first one that begins with the same line; returns its address.

    Raises:
        WrongUse: the body does not begin with a mark (an HTML comment) to find it by.
        HarnessError: GitHub does not take it, or cannot be reached.
    """
    mark = body.partition("\n")[0].strip()
    if not (mark.startswith("<!--") and mark.endswith("-->")):
        raise WrongUse("the comment has no mark in its first line; `harness compare --write github-comment=FILE` makes one that has")  # fmt: skip
    for one in _comments(place):
        if str(one.get("body", "")).lstrip().startswith(mark):
            return _address(_ask(place, "PATCH", f"/issues/comments/{int(one['id'])}", {"body": body}))
    return _address(_ask(place, "POST", f"/issues/{place.number}/comments", {"body": body}))


def _comments(place: PullRequest) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        found = _ask(place, "GET", f"/issues/{place.number}/comments?per_page={_A_PAGE}&page={page}")
        yield from found
        if len(found) < _A_PAGE:
            return


def _address(told: dict[str, Any]) -> str:
    return str(told.get("html_url", ""))


def _ask(place: PullRequest, method: str, path: str, body: object = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - http or https, as was seen to
        f"{place.api}/repos/{place.repository}{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {place.token.reveal()}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "llm-harness",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the same
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in {401, 403, 404}:
            raise HarnessError(
                f"GitHub does not let this job comment ({error.code}): give it `permissions: pull-requests: write`; a pull request from a fork "
                "cannot have it. The job's summary says the same as the comment would"
            ) from error
        raise HarnessError(f"GitHub does not take the comment: {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        raise HarnessError(f"{place.api} cannot be reached, or does not answer as GitHub does: {error}") from error
