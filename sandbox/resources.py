"""Text files that lie beside the code.

Plain files, read with what the interpreter has loaded anyway: importlib.resources would cost more than the reading of a
few kilobytes is worth.
"""

from __future__ import annotations

import os


def read_beside(module_file: str, *parts: str) -> str:
    """Return the text of a file that lies in, or below, the folder of a module.

    Args:
        module_file: the module's ``__file__``.
        parts: the path from its folder.
    """
    with open(os.path.join(os.path.dirname(module_file), *parts), encoding="utf-8") as file:
        return file.read()
