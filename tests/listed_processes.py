"""The processes that the system lists, as tests ask for them."""

import contextlib
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def tagged(tag: str) -> list[int]:
    """Return the processes that were started, by whatever way, with that tag."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"TAG_OF_TEST={tag}".encode() in (
                (entry / "environ").read_bytes().split(b"\0")
            ):
                found.append(int(entry.name))
    return found


def children_of(parent: int, word: str) -> list[int]:
    """Return a process's children whose command line has that word."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes():
                state = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(state[1]) == parent:
                    found.append(int(entry.name))
    return found
