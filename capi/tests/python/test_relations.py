"""Processes, topology, partition profiles and error records, as AMD's Python package has them."""
import ctypes
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import amdsmi
from amdsmi import AmdSmiLinkType as Link
from amdsmi import amdsmi_interface, amdsmi_wrapper

from machine import CONFIGS, CONTAINER, FIXTURES, MI300X_CPX, NAVI31, PROCESSES, OnFixture, pairs, text

INVAL, NOT_SUPPORTED, NOT_FOUND, MORE_DATA, INSUFFICIENT_SIZE = 1, 2, 31, 39, 41


def fdinfo(path, key):
    """A number of an fdinfo file, in bytes or nanoseconds; sums over nothing."""
    found = re.search(rf"^{key}:\s+(\d+)( KiB)?", path.read_text(), re.MULTILINE)
    return int(found[1]) * (1024 if found[2] else 1) if found else 0


class Processes(OnFixture):
    FIXTURE = PROCESSES

    def setUp(self):
        super().setUp()
        self.kfd = FIXTURES / self.FIXTURE / "sys/class/kfd/kfd/proc"
        self.proc = FIXTURES / self.FIXTURE / "proc"

    def of(self, gpu):
        return {process["pid"]: process for process in amdsmi.amdsmi_get_gpu_process_list(gpu)}

    def test_who(self):
        instinct, radeon = self.gpus
        self.assertEqual(sorted(self.of(instinct)), [2211, 2950])
        self.assertEqual(sorted(self.of(radeon)), [2211, 2402, 2410, 2411])
        for gpu in self.gpus:
            for pid, process in self.of(gpu).items():
                status = self.proc / str(pid) / "comm"
                self.assertEqual(process["name"], text(status) if status.exists() else "N/A")

    def test_a_graphics_client(self):
        used = self.of(self.gpus[1])[2402]
        file = self.proc / "2402/fdinfo/8"
        self.assertEqual(used["mem"], fdinfo(file, "drm-memory-vram"))
        self.assertEqual(used["memory_usage"]["vram_mem"], fdinfo(file, "drm-memory-vram"))
        self.assertEqual(used["memory_usage"]["gtt_mem"], fdinfo(file, "drm-memory-gtt"))
        self.assertEqual(used["engine_usage"], {"gfx": fdinfo(file, "drm-engine-gfx"), "enc": 0})
        self.assertEqual(used["cu_occupancy"], "N/A")

    def test_a_compute_process(self):
        used = self.of(self.gpus[0])[2211]
        # What KFD counts is a part of what the client counts.
        self.assertGreaterEqual(used["mem"], int(text(self.kfd / "2211/vram_51234")))
        units = int(text(self.kfd / "2211/stats_51234/cu_occupancy"))
        self.assertEqual(used["cu_occupancy"], units)

    def test_compute_processes(self):
        found = {process["process_id"]: process for process in amdsmi_interface.amdsmi_get_gpu_compute_process_info()}
        self.assertEqual(sorted(found), [2211, 2950])
        for pid, process in found.items():
            for key, name in (("vram_usage", "vram"), ("sdma_usage", "sdma")):
                total = sum(int(text(path)) for path in (self.kfd / str(pid)).rglob(f"{name}_*"))
                self.assertEqual(process[key], total, (pid, key))
            alone = amdsmi_interface.amdsmi_get_gpu_compute_process_info_by_pid(pid)
            self.assertEqual({key: alone[key] for key in process}, process)
        self.assert_status(NOT_FOUND, amdsmi_interface.amdsmi_get_gpu_compute_process_info_by_pid, 1)

    def test_gpus_of_a_process(self):
        # The package's own function fails on its answer, so its parts are called.
        count = ctypes.c_uint32(0)
        call = amdsmi_wrapper.amdsmi_get_gpu_compute_process_gpus
        none = ctypes.POINTER(ctypes.c_uint32)()
        self.assertEqual(call(2211, none, ctypes.byref(count)), 0)
        self.assertEqual(count.value, 1)
        positions = (ctypes.c_uint32 * 8)(*[99] * 8)
        self.assertEqual(call(2211, positions, ctypes.byref(ctypes.c_uint32(8))), 0)
        self.assertEqual(list(positions), [0] + [99] * 7)
        self.assertEqual(call(1, none, ctypes.byref(count)), NOT_FOUND)

    def test_room(self):
        call = amdsmi_wrapper.amdsmi_get_gpu_process_list
        count = ctypes.c_uint32(0)
        room = (amdsmi_wrapper.amdsmi_proc_info_t * 4)()
        self.assertEqual(call(self.gpus[1], ctypes.byref(count), room), 0)
        self.assertEqual((count.value, room[0].pid), (4, 0))
        count = ctypes.c_uint32(3)
        self.assertEqual(call(self.gpus[1], ctypes.byref(count), room), INSUFFICIENT_SIZE)
        self.assertEqual((count.value, [process.pid for process in room]), (3, [2211, 2402, 2410, 0]))


