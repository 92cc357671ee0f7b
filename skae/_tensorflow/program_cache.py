"""Compiled programs on disk, for later processes: where they are, how many, and whose.

Each file is named by all that its program depends on, begins with a checksum of the rest, and is
replaced as a whole. So processes may share the directory and remove each other's files at any time.
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile

VARIABLE, OFF = "SKAE_PROGRAM_CACHE", ("0", "off")
# Programs of a common network have half a megabyte.
MAX_BYTES = 128 * 2**20
SUFFIX, PARTIAL = ".skae-program", ".skae-partial"


def chosen_directory() -> Path | None:
    """Return the directory of compiled programs, created if needed; None to keep none.

    One that the environment names and that cannot be used is warned of, the default is not.
    """
    named = os.environ.get(VARIABLE, "")
    if named.lower() in OFF:
        return None
    try:
        # A relative path would be another one in each working directory.
        path = (Path(named).expanduser() if named else _users_caches() / "skae").absolute()
        # A directory above that is missing is made private, too.
        for each in (*reversed(path.parents), path):
            if not each.is_dir():
                with suppress(FileExistsError):
                    each.mkdir(mode=0o700)
        _check_private(path)
        with TemporaryFile(dir=path):
            pass
    except (OSError, RuntimeError) as error:
        if named:
            warnings.warn(
                f"{VARIABLE}={named!r} cannot be used ({error}): this process keeps no compiled "
                "programs for later ones. Set it to a writable directory of your own, to 'off', "
                "or remove it from the environment.",
                stacklevel=2,
            )
        return None
    return path


def _users_caches() -> Path:
    """Return the user's directory of caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification of this variable has relative paths ignored.
    return given if given.is_absolute() else Path.home() / ".cache"


def _check_private(directory: Path) -> None:
    """Raise an error if another user may have written a directory: programs are code."""
    if os.name != "posix":
        return
    status = directory.stat()
    if status.st_uid != os.geteuid():
        raise PermissionError(f"{directory} belongs to another user")
    if status.st_mode & 0o022:
        raise PermissionError(f"{directory} can be written by other users")


class ProgramCache:
    """A directory of files of limited size in all; those not used for the longest time go first.

    Nothing here raises an OSError: a full disk or a file that has gone means to compile.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, key: str) -> bytes | None:
        """Return what was written for a key, or None; a damaged file is removed."""
        path = self._directory / (key + SUFFIX)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        checksum, content = content[:32], content[32:]
        if hashlib.sha256(content).digest() != checksum:
            self.remove(key)
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def write(self, key: str, content: bytes) -> None:
        """Keep the content for a key, and remove old files if there is too much."""
        part = None
        try:
            with NamedTemporaryFile(dir=self._directory, suffix=PARTIAL, delete=False) as part:
                part.write(hashlib.sha256(content).digest() + content)
            os.replace(part.name, self._directory / (key + SUFFIX))
        except OSError:
            if part is not None:
                with suppress(OSError):
                    os.remove(part.name)
        self._remove_old()

    def remove(self, key: str) -> None:
        with suppress(OSError):
            (self._directory / (key + SUFFIX)).unlink()

    def _remove_old(self) -> None:
        """Remove files until the rest is small enough; unfinished ones of killed processes too."""
        found = []
        with suppress(OSError):
            for path in self._directory.iterdir():
                if path.suffix in (SUFFIX, PARTIAL):
                    with suppress(OSError):
                        status = path.stat()
                        found.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= MAX_BYTES:
                break
            with suppress(OSError):
                path.unlink()
            total -= size


def processor() -> list[str]:
    """Return what tells this machine's processor from others that need other programs."""
    names = ("vendor_id", "cpu family", "model", "stepping", "flags", "CPU ", "Features")
    with suppress(OSError):
        first = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0]
        if lines := [line for line in first.splitlines() if line.startswith(names)]:
            return lines
    import platform

    # Where the features are not known, programs are for this machine alone.
    return [platform.machine(), platform.processor(), platform.node()]
