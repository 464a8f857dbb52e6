"""The functions, enumerations and exceptions of the interface.

The functions stand in private modules, one topic each; this one has them all.
"""
from sys import version_info

from . import (
    _clocks, _control, _counters, _cpu, _discovery, _enums, _events, _identity, _memory, _metrics, _numbers, _partition,
    _processes, _ras, _sensors, _topology, amdsmi_exception, amdsmi_wrapper)
from ._call import _check_res
from ._clocks import *
from ._clocks import _format_transfer_rate
from ._control import *
from ._counters import *
from ._cpu import *
from ._discovery import *
from ._discovery import _format_bdf, _make_amdsmi_bdf_from_list, _parse_bdf
from ._enums import *
from ._events import *
from ._identity import *
from ._identity import _pad_hex_value
from ._memory import *
from ._memory import _format_bad_page_info
from ._metrics import *
from ._metrics import _NA_amdsmi_get_gpu_metrics_info, _validate_if_max_uint
from ._numbers import *
from ._numbers import _AMDSMI_STRING_LENGTH
from ._partition import *
from ._processes import *
from ._ras import *
from ._ras import _notifyTypeToString
from ._sensors import *
from ._topology import *
from .amdsmi_exception import *

TYPE_CHECKING = False
# Before Python 3.7 a module cannot make what it is asked for.
if TYPE_CHECKING or version_info < (3, 7):
    from ._rare_enums import *

processor_handle = amdsmi_wrapper.amdsmi_processor_handle

if not TYPE_CHECKING:
    _RARE = [
        "AmdSmiAcceleratorPartitionResourceType", "AmdSmiAcceleratorPartitionType", "AmdSmiContainerTypes",
        "AmdSmiCperNotifyType", "AmdSmiDeviceType", "AmdSmiFwBlock", "AmdSmiMemoryPageStatus", "AmdSmiMmIp", "AmdSmiRegType",
        "AmdSmiTemperatureType", "AmdSmiVramType",
    ]
    # A type checker takes what is imported by star for exported.
    __all__ = ["amdsmi_wrapper", "processor_handle"] + _RARE
    for _module in (_clocks, _control, _counters, _cpu, _discovery, _enums, _events, _identity, _memory, _metrics, _numbers,
                    _partition, _processes, _ras, _sensors, _topology, amdsmi_exception):
        __all__ += _module.__all__
    del _module

    def __getattr__(name):
        """The rare enumerations, once somebody asks for them."""
        if name in _RARE:
            from . import _rare_enums
            kind = getattr(_rare_enums, name)
            globals()[name] = kind
            return kind
        raise AttributeError("module {!r} has no attribute {!r}".format(__name__, name))

    def __dir__():
        return sorted(set(globals()) | set(__all__))
