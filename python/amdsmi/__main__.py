"""Tells what this package is and what it sees: `python -m amdsmi`."""
import os
import sys

from . import _library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> int:
    problem = _library.conflict()
    if problem:
        print(problem)
        return 1
    import amdsmi
    version = amdsmi.amdsmi_get_lib_version()
    print("interface: AMD SMI {major}.{minor}.{release}".format(**version))
    print("library: {} ({})".format(_library.path(), version["build"]))
    print("machine: {}".format(os.environ.get("AMDGPU_SMI_ROOT") or "this one"))
    try:
        amdsmi.amdsmi_init()
    except amdsmi.AmdSmiLibraryException as error:
        print("GPUs: none: {}".format(error.get_error_info()))
        return 1
    gpus = amdsmi.amdsmi_get_processor_handles()
    print("GPUs: {}".format(len(gpus)))
    for gpu in gpus:
        print("  {} {}".format(amdsmi.amdsmi_get_gpu_device_bdf(gpu), _name(gpu)))
    amdsmi.amdsmi_shut_down()
    return 0


def _name(gpu: "Any") -> str:
    import amdsmi
    try:
        return str(amdsmi.amdsmi_get_gpu_asic_info(gpu)["market_name"])
    except amdsmi.AmdSmiLibraryException as error:
        return "({})".format(error.get_error_info())


if __name__ == "__main__":
    sys.exit(main())
