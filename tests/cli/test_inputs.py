"""A tool's questions, answered from the command line."""

from __future__ import annotations

import json

import pytest

from mcpgrpc.cli.failures import MisuseError
from mcpgrpc.cli.inputs import parse_inputs
from tests.cli.conftest import Run


@pytest.mark.parametrize("word", ["key", "=1", "key=", "key=1", "key=[1]"])
def test_an_input_is_a_key_and_an_object(word: str) -> None:
    with pytest.raises(MisuseError, match="--input"):
        parse_inputs([word])


def test_inputs_are_found_by_key() -> None:
    assert parse_inputs(['a={"x": 1}', "b={}"]) == {"a": {"x": 1}, "b": {}}


async def test_without_anybody_to_ask_the_questions_are_shown_as_json(
    run: Run, address: str
) -> None:
    done = await run("call", address, "order", "title=Dune")
    assert done.code == 1
    [(key, question)] = json.loads(done.out).items()
    assert question["params"]["message"] == "How many of Dune?"
    assert f"--input {key}=JSON" in done.err


@pytest.mark.parametrize(
    "answer", [{"copies": 2}, {"action": "accept", "content": {"copies": 2, "gift": False}}]
)
async def test_a_question_is_answered_by_an_option(
    run: Run, address: str, answer: dict[str, object]
) -> None:
    asked = await run("call", address, "order", "title=Dune")
    [key] = json.loads(asked.out)
    given = f"{key}={json.dumps(answer)}"
    done = await run("call", address, "order", "title=Dune", "--input", given)
    assert (done.code, done.out, done.err) == (0, "2 of Dune, gift=False\n", "")


async def test_a_question_is_part_of_the_raw_result_in_json(run: Run, address: str) -> None:
    done = await run("call", address, "order", "title=Dune", "--output", "json")
    assert done.code == 1
    assert json.loads(done.out)["resultType"] == "input_required"
