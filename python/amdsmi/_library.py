"""Finds and loads libamd_smi.so, which is in this folder."""
import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

_FOLDER = os.path.dirname(os.path.abspath(__file__))
# AMD's distributions that put files of the same names into this folder.
_OTHERS = {"amdsmi": "AMD's Python package", "amdgpu_smi_libamd_smi": "the library for AMD's Python package"}

# The files that AMD's package brings, too.
_REPLACED = ("__init__.py", "_version.py", "amdsmi_exception.py", "amdsmi_interface.py", "amdsmi_wrapper.py")


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


def _replaced_by(metadata: str) -> "List[str]":
    """The files of this folder that are a distribution's, as its RECORD has them."""
    import base64
    import hashlib
    found = []  # type: List[str]
    try:
        with open(os.path.join(os.path.dirname(_FOLDER), metadata, "RECORD"), encoding="utf-8") as record:
            lines = record.read().splitlines()
    except OSError:
        return found
    for line in lines:
        name, _, rest = line.partition(",sha256=")
        if os.path.dirname(name) != os.path.basename(_FOLDER):
            continue
        try:
            with open(os.path.join(_FOLDER, os.path.basename(name)), "rb") as file:
                digest = hashlib.sha256(file.read()).digest()
        except OSError:
            continue
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") == rest.partition(",")[0]:
            found.append(os.path.basename(name))
    return sorted(found)


def conflict() -> "Optional[str]":
    """A sentence about another distribution in this folder, or what one left behind; or nothing."""
    found = others()
    if not found:
        missing = [name for name in _REPLACED if not os.path.exists(os.path.join(_FOLDER, name))]
        return missing and (
            "The folder {} lacks {}: a distribution with files of the same names was uninstalled and took them along. "
            "Install this one again: pip install --force-reinstall with the wheel of amdgpu-smi".format(
                _FOLDER, ", ".join(missing))) or None
    projects = [name.partition("-")[0].replace("_", "-") for name, _ in found]
    listed = "; ".join("{} ({}) owns {}".format(name, what, ", ".join(_replaced_by(name)) or "none of these files now")
                       for name, what in found)
    return (
        "The folder {} is shared by distributions that replace each other's files: {}; amdgpu-smi owns the others, such as "
        "libamd_smi.so. Until one is left, it is uncertain which code a program runs. Uninstall all of "
        "them and install the one you want: pip uninstall {} amdgpu-smi; pip install with its wheel".format(
            _FOLDER, listed, " ".join(projects)))


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
