"""Every function of AMD's Python package, on every fixture: a value, an exception that is documented, or neither."""
import collections
import ctypes
import inspect
import unittest

import amdsmi
from amdsmi import amdsmi_interface, amdsmi_wrapper

from machine import ALL, NO_DRIVER, look_at

# Called around the others.
OTHERS = {"amdsmi_init", "amdsmi_shut_down"}

# What the package's own code cannot do, whatever the library answers.
BROKEN = {
    # Makes a pointer type of a pointer, which ctypes refuses.
    "amdsmi_get_gpu_pm_metrics_info": (TypeError,),
    "amdsmi_get_gpu_reg_table_info": (TypeError,),
    "amdsmi_status_code_to_string": (TypeError,),
    # Takes a ctypes number for the length of an array, once there is a page.
    "amdsmi_get_gpu_memory_reserved_pages": (TypeError,),
    # Asks an integer for its value, once there is a GPU.
    "amdsmi_get_gpu_compute_process_gpus": (AttributeError,),
}

ARGUMENTS = {
    "bdf": "0000:03:00.0",
    "clk_type": amdsmi.AmdSmiClkType.GFX,
    "clock_type": amdsmi.AmdSmiClkType.MEM,
    "sensor_type": amdsmi.AmdSmiTemperatureType.JUNCTION,
    "metric": amdsmi.AmdSmiTemperatureMetric.CURRENT,
    "mem_type": amdsmi.AmdSmiMemoryType.VRAM,
    "block": amdsmi.AmdSmiGpuBlock.UMC,
    "scope": amdsmi_interface.AmdSmiAffinityScope.NUMA_SCOPE,
    "counter_types": [amdsmi.AmdSmiUtilizationCounterType.COARSE_GRAIN_GFX_ACTIVITY],
    "event_group": amdsmi.AmdSmiEventGroup.XGMI,
    "event_type": amdsmi_interface.AmdSmiEventType.XGMI_0_NOP_TX,
    "counter_command": amdsmi_interface.AmdSmiCounterCommand.CMD_START,
    "event_handle": amdsmi_wrapper.amdsmi_event_handle_t(1),
    "link_type": amdsmi.AmdSmiLinkType.AMDSMI_LINK_TYPE_XGMI,
    "compute_partition": amdsmi.AmdSmiComputePartitionType.SPX,
    "memory_partition": amdsmi.AmdSmiMemoryPartitionType.NPS1,
    "perf_level": amdsmi.AmdSmiDevPerfLevel.AUTO,
    "profile": amdsmi.AmdSmiPowerProfilePresetMasks.COMPUTE_MASK,
    "freq_ind": amdsmi.AmdSmiFreqInd.MIN,
    "reg_type": amdsmi_interface.AmdSmiRegType.XGMI,
    "limit_type": "min",
    "status": amdsmi_wrapper.amdsmi_status_t(0),
    "cper_afid_data": bytes(200),
    "sock_count": ctypes.c_uint32(1),
    "severity_mask": 1,
    "encoding": 1, "link_name": "P0",
}
# Where the same name means something else.
SPECIAL = {
    ("amdsmi_get_gpu_volt_metric", "sensor_type"): amdsmi.AmdSmiVoltageType.VDDGFX,
    ("amdsmi_get_gpu_volt_metric", "metric"): amdsmi.AmdSmiVoltageMetric.CURRENT,
    ("amdsmi_set_gpu_clk_limit", "clk_type"): "sclk",
    ("amdsmi_set_clk_freq", "clk_type"): "sclk",
    ("amdsmi_set_gpu_od_clk_info", "level"): amdsmi.AmdSmiFreqInd.MIN,
}


def functions():
    found = {}
    for name, value in vars(amdsmi_interface).items():
        if name.startswith("amdsmi_") and inspect.isfunction(value):
            found[name] = value
    return found


def arguments(name, function, gpu, socket):
    for parameter in inspect.signature(function).parameters.values():
        if "processor_handle" in parameter.name or parameter.name == "device_handle":
            yield gpu
        elif parameter.name == "socket_handle":
            yield socket
        elif (name, parameter.name) in SPECIAL:
            yield SPECIAL[name, parameter.name]
        elif parameter.name in ARGUMENTS:
            yield ARGUMENTS[parameter.name]
        elif parameter.default is not inspect.Parameter.empty:
            return
        else:
            yield 0


def outcome(name, function, given):
    """`value`, `exception`, or what is wrong."""
    try:
        function(*given)
    except amdsmi.AmdSmiLibraryException as error:
        # 16 and the two uppermost are how a library says that it failed itself.
        known = error.err_code in amdsmi_wrapper.amdsmi_status_t__enumvalues
        return "exception" if known and error.err_code not in (16, 0xfffffffe, 0xffffffff) else f"status {error.err_code}"
    except Exception as error:
        return "package" if isinstance(error, BROKEN.get(name, ())) else f"{type(error).__name__}: {error}"
    return "value"


class Every(unittest.TestCase):
    def test_every_function(self):
        everything = functions()
        self.assertTrue(OTHERS <= set(everything))
        for fixture in ALL:
            if fixture == NO_DRIVER:
                continue
            look_at(fixture)
            amdsmi.amdsmi_init()
            try:
                counts, wrong = self.call(everything)
            finally:
                amdsmi.amdsmi_shut_down()
            counts["value"] += len(OTHERS)
            print(f"every: {fixture}: {len(everything)} functions: {counts['value']} values, {counts['exception']} "
                  f"documented exceptions, {counts['package']} errors of the package's own, {len(wrong)} wrong")
            self.assertFalse(wrong, fixture)

    def call(self, everything):
        counts, wrong = collections.Counter(), []
        sockets = amdsmi.amdsmi_get_socket_handles()
        for gpu in amdsmi.amdsmi_get_processor_handles():
            for name, function in everything.items():
                if name in OTHERS:
                    continue
                result = outcome(name, function, list(arguments(name, function, gpu, sockets[0])))
                if result in ("value", "exception", "package"):
                    counts[result] += 1
                else:
                    wrong.append((name, result))
        return counts, wrong


if __name__ == "__main__":
    unittest.main()
