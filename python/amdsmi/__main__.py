"""Tells what this package is and what it sees: `python -m amdsmi`. Makes AMD's names: `python -m amdsmi install-names`."""
import argparse
import os
import sys

from . import _library, _places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m amdsmi", description="Shows what this package is and which GPUs it sees.")
    actions = parser.add_subparsers(metavar="ACTION", dest="action")
    for action, help_text in (("install-names", "link amd-smi and rocm-smi to the command amdgpu-smi of this package"),
                              ("remove-names", "take these names away again")):
        added = actions.add_parser(action, help=help_text, description=help_text)
        added.add_argument("folder", nargs="?", default=_places.scripts(),
                           help="the folder for the names; that of this environment's commands without it")
    for action, help_text in (("install-libraries", "link libamd_smi.so, libamd_smi.so.26, libamd_smi.so.27 and librocm_smi64.so"),
                              ("remove-libraries", "take these links away again")):
        actions.add_parser(action, help=help_text, description=help_text).add_argument("folder", help="the folder for the links")
    arguments = parser.parse_args()
    return _look() if arguments.action is None else _act(arguments.action, arguments.folder)


def _act(action: str, folder: str) -> int:
    verb, _, what = action.partition("-")
    try:
        if verb == "remove":
            remove = _places.remove_names if what == "names" else _places.remove_libraries
            for path in remove(folder):
                print("removed {}".format(path))
        else:
            install = _places.install_names if what == "names" else _places.install_libraries
            for path, file in install(folder):
                print("{} -> {}".format(path, file))
    except (OSError, _places.Occupied) as error:
        print("{}: {}".format(action, error), file=sys.stderr)
        return 1
    return 0


def command() -> None:
    """Becomes the command `amdgpu-smi` of the wheel."""
    os.execv(_places.command(), ["amdgpu-smi"] + sys.argv[1:])


def _look() -> int:
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