class Container(OnFixture):
    """Its numbers of processes are not those of KFD."""
    FIXTURE = CONTAINER

    def test_each_once(self):
        processes = amdsmi.amdsmi_get_gpu_process_list(self.gpus[0])
        self.assertEqual([(process["pid"], process["name"]) for process in processes], [(42, "python3")])
        hosts = amdsmi_interface.amdsmi_get_gpu_compute_process_info()
        self.assertEqual([process["process_id"] for process in hosts], [42, 23117])


class Partitions(OnFixture):
    FIXTURE = MI300X_CPX

    def test_links(self):
        nodes = FIXTURES / self.FIXTURE / "sys/class/kfd/kfd/topology/nodes"
        node_of = {gpu.value: amdsmi.amdsmi_get_gpu_kfd_info(gpu)["node_id"] for gpu in self.gpus}
        compared = 0
        for origin in self.gpus:
            links = [pairs(path) for path in (nodes / str(node_of[origin.value]) / "io_links").glob("*/properties")]
            for target in self.gpus:
                if origin.value == target.value:
                    self.assert_status(INVAL, amdsmi.amdsmi_topo_get_link_type, origin, target)
                    self.assertTrue(amdsmi.amdsmi_is_P2P_accessible(origin, target))
                    continue
                link = next(link for link in links if link["node_to"] == str(node_of[target.value]))
                # vLLM and SGLang look for exactly this.
                self.assertEqual(amdsmi.amdsmi_topo_get_link_type(origin, target), {"hops": 1, "type": Link.AMDSMI_LINK_TYPE_XGMI})
                self.assertEqual(amdsmi.amdsmi_topo_get_link_weight(origin, target), int(link["weight"]))
                self.assertEqual(
                    amdsmi.amdsmi_get_minmax_bandwidth_between_processors(origin, target),
                    {"min_bandwidth": int(link["min_bandwidth"]), "max_bandwidth": int(link["max_bandwidth"])})
                self.assertTrue(amdsmi.amdsmi_is_P2P_accessible(origin, target))
                capability = amdsmi.amdsmi_topo_get_p2p_status(origin, target)
                self.assertEqual(capability["type"].value, 2)
                flags = int(link["flags"])
                expected = {"is_iolink_coherent": not flags & 2, "is_iolink_atomics_32bit": not flags & 4,
                            "is_iolink_atomics_64bit": not flags & 8, "is_iolink_dma": not flags & 16,
                            "is_iolink_bi_directional": True}
                self.assertEqual(capability["cap"], {name: int(value) for name, value in expected.items()})
                compared += 1
        self.assertEqual(compared, 56)

    def test_nearest(self):
        near = amdsmi.amdsmi_get_link_topology_nearest(self.gpus[3], Link.AMDSMI_LINK_TYPE_XGMI)["processor_list"]
        self.assertEqual(near, [gpu.value for gpu in self.gpus if gpu.value != self.gpus[3].value])
        for kind in (Link.AMDSMI_LINK_TYPE_PCIE, Link.AMDSMI_LINK_TYPE_UNKNOWN):
            self.assertEqual(
                amdsmi.amdsmi_get_link_topology_nearest(self.gpus[3], kind)["processor_list"], [])

    def test_cpu(self):
        for gpu in self.gpus:
            self.assertEqual(amdsmi.amdsmi_topo_get_numa_node_number(gpu), 0)


class OverPcie(OnFixture):
    FIXTURE = PROCESSES

    def test_link(self):
        self.assertEqual(amdsmi.amdsmi_topo_get_link_type(*self.gpus),
                         {"hops": 2, "type": Link.AMDSMI_LINK_TYPE_PCIE})
        self.assertEqual(amdsmi.amdsmi_topo_get_link_weight(*self.gpus), 40)
        self.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_minmax_bandwidth_between_processors, *self.gpus)


