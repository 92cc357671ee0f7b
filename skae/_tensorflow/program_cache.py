"""SKAE_PROGRAM_CACHE: a directory in which XLA keeps compiled programs for later processes."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from tempfile import TemporaryFile


def keep_programs(directory: str) -> None:
    """Set XLA's cache directory, and create it if needed; warn if it is not writable.

    Call it before TensorFlow is imported: XLA reads the environment once.
    """
    try:
        # XLA does not expand "~", and would resolve a relative path in each working directory.
        path = Path(directory).expanduser().absolute()
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except (OSError, RuntimeError) as error:
        warnings.warn(
            f"SKAE_PROGRAM_CACHE={directory!r} cannot be used ({error}): this process keeps no "
            "compiled programs for later ones. Set it to a writable directory, or remove it from "
            "the environment.",
            stacklevel=2,
        )
        return
    # XLA splits flags at spaces outside quotes.
    quoted = str(path).replace("\\", r"\\").replace('"', r"\"")
    flags = [
        os.environ.get("TF_XLA_FLAGS", ""),
        f'--tf_xla_persistent_cache_directory="{quoted}"',
        "--tf_xla_persistent_cache_device_types=CPU",
    ]
    os.environ["TF_XLA_FLAGS"] = " ".join(flags).strip()
