"""Makes the names by which other programs look for AMD's commands and libraries.

The wheel holds the command amdgpu-smi and the C libraries. Nothing outside the package's folder points to them until somebody
asks: a name such as amd-smi in front of AMD's own command would surprise its users.
"""
import os
import sysconfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Tuple

_FOLDER = os.path.dirname(os.path.abspath(__file__))

_COMMAND = "amdgpu-smi"
# The name decides how the command behaves.
_COMMANDS = {name: _COMMAND for name in (_COMMAND, "amd-smi", "rocm-smi")}
# Programs load libraries by these names: linked programs by those with a number, others and the linker by those without.
# AMD's package of 10.1 takes libamd_smi_python.so from its own folder. ROCm SMI goes by AMD's number and by Debian's.
_LIBRARIES = {
    "libamd_smi.so": "libamd_smi.so.26", "libamd_smi.so.26": "libamd_smi.so.26", "libamd_smi.so.27": "libamd_smi.so.27",
    "libamd_smi_python.so": "libamd_smi.so.27", "librocm_smi64.so": "librocm_smi64.so.7",
    "librocm_smi64.so.7": "librocm_smi64.so.7", "librocm_smi64.so.1": "librocm_smi64.so.7",
    "librocm_smi64.so.1.0": "librocm_smi64.so.7"}


class Occupied(Exception):
    """A file of somebody else has one of the names."""


def command() -> str:
    """The command's file."""
    return os.path.join(_FOLDER, "bin", _COMMAND)


def scripts() -> str:
    """The folder that this environment's commands are in."""
    return sysconfig.get_path("scripts")


def _commands() -> "Dict[str, str]":
    return {name: os.path.join(_FOLDER, "bin", file) for name, file in _COMMANDS.items()}


def _libraries() -> "Dict[str, str]":
    return {name: os.path.join(_FOLDER, file) for name, file in _LIBRARIES.items()}


def _is_ours(path: str, file: str) -> bool:
    return os.path.islink(path) and os.path.realpath(path) == os.path.realpath(file)


def _install(folder: str, files: "Dict[str, str]") -> "List[Tuple[str, str]]":
    """Links all of the names, or none if one of them is taken."""
    os.makedirs(folder, exist_ok=True)
    wanted = [(os.path.join(folder, name), file) for name, file in files.items()]
    missing = [(path, file) for path, file in wanted if not _is_ours(path, file)]
    for path, _ in missing:
        if os.path.lexists(path):
            raise Occupied("{} belongs to another program and stays; no name was made".format(path))
    for path, file in missing:
        os.symlink(file, path)
    return wanted


def _remove(folder: str, files: "Dict[str, str]") -> "List[str]":
    found = [os.path.join(folder, name) for name, file in files.items() if _is_ours(os.path.join(folder, name), file)]
    for path in found:
        os.unlink(path)
    return found


def install_names(folder: str) -> "List[Tuple[str, str]]":
    """Links `amd-smi` and `rocm-smi` in a folder to the command."""
    # The environment has the command under its own name.
    own = os.path.lexists(os.path.join(folder, _COMMAND))
    return _install(folder, {name: file for name, file in _commands().items() if name != _COMMAND or not own})


def remove_names(folder: str) -> "List[str]":
    """Takes away what `install_names` made."""
    return _remove(folder, _commands())


def install_libraries(folder: str) -> "List[Tuple[str, str]]":
    """Links the C libraries in a folder under all of their names."""
    return _install(folder, _libraries())


def remove_libraries(folder: str) -> "List[str]":
    """Takes away what `install_libraries` made."""
    return _remove(folder, _libraries())
