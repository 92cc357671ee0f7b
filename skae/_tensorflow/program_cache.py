"""SKAE_PROGRAM_CACHE: a directory in which XLA keeps what it compiles for the next process."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from tempfile import TemporaryFile


def keep_programs(directory: str) -> None:
    """Tell XLA of a directory, made where there is none; warn where it cannot be written.

    To be called before TensorFlow is imported: XLA reads the environment once.
    """
    try:
        # XLA knows no "~", and would follow the process from one working directory to another.
        path = Path(directory).expanduser().absolute()
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except (OSError, RuntimeError) as error:
        warnings.warn(
            f"SKAE_PROGRAM_CACHE={directory!r} cannot be used ({error}): this process keeps no "
            "compiled programs for the next one. Set it to a directory that can be written, or "
            "remove it from the environment.",
            stacklevel=2,
        )
        return
    # Flags are split at spaces outside of quotes.
    quoted = str(path).replace("\\", r"\\").replace('"', r"\"")
    flags = [
        os.environ.get("TF_XLA_FLAGS", ""),
        f'--tf_xla_persistent_cache_directory="{quoted}"',
        "--tf_xla_persistent_cache_device_types=CPU",
    ]
    os.environ["TF_XLA_FLAGS"] = " ".join(flags).strip()
