"""A local inference server that speaks TGI's HTTP API over transformers and PEFT.

Started as `python -m harness.embedded --base DIR`. It is an outside system that ships with the package:
it imports nothing of the rest of it, and the rest talks to it over HTTP only.
"""

DEVIATIONS = (
    "unknown adapter_id or model is refused with 422 (TGI serves the base); 'tgi' and 'dummy' are the base",
    "prefill log-probabilities need no start-up flag; details.prefill[].rank counts likelier tokens",
    "unknown fields, grammar, watermark, tools, logit_bias, n > 1 and best_of > 1 are refused with 422",
    "streamed chat and completions: an error before the first token keeps its HTTP status",
    "/v1/models lists the adapters; /info carries digests and versions",
    "an end of sequence or a stop string that is the last token allowed is told as such, not as length",
    "top_tokens never holds more than top_n_tokens entries, nor tokens of probability 0",
    "max_new_tokens unset is one run up to max_total_tokens, not requeued every 1,024 tokens",
)
