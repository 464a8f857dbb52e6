"""Finds and loads libamd_smi.so, which is in this folder."""
import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

_FOLDER = os.path.dirname(os.path.abspath(__file__))
# AMD's distributions that put files of the same names into this folder.
_OTHERS = {"amdsmi": "AMD's Python package", "amdgpu_smi_libamd_smi": "the library for AMD's Python package"}


class _Library(ctypes.CDLL):
    """A library whose functions answer with a status."""
    _func_restype_ = ctypes.c_uint32


def path() -> str:
    """The library's file."""
    return os.path.join(_FOLDER, "libamd_smi.so")


def others() -> "List[Tuple[str, str]]":
    """The metadata folders of other distributions that own files of this folder, with what each is."""
    found = []  # type: List[Tuple[str, str]]
    try:
        names = sorted(os.listdir(os.path.dirname(_FOLDER)))
    except OSError:
        return found
    for name in names:
        project, _, rest = name.partition("-")
        if project in _OTHERS and rest.endswith((".dist-info", ".egg-info")):
            found.append((name, _OTHERS[project]))
    return found


def conflict() -> "Optional[str]":
    """A sentence about another distribution in this folder, or nothing."""
    found = others()
    if not found:
        return None
    projects = [name.partition("-")[0].replace("_", "-") for name, _ in found]
    listed = ", ".join("{} ({})".format(name, what) for name, what in found)
    return (
        "The folder {} holds files of two distributions: amdgpu-smi, which this __init__.py and libamd_smi.so belong to, "
        "and {}. Each replaces files of the other, so neither works as it should. Uninstall all of them and install the "
        "one you want: pip uninstall {} amdgpu-smi; pip install with its wheel".format(_FOLDER, listed, " ".join(projects)))


def load() -> ctypes.CDLL:
    """Loads the library.

    Raises:
        ImportError: it is not there, it cannot be loaded here, or the folder is shared with AMD's package.
    """
    problem = conflict()
    if problem:
        raise ImportError(problem)
    try:
        return _Library(path())
    except OSError as error:
        raise ImportError(
            "amdsmi cannot load its library {}: {}. The package needs Linux and a wheel that was built for this "
            "machine's processor.".format(path(), error)) from None
