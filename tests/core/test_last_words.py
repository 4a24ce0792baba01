"""What a server died of, from the ends of real logs (vLLM 0.32.0 on a CPU; paths and numbers shortened)."""

from __future__ import annotations

import pytest

from harness.core.last_words import last_words

TRACKER = """\
/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 1 leaked \
semaphore objects to clean up at shutdown
  warnings.warn('resource_tracker: There appear to be %d '
/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 2 leaked \
shared_memory objects to clean up at shutdown
  warnings.warn('resource_tracker: There appear to be %d '
"""
NANOBIND = """\
nanobind: leaked 4 instances!
 - leaked instance 0x7fe82f8b1e88 of type "triton._C.libtriton.ir.attribute"
nanobind: leaked 64 types!
 - leaked type "triton._C.libtriton.ir.location"
 - ... skipped remainder
nanobind: leaked 514 functions!
 - leaked function "get_int_attr"
nanobind: this is likely caused by a reference counting issue in the binding code.
See https://nanobind.readthedocs.io/en/latest/refleaks.html"""
RANK = """\
(EngineCore pid=26762) ERROR 11-30 19:59:28 [core.py:1750]     raise RuntimeError(
(EngineCore pid=26762) ERROR 11-30 19:59:28 [core.py:1750] RuntimeError: Worker failed with error 'LoRA rank 16 is \
greater than max_lora_rank 8.', please check the stack trace above for the root cause
(APIServer pid=23262) INFO 11-30 19:59:28 [core_client.py:770] [shutdown] MPClient: start timeout=0s
(APIServer pid=23262) WARNING 11-30 19:59:29 [utils.py:653] [shutdown] Process manager: force killing remaining process
Traceback (most recent call last):
  File "/bin/vllm", line 8, in <module>
    sys.exit(main())
             ^^^^^^
  File "/vllm/entrypoints/openai/models/serving.py", line 139, in init_static_loras
    raise ValueError(load_result.error.message)
ValueError: Call to add_lora method failed: Worker failed with error 'LoRA rank 16 is greater than max_lora_rank 8.', \
please check the stack trace above for the root cause
"""
CRASH = """\
(Worker pid=6357) ERROR 11-30 20:03:10 [multiproc_executor.py:1063]     return torch.einsum("bi,boi->bo", inputs, \
selected_loras)
(Worker pid=6357) ERROR 11-30 20:03:10 [multiproc_executor.py:1063] RuntimeError: einsum(): subscript b has size 2 \
for operand 1 which does not broadcast with previously seen size 10
(EngineCore pid=27562) ERROR 11-30 20:03:10 [core.py:1512]     raise RuntimeError(
(EngineCore pid=27562) ERROR 11-30 20:03:10 [core.py:1512] RuntimeError: Worker failed with error 'einsum(): subscript \
b has size 2 for operand 1 which does not broadcast with previously seen size 10', please check the stack trace above
(APIServer pid=23260) ERROR 11-30 20:03:10 [async_llm.py:906] vllm.v1.engine.exceptions.EngineDeadError: EngineCore \
encountered an issue. See stack trace (above) for the root cause.
(EngineCore pid=27562) INFO 11-30 20:03:10 [multiproc_executor.py:479] [shutdown] Executor: waiting for worker exit
INFO:     127.0.0.1:37372 - "POST /v1/completions HTTP/1.1" 500 Internal Server Error
INFO:     Finished server process [23260]
(APIServer pid=23260) INFO 11-30 20:03:10 [core_client.py:777] [shutdown] MPClient: complete
"""
INIT = """\
(EngineCore pid=9) ERROR 11-30 20:03:10 [core.py:1] ValueError: No available memory for the cache blocks.
(APIServer pid=7) Traceback (most recent call last):
(APIServer pid=7) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""
KILLED = """\
(APIServer pid=7) ERROR 11-30 20:03:10 [core_client.py:1] Engine core proc EngineCore died unexpectedly, shutting down
(APIServer pid=7) ERROR 11-30 20:03:10 [async_llm.py:906] vllm.v1.engine.exceptions.EngineDeadError: EngineCore \
encountered an issue. See stack trace (above) for the root cause.
"""
TGI = """\
\x1b[2m2026-11-30T20:00:00Z\x1b[0m \x1b[31mERROR\x1b[0m text_generation_launcher: Shard 0 failed to start
Traceback (most recent call last):
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
\x1b[2m2026-11-30T20:00:01Z\x1b[0m \x1b[32m INFO\x1b[0m text_generation_launcher: Shutting down shards
Error: ShardCannotStart
"""
POD = "[pod/desk-1/tgi] loading\n[pod/desk-1/tgi] RuntimeError: weights are gone\n[pod/desk-1/tgi] INFO bye\n"
PYDANTIC = """\
pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig
  Value error, User-specified max_model_len (99999) is greater than the derived max_model_len
    For further information visit https://errors.pydantic.dev
done
"""


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (RANK + TRACKER, "ValueError: Call to add_lora method failed: Worker failed with error 'LoRA rank 16 is "
         "greater than max_lora_rank 8.', please check the stack trace above for the root cause"),
        (CRASH + TRACKER, "RuntimeError: Worker failed with error 'einsum(): subscript b has size 2 for operand 1 "
         "which does not broadcast with previously seen size 10', please check the stack trace above"),
        (CRASH + NANOBIND + TRACKER.lstrip("/"), "RuntimeError: Worker failed with error 'einsum(): subscript b has "
         "size 2 for operand 1 which does not broadcast with previously seen size 10', please check the stack trace "
         "above"),
        (INIT + NANOBIND, "ValueError: No available memory for the cache blocks."),
        (KILLED + NANOBIND, "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack "
         "trace (above) for the root cause."),
        (TGI, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."),
        (POD, "[pod/desk-1/tgi] RuntimeError: weights are gone"),
        (PYDANTIC, "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig | Value error, "
         "User-specified max_model_len (99999) is greater than the derived max_model_len | For further information "
         "visit https://errors.pydantic.dev"),
        ("MemoryError\n", "MemoryError"),
        ("one\ntwo\nthree\nfour\n" + TRACKER, "two | three | four"),
        ("", ""),
        (TRACKER, ""),
    ],
)  # fmt: skip
def test_the_last_exception_is_told_and_no_noise(log: str, told: str) -> None:
    assert last_words(log) == told


def test_keys_are_masked_and_long_words_cut() -> None:
    key = "hf_" + "a1B2" * 9
    assert key not in last_words(f"ValueError: the token {key} is wrong\n")
    assert len(last_words("RuntimeError: " + "long " * 1000)) == 500
