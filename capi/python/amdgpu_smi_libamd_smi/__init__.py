"""Where the libamd_smi.so of amdgpu-smi is: in the folder of AMD's Python package, the third place that it looks in."""
import pathlib


def path():
    """The library's file."""
    return pathlib.Path(__file__).resolve().parent.parent / "amdsmi" / "libamd_smi.so"
