"""Open JupyterLab on the first notebook, the same on every machine.

The user's own Jupyter settings are not read, and what JupyterLab and its kernels keep stays in the
environment that runs this. Further arguments go to JupyterLab:

    python tools/open_lab.py --no-browser
"""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PREFIX = Path(sys.prefix)
LAB = PREFIX / "share/jupyter/lab"
KEPT = PREFIX / "var"

FOLDERS = {
    "JUPYTER_CONFIG_DIR": KEPT / "jupyter/config",
    "JUPYTER_DATA_DIR": KEPT / "jupyter/data",
    "JUPYTER_RUNTIME_DIR": KEPT / "jupyter/runtime",
    "JUPYTERLAB_DIR": LAB,
    "JUPYTERLAB_SETTINGS_DIR": KEPT / "jupyter/settings",
    "JUPYTERLAB_WORKSPACES_DIR": KEPT / "jupyter/workspaces",
    "IPYTHONDIR": KEPT / "ipython",
    "MPLCONFIGDIR": KEPT / "matplotlib",
    # Where npm is installed, Jupyter asks it where its packages are.
    "npm_config_cache": KEPT / "cache/npm",
}
"""Where Jupyter and what it starts keep things, by the variable that says so."""

IGNORED = ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "MATPLOTLIBRC", "MPLBACKEND", "PYTHONSTARTUP")
"""The variables by which a user's own settings would still come in."""


def settle() -> None:
    """Point this process, and the kernels it will start, to `FOLDERS`."""
    for name in IGNORED:
        os.environ.pop(name, None)
    os.environ |= {name: str(folder) for name, folder in FOLDERS.items()}
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    KEPT.mkdir(exist_ok=True)  # IPython makes its folder only in one that is there


def answer_questions() -> None:
    """Keep JupyterLab's question about news from covering the first notebook."""
    (LAB / "settings").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "binder/overrides.json", LAB / "settings")


def main(arguments: list[str]) -> None:
    """Start JupyterLab, and return when it is stopped."""
    settle()
    answer_questions()
    # Only now: Jupyter reads the variables as it is imported.
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(
        [
            "--allow-root",  # in most containers one is root, and JupyterLab refuses
            f"--ServerApp.root_dir={ROOT}",
            "--LabApp.default_url=/lab/tree/notebooks/01_spiral_data.ipynb",
            *arguments,
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