class Hive(OnFixture):
    FIXTURE = CONFIGS

    def test_profiles(self):
        config = amdsmi.amdsmi_get_gpu_accelerator_partition_profile_config(self.gpus[0])
        directory = self.files.device / "compute_partition_config"
        modes = text(directory / "supported_xcp_configs").split(", ")
        self.assertEqual([profile["profile_type"] for profile in config["profiles"]], modes)
        self.assertEqual([profile["num_partitions"] for profile in config["profiles"]], [1, 2, 4, 8])
        selected = modes.index(text(directory / "xcp_config"))
        # In the order of AMD's numbers.
        names = {"XCC": "xcc", "DECODER": "dec", "DMA": "dma", "JPEG": "jpeg"}
        for number, profile in enumerate(config["profiles"]):
            self.assertEqual([resource["resource_type"] for resource in profile["resources"]], list(names))
            for resource in profile["resources"]:
                self.assertEqual(resource["profile_index"], number)
                counts = (resource["partition_resource"], resource["num_partitions_share_resource"])
                folder = directory / names[resource["resource_type"]]
                known = (int(text(folder / "num_inst")), int(text(folder / "num_shared")))
                self.assertEqual(counts, known if number == selected else (2**32 - 1, 2**32 - 1))
        self.assertEqual(config["profiles"][selected]["memory_caps"], ["NPS1", "NPS4"])
        current = amdsmi.amdsmi_get_gpu_accelerator_partition_profile(self.gpus[0])["partition_profile"]
        self.assertEqual((current["profile_type"], current["profile_index"]), ("CPX", 3))

    def entries(self, *arguments):
        return amdsmi_interface.amdsmi_get_gpu_cper_entries(self.gpus[0], *arguments)

    def test_records(self):
        entries, cursor, data, status = self.entries(7)
        self.assertEqual((cursor, status), (3, 0))
        ring = (FIXTURES / CONFIGS / "sys/kernel/debug/dri/1/amdgpu_ring_cper").read_bytes()
        for record in data:
            self.assertIn(bytes(byte & 255 for byte in record["bytes"]), ring)
        self.assertEqual([entry["record_id"] for entry in entries.values()], [b"1:1", b"1:2", b"1:3"])
        self.assertEqual([entry["error_severity"] for entry in entries.values()],
                         ["non_fatal_corrected", "fatal", "fatal"])
        self.assertEqual(entries[0]["timestamp"], "2025/08/18 09:04:12")
        afids = [amdsmi_interface.amdsmi_get_afids_from_cper(bytes(byte & 255 for byte in record["bytes"]))[0]
                 for record in data]
        self.assertEqual(afids, [[24, 17], [26], [19]])

    def test_bad_page_threshold(self):
        path = FIXTURES / CONFIGS / "sys/kernel/debug/dri/1/ras/bad_page_cnt_threshold"
        self.assertEqual(amdsmi.amdsmi_get_gpu_bad_page_threshold(self.gpus[0]), int(path.read_text()))

    def test_severities(self):
        fatal, cursor, _, _ = self.entries(1 << 1)
        self.assertEqual(([entry["record_id"] for entry in fatal.values()], cursor), ([b"1:2", b"1:3"], 3))
        self.assertEqual(self.entries(0)[:2], ({}, 3))

    def test_one_after_the_other(self):
        found, cursor, status = [], 0, MORE_DATA
        while status == MORE_DATA:
            entries, cursor, _, status = self.entries(7, 1000, cursor)
            found += [entry["record_id"] for entry in entries.values()]
        self.assertEqual((found, status, cursor), ([b"1:1", b"1:2", b"1:3"], 0, 3))
        self.assertEqual(self.entries(7, 1000, cursor)[:2], ({}, 3))
        self.assert_status(INSUFFICIENT_SIZE, self.entries, 7, 100)

    def test_no_record(self):
        self.assert_status(43, amdsmi_interface.amdsmi_get_afids_from_cper, b"CPER" + bytes(200))


class Xgmi(unittest.TestCase):
    """A GPU in a hive, made of one that is alone."""

    def test_place(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="amdgpu-smi-hive-"))
        self.addCleanup(shutil.rmtree, directory)
        root = directory / "machine"
        shutil.copytree(FIXTURES / CONFIGS, root, symlinks=True)
        device = next(root.glob("sys/devices/**/compute_partition_config")).parent
        (device / "xgmi_hive_info").mkdir()
        for name, value in (("xgmi_hive_info/xgmi_hive_id", "7718945026\n"), ("xgmi_device_id", "5\n"),
                            ("xgmi_physical_id", "3\n"), ("xgmi_error", "2\n")):
            (device / name).write_text(value)
        os.environ["AMDGPU_SMI_ROOT"] = str(root)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        gpu = amdsmi.amdsmi_get_processor_handles()[0]
        info = amdsmi.amdsmi_get_xgmi_info(gpu)
        self.assertEqual((info["xgmi_hive_id"], info["xgmi_node_id"], info["index"]), (7718945026, 5, 3))
        # Looking clears it: no look without a place for what is seen.
        status = amdsmi_wrapper.amdsmi_xgmi_status_t(77)
        call = amdsmi_wrapper.amdsmi_gpu_xgmi_error_status
        self.assertEqual(call(gpu, ctypes.POINTER(amdsmi_wrapper.amdsmi_xgmi_status_t)()), INVAL)
        self.assertEqual((call(gpu, ctypes.byref(status)), status.value), (0, 2))


class Without(unittest.TestCase):
    """What single GPUs without hive and ring say."""

    def test_nothing(self):
        class On(OnFixture):
            FIXTURE = NAVI31
        on = On()
        on.setUp()
        self.addCleanup(on.doCleanups)
        gpu = on.gpus[0]
        # No hive is the number 0, as in AMD's library: who asks all GPUs stops at a failure.
        self.assertEqual(set(amdsmi.amdsmi_get_xgmi_info(gpu).values()), {0})
        on.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_gpu_xgmi_error_status, gpu)
        on.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_gpu_accelerator_partition_profile_config, gpu)
        on.assert_status(NOT_SUPPORTED, amdsmi_interface.amdsmi_get_gpu_cper_entries, gpu, 7)


if __name__ == "__main__":
    unittest.main()
