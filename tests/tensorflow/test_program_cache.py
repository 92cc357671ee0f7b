"""Which directory keeps programs, and what happens to files in it."""

import os
import sys
from pathlib import Path

import pytest

from skae._tensorflow import program_cache
from skae._tensorflow.program_cache import ProgramCache, chosen_directory, processor

posix = pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.delenv("SKAE_PROGRAM_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", None, ".cache/skae"),
        ("linux", "{home}/caches", "caches/skae"),
        ("linux", "not/absolute", ".cache/skae"),
        ("darwin", None, "Library/Caches/skae"),
        ("win32", None, "AppData/Local/skae"),
    ],
)
def test_the_default_is_among_the_users_caches(platform, variable, expected, home, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    if variable is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", variable.format(home=home))
    assert chosen_directory() == home / expected
    assert (home / expected).is_dir()


@pytest.mark.parametrize("name", ["0", "off", "OFF"])
def test_off(name, home, monkeypatch):
    monkeypatch.setenv("SKAE_PROGRAM_CACHE", name)
    assert chosen_directory() is None
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "name", ["{home}/programs", "~/programs", "programs", "./programs/", "a/b c/programs"]
)
def test_a_directory_is_created_private_and_absolute(name, home, monkeypatch):
    monkeypatch.setenv("SKAE_PROGRAM_CACHE", name.format(home=home))
    expected = home / ("a/b c/programs" if name.startswith("a") else "programs")
    assert chosen_directory() == expected
    assert not list(expected.iterdir())
    if os.name == "posix":
        assert expected.stat().st_mode & 0o777 == 0o700
    assert chosen_directory() == expected


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/programs", "~nobody-has-this-name"])
def test_an_unusable_directory_warns(name, home, monkeypatch):
    (home / "file").write_text("no directory")
    monkeypatch.setenv("SKAE_PROGRAM_CACHE", name)
    with pytest.warns(UserWarning, match=rf"SKAE_PROGRAM_CACHE='{name}' cannot be used \(.*Set it"):
        assert chosen_directory() is None


@pytest.mark.parametrize("name", ["/proc/nobody", "{home}/file"])
def test_an_unusable_home_is_not_warned_of(name, home, monkeypatch):
    (home / "file").write_text("no directory")
    monkeypatch.setenv("HOME", name.format(home=home))
    assert chosen_directory() is None


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_directory_that_others_can_write_is_not_read(mode, home, monkeypatch):
    (home / ".cache" / "skae").mkdir(parents=True)
    (home / ".cache" / "skae").chmod(mode)
    assert chosen_directory() is None
    monkeypatch.setenv("SKAE_PROGRAM_CACHE", str(home / ".cache" / "skae"))
    with pytest.warns(UserWarning, match="can be written by other users"):
        assert chosen_directory() is None


@posix
def test_a_directory_of_another_user_is_not_read(home, monkeypatch):
    assert chosen_directory() is not None
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert chosen_directory() is None
    monkeypatch.setenv("SKAE_PROGRAM_CACHE", str(home / ".cache" / "skae"))
    with pytest.warns(UserWarning, match="belongs to another user"):
        assert chosen_directory() is None


@pytest.fixture
def cache(home):
    (home / "programs").mkdir()
    return ProgramCache(home / "programs")


def test_what_is_written_is_read(cache, home):
    cache.write("a", b"program")
    cache.write("b", b"")
    assert (cache.read("a"), cache.read("b"), cache.read("c")) == (b"program", b"", None)
    cache.write("a", b"newer")
    assert cache.read("a") == b"newer"
    cache.remove("a")
    cache.remove("a")
    assert cache.read("a") is None
    assert len(list((home / "programs").iterdir())) == 1


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:40] + b"x"])
def test_a_damaged_file_is_removed(damage, cache, home):
    cache.write("a", b"program" * 100)
    (path,) = (home / "programs").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert cache.read("a") is None
    assert not path.exists()


def test_files_not_used_for_long_go_first(cache, home, monkeypatch):
    monkeypatch.setattr(program_cache, "MAX_BYTES", 400)
    (home / "programs" / "notes.txt").write_bytes(bytes(1000))
    (home / "programs" / f"killed{program_cache.PARTIAL}").write_bytes(bytes(100))
    for age, name in enumerate(["killed", "a", "b"], start=1):
        if name != "killed":
            cache.write(name, bytes(100))
        for path in (home / "programs").glob(f"{name}.*"):
            os.utime(path, (age, age))
    # Reading counts as use.
    assert cache.read("a") is not None
    cache.write("c", bytes(100))
    assert [cache.read(name) is not None for name in "abc"] == [True, True, True]
    os.utime(home / "programs" / f"b{program_cache.SUFFIX}", (3, 3))
    cache.write("d", bytes(100))
    assert [cache.read(name) is not None for name in "abcd"] == [True, False, True, True]
    assert (home / "programs" / "notes.txt").exists()


def test_a_directory_that_has_gone_or_is_full_raises_nothing(cache, home, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        cache.write("a", b"program")
    assert not list((home / "programs").iterdir())
    (home / "programs").rmdir()
    cache.write("a", b"program")
    assert cache.read("a") is None


def test_processors_are_told_apart_by_their_features(monkeypatch, tmp_path):
    here = processor()
    assert here == processor()
    if sys.platform != "linux":
        return
    text = "processor\t: 0\nmodel\t\t: 1\ncpu MHz\t\t: {}\nflags\t\t: sse {}\n\nprocessor\t: 1\n"
    texts = iter([text.format(1, "avx"), text.format(2, "avx"), text.format(1, "avx amx"), ""])
    monkeypatch.setattr(Path, "read_text", lambda path, **_: next(texts))
    one, slower, other, unknown = (processor() for _ in range(4))
    assert one == slower != other
    assert "avx" in str(one)
    assert len(unknown) == 3
