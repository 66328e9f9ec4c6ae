"""Text completions, embeddings and the model list."""

import pytest
from openai import BadRequestError

from e2e.model_servers.scripted.rules import Rule
from tests.integration.sidecar.conftest import Start
from tests.unit.sidecar import support

pytestmark = pytest.mark.integration


async def test_completions_are_guarded_both_ways(start: Start) -> None:
    """Prompt and text, plain and streamed."""
    async with start(rules=(Rule("speak", reply="fine words, then vermin"),)) as stack:
        create = stack.client.completions.create
        allowed = await create(model="scripted", prompt="a quiet day")
        blocked = await create(model="scripted", prompt=["fine", "vermin"])
        replaced = await create(model="scripted", prompt="speak")
        streamed = [
            chunk.choices[0]
            async for chunk in await create(model="scripted", prompt="speak", stream=True)
        ]

        assert "You said: a quiet day" == allowed.choices[0].text
        assert [support.REFUSAL] * 2 == [choice.text for choice in blocked.choices]
        assert support.REFUSAL == replaced.choices[0].text
        assert "vermin" not in "".join(choice.text for choice in streamed)
        assert "content_filter" == streamed[-1].finish_reason


async def test_token_ids_are_refused(start: Start) -> None:
    """What the guard can't read doesn't go to the model."""
    async with start() as stack:
        with pytest.raises(BadRequestError) as caught:
            await stack.client.completions.create(model="scripted", prompt=[1, 2, 3])

        assert "unsupported_content" == caught.value.code
        assert 0 == len(stack.model.received)


async def test_embeddings_are_judged(start: Start) -> None:
    """Vectors pass; a refusal is an error object, with the helplines for a person in crisis."""
    async with start() as stack:
        vectors = await stack.client.embeddings.create(model="scripted", input=["a", "b"])
        with pytest.raises(BadRequestError) as blocked:
            await stack.client.embeddings.create(model="scripted", input="vermin")
        with pytest.raises(BadRequestError) as crisis:
            await stack.client.embeddings.create(model="scripted", input="hopeless")

        assert 2 == len(vectors.data)
        assert "content_filter" == blocked.value.code
        assert support.HELPLINE in str(crisis.value.body)


async def test_models_are_listed(start: Start) -> None:
    """The list passes with an allow verdict; a wrong method does not."""
    async with start() as stack:
        listed = await stack.client.models.list()

        assert ["scripted"] == [model.id for model in listed.data]
        assert 1 == stack.metric("guardedmodel_verdicts_total", verdict="allow", route="/v1/models")
