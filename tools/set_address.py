"""Write the project's public address wherever it is needed.

The address stands in `pyproject.toml`, under `[project.urls]`. The README's links, its Binder badge
and `CITATION.cff` copy it. One command changes them all:

    python tools/set_address.py https://github.com/owner/name
"""

import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
FILES = ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CITATION.cff")
ALLOWED = re.compile(r"https://[\w.-]+(/[\w.-]+){2,}")


def read_address(root: Path = ROOT) -> str:
    """Return the public address that `pyproject.toml` states."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"])


def clean_address(given: str) -> str:
    """Return the address without a closing slash or `.git`.

    Raises
    ------
    ValueError
        If it is not the https address of a repository.
    """
    address = given.strip().removesuffix("/").removesuffix(".git")
    if not ALLOWED.fullmatch(address):
        message = f"URL is {given!r}; allowed is a repository's https address,"
        raise ValueError(f"{message} such as https://github.com/owner/name")
    return address


def binder_address(address: str) -> str:
    """Return the address under which Binder starts the repository at `address`."""
    parts = urlsplit(address)
    path = parts.path.removeprefix("/")
    known = {"github.com": f"gh/{path}", "gitlab.com": f"gl/{quote(path, safe='')}"}
    repository = known.get(parts.netloc, f"git/{quote(address, safe='')}")
    return f"https://mybinder.org/v2/{repository}/HEAD"


def set_address(given: str, root: Path = ROOT) -> list[str]:
    """Replace the public address by another one in all `FILES`.

    Parameters
    ----------
    given
        The new https address of the repository.
    root
        The folder that holds the files.

    Returns
    -------
    list of str
        The names of the files that changed.
    """
    old, new = read_address(root), clean_address(given)
    return [name for name in FILES if _rewrite(root / name, old, new)]


def _rewrite(path: Path, old: str, new: str) -> bool:
    before = path.read_bytes().decode("utf-8")
    # Binder's address first: it can hold the repository's own.
    after = before.replace(binder_address(old), binder_address(new)).replace(old, new)
    path.write_bytes(after.encode("utf-8"))
    return after != before


def main(arguments: list[str]) -> int:
    """Set the address given on the command line."""
    try:
        changed = set_address(" ".join(arguments))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print("changed:", ", ".join(changed) or "nothing, it is the address already")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
