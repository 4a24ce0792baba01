"""Check release.yaml and every file that it names, and run nothing. All problems come in one list.

Samples in the training data are problems, near copies too. Axolotl configs are held to Axolotl's own rules as well,
where it is installed. A gate that can't pass with the samples at hand is a
warning, and so is a name in report.redact that no row has.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)


def main(given: argparse.Namespace) -> int:
    """Print what was checked, then the warnings."""
    from harness.core.errors import ConfigError
    from harness.pipeline.data.leaks import refuse_leaks
    from harness.pipeline.own_rules import own_rule_problems
    from harness.pipeline.validate import validate, warnings

    release = validate(Path(given.file))
    refuse_leaks(release, keep=False)
    problems, unasked = own_rule_problems(release)
    if problems:
        raise ConfigError(problems)
    print(f"{release.file}: release '{release.name}' is valid.")
    for suite in release.suites:
        for task in suite.tasks:
            count = f"{len(task.samples)} samples" if task.prompt else "lm-eval's samples"
            print(f"  {suite.name}.{task.name}: {task.kind}, {count}, {', '.join(m.name for m in task.metrics)}")
    print(f"  {len(release.policy.gates)} gates, baselines: {', '.join(b.name for b in release.baselines) or 'none'}")
    for warning in [*warnings(release), *([f"note: {unasked}."] if unasked else [])]:
        print(warning)
    return 0
