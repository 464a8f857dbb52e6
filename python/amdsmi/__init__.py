"""AMD's System Management Interface for Python: what the GPUs of a machine are, and how they are.

    import amdsmi

    amdsmi.amdsmi_init()
    for gpu in amdsmi.amdsmi_get_processor_handles():
        print(amdsmi.amdsmi_get_gpu_device_bdf(gpu), amdsmi.amdsmi_get_gpu_vram_usage(gpu))
    amdsmi.amdsmi_shut_down()

The library, libamd_smi.so, is in this folder; nothing of ROCm is needed. With AMDGPU_SMI_ROOT it looks at the machine in
a directory or an archive instead.
"""
from sys import version_info

from . import amdsmi_exception as amdsmi_exception, amdsmi_interface as amdsmi_interface
from . import amdsmi_wrapper as amdsmi_wrapper
from ._version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING or version_info < (3, 7):
    from .amdsmi_interface import *
else:
    # All but the rare enumerations, which `__getattr__` gives.
    for _name in amdsmi_interface.__all__:
        if _name in vars(amdsmi_interface):
            globals()[_name] = vars(amdsmi_interface)[_name]
    del _name

if not TYPE_CHECKING:
    __all__ = ["amdsmi_exception", "amdsmi_interface"] + amdsmi_interface.__all__

    def __getattr__(name):
        """The rare enumerations, once somebody asks for them."""
        if name in __all__:
            value = getattr(amdsmi_interface, name)
            globals()[name] = value
            return value
        raise AttributeError("module {!r} has no attribute {!r}".format(__name__, name))

    def __dir__():
        return sorted(set(globals()) | set(__all__))
