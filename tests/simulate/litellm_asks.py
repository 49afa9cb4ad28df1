"""Asks through litellm, in a process of its own since litellm leaves clients open and warns at will.

Reads a JSON list of keyword arguments of `litellm.acompletion` from standard input; writes a JSON list of replies.
"""

import asyncio
import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


async def ask(request):
    import litellm  # noqa: PLC0415 - after the variable is set

    # without the last, a request with tools needs the package `mcp`, even if none of them is one of its tools
    reply = await litellm.acompletion(**request, api_key="any", max_retries=0, num_retries=0, _skip_mcp_handler=True)
    if request.get("stream"):
        reply = litellm.stream_chunk_builder([chunk async for chunk in reply])
    choice = reply.choices[0]
    return {
        "text": choice.message.content,
        "calls": [[call.function.name, call.function.arguments] for call in choice.message.tool_calls or []],
        "finish": choice.finish_reason,
        "usage": [reply.usage.prompt_tokens, reply.usage.completion_tokens],
    }


async def main():
    replies = [await ask(request) for request in json.load(sys.stdin)]
    sys.stdout.write(f"\n{json.dumps(replies)}\n")


if __name__ == "__main__":
    asyncio.run(main())
