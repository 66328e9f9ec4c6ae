"""What a client is told when no answer can be given. Pure."""

from guardedmodel_api.reasons import FailReason

STATUS = {
    FailReason.CLASSIFIER_ERROR: 503,
    FailReason.CLASSIFIER_TIMEOUT: 503,
    FailReason.OVERLOADED: 503,
    FailReason.NOT_READY: 503,
    FailReason.RECORD_FAILED: 503,
    FailReason.INTERNAL: 500,
    FailReason.CLIENT_GONE: 499,
}
_SENTENCES = {
    FailReason.CLASSIFIER_ERROR: "The guard could not judge this request, so it went no further.",
    FailReason.CLASSIFIER_TIMEOUT: "The guard could not judge this request in time, so it went no"
    " further. A shorter text helps.",
    FailReason.OVERLOADED: "The guard has more text to judge than it can. Try again shortly.",
    FailReason.NOT_READY: "The guard is not ready yet. Try again shortly.",
    FailReason.RECORD_FAILED: "The guard could not record its decision, so nothing is sent.",
    FailReason.INTERNAL: "The guard failed, so nothing is sent.",
}
_UNJUDGED_REST = "The guard could not check the rest of this answer, so it ends here."


def sentence(reason: FailReason, detail: str) -> str:
    """The message of an error; `detail` serves for reasons that lie with the model."""
    return _SENTENCES.get(reason) or f"{detail[:1].upper()}{detail[1:]}."


def with_help(message: str, crisis: str) -> str:
    """The message, and the helplines after it: nobody in need is left with an error alone."""
    return f"{message}\n\n{crisis}" if crisis else message


def end_of_stream(crisis: str) -> str:
    """What ends a stream whose rest could not be judged."""
    return with_help(_UNJUDGED_REST, crisis)
