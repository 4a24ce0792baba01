"""Merged mode: the candidate as one model of its own, made once, and only where it answers as its adapter does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from harness.base_models import merged
from harness.base_models.merged import Agreement, Merged
from harness.config.templates import messages
from harness.core.errors import OutsideError
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.pipeline.candidate import Candidate
from harness.pipeline.workspace import Workspace

QUESTIONS = 8
# Nats a token that merging and rounding may move: of any token where all is float32, else of an answer's mean.
EXACT, ROUNDED = 0.05, 0.5


def merge(release: Release, candidate: Candidate, watch: Watch) -> Merged:
    """The candidate's merged model; made where it is not there, or is no more what it was.

    Raises OutsideError where it cannot be made, or does not answer as the adapter does: then nothing is kept of it.
    """
    workspace, told = Workspace(release.root), (candidate.base_digest, candidate.adapter_digest)
    folder, cache = workspace.merged(candidate.adapter_digest), workspace.models

    def say(text: str) -> None:
        watch(Event("merge", "move", text.replace("base model", "merged model")))

    watch(Event("merge", "begin"))
    there = merged.merged_at(folder, *told, cache, say)
    if there is None and (folder / merged.MANIFEST).is_file():
        watch(Event("merge", "note", "the merged model is of another base, or was edited: it is made again"))
    if there is None:
        say("merging base and adapter")
        log = workspace.logs / "merge.log"
        agreement = merged.merge(candidate.base, candidate.adapter, folder, list(_questions(release)), log)
        refuse_disagreement(agreement)
        there = Merged(folder, merged.finish(folder, *told, cache, say), agreement)
        watch(Event("merge", "done", in_words(there.agreement)))
    else:
        refuse_disagreement(there.agreement)
        watch(Event("merge", "fresh", in_words(there.agreement)))
    return there


def refuse_disagreement(found: Agreement) -> None:
    """Raises OutsideError where the merged model is another model than the adapter on its base."""
    exact = found.dtype == "float32"
    limit, gap = (EXACT, found.token) if exact else (ROUNDED, found.mean)
    if max(gap, found.behind) > limit:
        raise OutsideError(
            f"the merged model does not answer as the adapter does: their log-probabilities differ by up to "
            f"{gap:.3g} nats a token, {found.same} of {found.answers} greedy answers are the same, and another token "
            f"is up to {found.behind:.3g} nats likelier (at most {limit} may be). Serve the adapter beside the base "
            "(without `merged: true`). Nothing was judged."
        )


def in_words(found: Agreement) -> str:
    """How near the merged model is to the adapter."""
    return (
        f"largest difference {found.token:.2g} nats a token ({found.dtype}), "
        f"{found.same} of {found.answers} greedy answers the same"
    )


def _questions(release: Release) -> Iterator[list[dict[str, str]]]:
    """The first prompts of the release's tasks, in turn."""
    tasks = [task for suite in release.suites for task in suite.tasks if task.prompt is not None]
    rows = zip_longest(*([messages(task.prompt, one.row) for one in task.samples[:QUESTIONS]]
                         for task in tasks if task.prompt))  # fmt: skip
    chats = [chat for row in rows for chat in row if chat is not None]
    yield from chats[:QUESTIONS]
