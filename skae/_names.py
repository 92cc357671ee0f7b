"""Public names of what private modules define, in `repr`, pickles and skops files."""

from __future__ import annotations

from typing import Any


def named_publicly(module: str, *classes: Any) -> None:
    """Let classes name a public module as theirs, so that stored files survive a move."""
    for each in classes:
        each.__module__ = module
