"""The enumerations of the interface, with the numbers of the C library."""
from enum import Enum, IntEnum

from . import amdsmi_wrapper as _w

__all__ = [
    "AmdSmiAcceleratorPartitionResourceType", "AmdSmiAcceleratorPartitionType", "AmdSmiAffinityScope",
    "AmdSmiClkLimitType", "AmdSmiClkType", "AmdSmiComputePartitionType", "AmdSmiContainerTypes",
    "AmdSmiCounterCommand", "AmdSmiCperNotifyType", "AmdSmiDevPerfLevel", "AmdSmiDeviceType", "AmdSmiEventGroup",
    "AmdSmiEventType", "AmdSmiFreqInd", "AmdSmiGpuBlock", "AmdSmiInitFlags", "AmdSmiLinkType",
    "AmdSmiMemoryPageStatus", "AmdSmiMemoryPartitionType", "AmdSmiMemoryType", "AmdSmiMmIp",
    "AmdSmiPowerProfilePresetMasks", "AmdSmiProcessorType", "AmdSmiRasErrState", "AmdSmiRegType",
    "AmdSmiTemperatureMetric", "AmdSmiUtilizationCounterType", "AmdSmiVirtualizationMode", "AmdSmiVoltageMetric",
    "AmdSmiVoltageType", "AmdSmiVramType", "AmdSmiXgmiStatus", "MaxUIntegerTypes",
]


class MaxUIntegerTypes(IntEnum):
    """The largest number of each width, which stands for "not available"."""
    UINT8_T = 255
    UINT16_T = 0xffff
    UINT32_T = 0xffffffff
    UINT64_T = 0xffffffffffffffff


class AmdSmiInitFlags(IntEnum):
    """Which processors a program wants to see."""
    INIT_ALL_PROCESSORS = _w.AMDSMI_INIT_ALL_PROCESSORS
    INIT_AMD_CPUS = _w.AMDSMI_INIT_AMD_CPUS
    INIT_AMD_GPUS = _w.AMDSMI_INIT_AMD_GPUS
    INIT_AMD_APUS = _w.AMDSMI_INIT_AMD_APUS
    INIT_NON_AMD_CPUS = _w.AMDSMI_INIT_NON_AMD_CPUS
    INIT_NON_AMD_GPUS = _w.AMDSMI_INIT_NON_AMD_GPUS


class AmdSmiContainerTypes(IntEnum):
    """Kinds of containers that processes run in."""
    LXC = _w.AMDSMI_CONTAINER_LXC
    DOCKER = _w.AMDSMI_CONTAINER_DOCKER


class AmdSmiDeviceType(IntEnum):
    """Kinds of devices."""
    UNKNOWN_DEVICE = 0
    AMD_GPU_DEVICE = 1
    AMD_CPU_DEVICE = 2
    NON_AMD_GPU_DEVICE = 3
    NON_AMD_CPU_DEVICE = 4


class AmdSmiMmIp(IntEnum):
    """Kinds of multimedia engines."""
    UVD = _w.AMDSMI_MM_UVD
    VCE = _w.AMDSMI_MM_VCE
    VCN = _w.AMDSMI_MM_VCN


class AmdSmiClkType(IntEnum):
    """Clocks of a GPU. `SYS` and `GFX` are one clock."""
    SYS = _w.AMDSMI_CLK_TYPE_SYS
    GFX = _w.AMDSMI_CLK_TYPE_GFX
    DF = _w.AMDSMI_CLK_TYPE_DF
    DCEF = _w.AMDSMI_CLK_TYPE_DCEF
    SOC = _w.AMDSMI_CLK_TYPE_SOC
    MEM = _w.AMDSMI_CLK_TYPE_MEM
    PCIE = _w.AMDSMI_CLK_TYPE_PCIE
    VCLK0 = _w.AMDSMI_CLK_TYPE_VCLK0
    VCLK1 = _w.AMDSMI_CLK_TYPE_VCLK1
    DCLK0 = _w.AMDSMI_CLK_TYPE_DCLK0
    DCLK1 = _w.AMDSMI_CLK_TYPE_DCLK1


class AmdSmiClkLimitType(IntEnum):
    """Ends of a clock's range."""
    MIN = _w.CLK_LIMIT_MIN
    MAX = _w.CLK_LIMIT_MAX


class AmdSmiDevPerfLevel(IntEnum):
    """How the driver chooses clocks."""
    AUTO = _w.AMDSMI_DEV_PERF_LEVEL_AUTO
    LOW = _w.AMDSMI_DEV_PERF_LEVEL_LOW
    HIGH = _w.AMDSMI_DEV_PERF_LEVEL_HIGH
    MANUAL = _w.AMDSMI_DEV_PERF_LEVEL_MANUAL
    STABLE_STD = _w.AMDSMI_DEV_PERF_LEVEL_STABLE_STD
    STABLE_PEAK = _w.AMDSMI_DEV_PERF_LEVEL_STABLE_PEAK
    STABLE_MIN_MCLK = _w.AMDSMI_DEV_PERF_LEVEL_STABLE_MIN_MCLK
    STABLE_MIN_SCLK = _w.AMDSMI_DEV_PERF_LEVEL_STABLE_MIN_SCLK
    DETERMINISM = _w.AMDSMI_DEV_PERF_LEVEL_DETERMINISM
    UNKNOWN = _w.AMDSMI_DEV_PERF_LEVEL_UNKNOWN


class AmdSmiEventGroup(IntEnum):
    """Groups of performance counters."""
    XGMI = _w.AMDSMI_EVNT_GRP_XGMI
    XGMI_DATA_OUT = _w.AMDSMI_EVNT_GRP_XGMI_DATA_OUT
    GRP_INVALID = _w.AMDSMI_EVNT_GRP_INVALID


class AmdSmiEventType(IntEnum):
    """Performance counters."""
    XGMI_0_NOP_TX = _w.AMDSMI_EVNT_XGMI_0_NOP_TX
    XGMI_0_REQUEST_TX = _w.AMDSMI_EVNT_XGMI_0_REQUEST_TX
    XGMI_0_RESPONSE_TX = _w.AMDSMI_EVNT_XGMI_0_RESPONSE_TX
    XGMI_0_BEATS_TX = _w.AMDSMI_EVNT_XGMI_0_BEATS_TX
    XGMI_1_NOP_TX = _w.AMDSMI_EVNT_XGMI_1_NOP_TX
    XGMI_1_REQUEST_TX = _w.AMDSMI_EVNT_XGMI_1_REQUEST_TX
    XGMI_1_RESPONSE_TX = _w.AMDSMI_EVNT_XGMI_1_RESPONSE_TX
    XGMI_1_BEATS_TX = _w.AMDSMI_EVNT_XGMI_1_BEATS_TX
    XGMI_DATA_OUT_0 = _w.AMDSMI_EVNT_XGMI_DATA_OUT_0
    XGMI_DATA_OUT_1 = _w.AMDSMI_EVNT_XGMI_DATA_OUT_1
    XGMI_DATA_OUT_2 = _w.AMDSMI_EVNT_XGMI_DATA_OUT_2
    XGMI_DATA_OUT_3 = _w.AMDSMI_EVNT_XGMI_DATA_OUT_3
    XGMI_DATA_OUT_4 = _w.AMDSMI_EVNT_XGMI_DATA_OUT_4
    XGMI_DATA_OUT_5 = _w.AMDSMI_EVNT_XGMI_DATA_OUT_5


class AmdSmiCounterCommand(IntEnum):
    """What a performance counter is to do."""
    CMD_START = _w.AMDSMI_CNTR_CMD_START
    CMD_STOP = _w.AMDSMI_CNTR_CMD_STOP


class AmdSmiTemperatureMetric(IntEnum):
    """The temperature itself, its limits, and what it was."""
    CURRENT = _w.AMDSMI_TEMP_CURRENT
    MAX = _w.AMDSMI_TEMP_MAX
    MIN = _w.AMDSMI_TEMP_MIN
    MAX_HYST = _w.AMDSMI_TEMP_MAX_HYST
    MIN_HYST = _w.AMDSMI_TEMP_MIN_HYST
    CRITICAL = _w.AMDSMI_TEMP_CRITICAL
    CRITICAL_HYST = _w.AMDSMI_TEMP_CRITICAL_HYST
    EMERGENCY = _w.AMDSMI_TEMP_EMERGENCY
    EMERGENCY_HYST = _w.AMDSMI_TEMP_EMERGENCY_HYST
    CRIT_MIN = _w.AMDSMI_TEMP_CRIT_MIN
    CRIT_MIN_HYST = _w.AMDSMI_TEMP_CRIT_MIN_HYST
    OFFSET = _w.AMDSMI_TEMP_OFFSET
    LOWEST = _w.AMDSMI_TEMP_LOWEST
    HIGHEST = _w.AMDSMI_TEMP_HIGHEST


class AmdSmiVoltageMetric(IntEnum):
    """The voltage itself, its limits, and what it was."""
    CURRENT = _w.AMDSMI_VOLT_CURRENT
    MAX = _w.AMDSMI_VOLT_MAX
    MIN_CRIT = _w.AMDSMI_VOLT_MIN_CRIT
    MIN = _w.AMDSMI_VOLT_MIN
    MAX_CRIT = _w.AMDSMI_VOLT_MAX_CRIT
    AVERAGE = _w.AMDSMI_VOLT_AVERAGE
    LOWEST = _w.AMDSMI_VOLT_LOWEST
    HIGHEST = _w.AMDSMI_VOLT_HIGHEST


class AmdSmiVoltageType(IntEnum):
    """Places where a voltage is measured."""
    VDDGFX = _w.AMDSMI_VOLT_TYPE_VDDGFX
    VDDBOARD = _w.AMDSMI_VOLT_TYPE_VDDBOARD
    INVALID = _w.AMDSMI_VOLT_TYPE_INVALID


class AmdSmiAcceleratorPartitionResourceType(IntEnum):
    """What a partition has its share of."""
    XCC = _w.AMDSMI_ACCELERATOR_XCC
    ENCODER = _w.AMDSMI_ACCELERATOR_ENCODER
    DECODER = _w.AMDSMI_ACCELERATOR_DECODER
    DMA = _w.AMDSMI_ACCELERATOR_DMA
    JPEG = _w.AMDSMI_ACCELERATOR_JPEG
    MAX = _w.AMDSMI_ACCELERATOR_MAX


class AmdSmiAcceleratorPartitionType(IntEnum):
    """Ways to split the compute units of a GPU."""
    SPX = _w.AMDSMI_COMPUTE_PARTITION_SPX
    DPX = _w.AMDSMI_COMPUTE_PARTITION_DPX
    TPX = _w.AMDSMI_COMPUTE_PARTITION_TPX
    QPX = _w.AMDSMI_COMPUTE_PARTITION_QPX
    CPX = _w.AMDSMI_COMPUTE_PARTITION_CPX
    INVALID = _w.AMDSMI_COMPUTE_PARTITION_INVALID


class AmdSmiComputePartitionType(IntEnum):
    """Ways to split the compute units of a GPU."""
    SPX = _w.AMDSMI_COMPUTE_PARTITION_SPX
    DPX = _w.AMDSMI_COMPUTE_PARTITION_DPX
    TPX = _w.AMDSMI_COMPUTE_PARTITION_TPX
    QPX = _w.AMDSMI_COMPUTE_PARTITION_QPX
    CPX = _w.AMDSMI_COMPUTE_PARTITION_CPX
    INVALID = _w.AMDSMI_COMPUTE_PARTITION_INVALID


class AmdSmiMemoryPartitionType(IntEnum):
    """Ways to split the memory of a GPU."""
    NPS1 = _w.AMDSMI_MEMORY_PARTITION_NPS1
    NPS2 = _w.AMDSMI_MEMORY_PARTITION_NPS2
    NPS4 = _w.AMDSMI_MEMORY_PARTITION_NPS4
    NPS8 = _w.AMDSMI_MEMORY_PARTITION_NPS8
    UNKNOWN = _w.AMDSMI_MEMORY_PARTITION_UNKNOWN


class AmdSmiPowerProfilePresetMasks(IntEnum):
    """Power profiles; bits."""
    CUSTOM_MASK = _w.AMDSMI_PWR_PROF_PRST_CUSTOM_MASK
    VIDEO_MASK = _w.AMDSMI_PWR_PROF_PRST_VIDEO_MASK
    POWER_SAVING_MASK = _w.AMDSMI_PWR_PROF_PRST_POWER_SAVING_MASK
    COMPUTE_MASK = _w.AMDSMI_PWR_PROF_PRST_COMPUTE_MASK
    VR_MASK = _w.AMDSMI_PWR_PROF_PRST_VR_MASK
    THREE_D_FULL_SCR_MASK = _w.AMDSMI_PWR_PROF_PRST_3D_FULL_SCR_MASK
    BOOTUP_DEFAULT = _w.AMDSMI_PWR_PROF_PRST_BOOTUP_DEFAULT
    INVALID = _w.AMDSMI_PWR_PROF_PRST_INVALID


class AmdSmiGpuBlock(IntEnum):
    """Blocks of a GPU that count memory errors; bits."""
    INVALID = _w.AMDSMI_GPU_BLOCK_INVALID
    UMC = _w.AMDSMI_GPU_BLOCK_UMC
    SDMA = _w.AMDSMI_GPU_BLOCK_SDMA
    GFX = _w.AMDSMI_GPU_BLOCK_GFX
    MMHUB = _w.AMDSMI_GPU_BLOCK_MMHUB
    ATHUB = _w.AMDSMI_GPU_BLOCK_ATHUB
    PCIE_BIF = _w.AMDSMI_GPU_BLOCK_PCIE_BIF
    HDP = _w.AMDSMI_GPU_BLOCK_HDP
    XGMI_WAFL = _w.AMDSMI_GPU_BLOCK_XGMI_WAFL
    DF = _w.AMDSMI_GPU_BLOCK_DF
    SMN = _w.AMDSMI_GPU_BLOCK_SMN
    SEM = _w.AMDSMI_GPU_BLOCK_SEM
    MP0 = _w.AMDSMI_GPU_BLOCK_MP0
    MP1 = _w.AMDSMI_GPU_BLOCK_MP1
    FUSE = _w.AMDSMI_GPU_BLOCK_FUSE
    MCA = _w.AMDSMI_GPU_BLOCK_MCA
    VCN = _w.AMDSMI_GPU_BLOCK_VCN
    JPEG = _w.AMDSMI_GPU_BLOCK_JPEG
    IH = _w.AMDSMI_GPU_BLOCK_IH
    MPIO = _w.AMDSMI_GPU_BLOCK_MPIO
    RESERVED = _w.AMDSMI_GPU_BLOCK_RESERVED


class AmdSmiRasErrState(IntEnum):
    """How a block handles errors."""
    NONE = _w.AMDSMI_RAS_ERR_STATE_NONE
    DISABLED = _w.AMDSMI_RAS_ERR_STATE_DISABLED
    PARITY = _w.AMDSMI_RAS_ERR_STATE_PARITY
    SING_C = _w.AMDSMI_RAS_ERR_STATE_SING_C
    MULT_UC = _w.AMDSMI_RAS_ERR_STATE_MULT_UC
    POISON = _w.AMDSMI_RAS_ERR_STATE_POISON
    ENABLED = _w.AMDSMI_RAS_ERR_STATE_ENABLED
    INVALID = _w.AMDSMI_RAS_ERR_STATE_INVALID


class AmdSmiCperNotifyType(Enum):
    """How the firmware reported an error; the first half of a GUID."""
    CMC = _w.AMDSMI_CPER_NOTIFY_TYPE_CMC
    CPE = _w.AMDSMI_CPER_NOTIFY_TYPE_CPE
    MCE = _w.AMDSMI_CPER_NOTIFY_TYPE_MCE
    PCIE = _w.AMDSMI_CPER_NOTIFY_TYPE_PCIE
    INIT = _w.AMDSMI_CPER_NOTIFY_TYPE_INIT
    NMI = _w.AMDSMI_CPER_NOTIFY_TYPE_NMI
    BOOT = _w.AMDSMI_CPER_NOTIFY_TYPE_BOOT
    DMAr = _w.AMDSMI_CPER_NOTIFY_TYPE_DMAR
    SEA = _w.AMDSMI_CPER_NOTIFY_TYPE_SEA
    SEI = _w.AMDSMI_CPER_NOTIFY_TYPE_SEI
    PEI = _w.AMDSMI_CPER_NOTIFY_TYPE_PEI
    CXL_COMPONENT = _w.AMDSMI_CPER_NOTIFY_TYPE_CXL_COMPONENT


class AmdSmiMemoryType(IntEnum):
    """Kinds of memory: on the card, of it what the CPU sees, and of the system."""
    VRAM = _w.AMDSMI_MEM_TYPE_VRAM
    VIS_VRAM = _w.AMDSMI_MEM_TYPE_VIS_VRAM
    GTT = _w.AMDSMI_MEM_TYPE_GTT


class AmdSmiFreqInd(IntEnum):
    """Ends of a frequency range."""
    MIN = _w.AMDSMI_FREQ_IND_MIN
    MAX = _w.AMDSMI_FREQ_IND_MAX
    INVALID = _w.AMDSMI_FREQ_IND_INVALID


class AmdSmiXgmiStatus(IntEnum):
    """Errors of XGMI since they were last asked for."""
    NO_ERRORS = _w.AMDSMI_XGMI_STATUS_NO_ERRORS
    ERROR = _w.AMDSMI_XGMI_STATUS_ERROR
    MULTIPLE_ERRORS = _w.AMDSMI_XGMI_STATUS_MULTIPLE_ERRORS


class AmdSmiMemoryPageStatus(IntEnum):
    """What became of a bad page."""
    RESERVED = _w.AMDSMI_MEM_PAGE_STATUS_RESERVED
    PENDING = _w.AMDSMI_MEM_PAGE_STATUS_PENDING
    UNRESERVABLE = _w.AMDSMI_MEM_PAGE_STATUS_UNRESERVABLE


class AmdSmiLinkType(IntEnum):
    """Kinds of links between processors."""
    AMDSMI_LINK_TYPE_INTERNAL = _w.AMDSMI_LINK_TYPE_INTERNAL
    AMDSMI_LINK_TYPE_XGMI = _w.AMDSMI_LINK_TYPE_XGMI
    AMDSMI_LINK_TYPE_PCIE = _w.AMDSMI_LINK_TYPE_PCIE
    AMDSMI_LINK_TYPE_NOT_APPLICABLE = _w.AMDSMI_LINK_TYPE_NOT_APPLICABLE
    AMDSMI_LINK_TYPE_UNKNOWN = _w.AMDSMI_LINK_TYPE_UNKNOWN


class AmdSmiUtilizationCounterType(IntEnum):
    """Counters of activity."""
    COARSE_GRAIN_GFX_ACTIVITY = _w.AMDSMI_COARSE_GRAIN_GFX_ACTIVITY
    COARSE_GRAIN_MEM_ACTIVITY = _w.AMDSMI_COARSE_GRAIN_MEM_ACTIVITY
    COARSE_DECODER_ACTIVITY = _w.AMDSMI_COARSE_DECODER_ACTIVITY
    FINE_GRAIN_GFX_ACTIVITY = _w.AMDSMI_FINE_GRAIN_GFX_ACTIVITY
    FINE_GRAIN_MEM_ACTIVITY = _w.AMDSMI_FINE_GRAIN_MEM_ACTIVITY
    FINE_DECODER_ACTIVITY = _w.AMDSMI_FINE_DECODER_ACTIVITY
    UTILIZATION_COUNTER_FIRST = _w.AMDSMI_UTILIZATION_COUNTER_FIRST
    UTILIZATION_COUNTER_LAST = _w.AMDSMI_UTILIZATION_COUNTER_LAST


class AmdSmiProcessorType(IntEnum):
    """Kinds of processors."""
    UNKNOWN = _w.AMDSMI_VRAM_TYPE_UNKNOWN
    AMDSMI_PROCESSOR_TYPE_AMD_GPU = _w.AMDSMI_PROCESSOR_TYPE_AMD_GPU
    AMDSMI_PROCESSOR_TYPE_AMD_CPU = _w.AMDSMI_PROCESSOR_TYPE_AMD_CPU
    AMDSMI_PROCESSOR_TYPE_NON_AMD_GPU = _w.AMDSMI_PROCESSOR_TYPE_NON_AMD_GPU
    AMDSMI_PROCESSOR_TYPE_NON_AMD_CPU = _w.AMDSMI_PROCESSOR_TYPE_NON_AMD_CPU


class AmdSmiRegType(IntEnum):
    """Tables of registers."""
    XGMI = _w.AMDSMI_REG_XGMI
    WAFL = _w.AMDSMI_REG_WAFL
    PCIE = _w.AMDSMI_REG_PCIE
    USR = _w.AMDSMI_REG_USR
    USR1 = _w.AMDSMI_REG_USR1


class AmdSmiVirtualizationMode(IntEnum):
    """How the machine has its GPU."""
    UNKNOWN = _w.AMDSMI_VIRTUALIZATION_MODE_UNKNOWN
    BAREMETAL = _w.AMDSMI_VIRTUALIZATION_MODE_BAREMETAL
    HOST = _w.AMDSMI_VIRTUALIZATION_MODE_HOST
    GUEST = _w.AMDSMI_VIRTUALIZATION_MODE_GUEST
    PASSTHROUGH = _w.AMDSMI_VIRTUALIZATION_MODE_PASSTHROUGH


class AmdSmiVramType(IntEnum):
    """Types of memory chips."""
    UNKNOWN = _w.AMDSMI_VRAM_TYPE_UNKNOWN
    HBM = _w.AMDSMI_VRAM_TYPE_HBM
    HBM2 = _w.AMDSMI_VRAM_TYPE_HBM2
    HBM2E = _w.AMDSMI_VRAM_TYPE_HBM2E
    HBM3 = _w.AMDSMI_VRAM_TYPE_HBM3
    DDR2 = _w.AMDSMI_VRAM_TYPE_DDR2
    DDR3 = _w.AMDSMI_VRAM_TYPE_DDR3
    DDR4 = _w.AMDSMI_VRAM_TYPE_DDR4
    GDDR1 = _w.AMDSMI_VRAM_TYPE_GDDR1
    GDDR2 = _w.AMDSMI_VRAM_TYPE_GDDR2
    GDDR3 = _w.AMDSMI_VRAM_TYPE_GDDR3
    GDDR4 = _w.AMDSMI_VRAM_TYPE_GDDR4
    GDDR5 = _w.AMDSMI_VRAM_TYPE_GDDR5
    GDDR6 = _w.AMDSMI_VRAM_TYPE_GDDR6
    GDDR7 = _w.AMDSMI_VRAM_TYPE_GDDR7
    MAX = _w.AMDSMI_VRAM_TYPE__MAX


class AmdSmiAffinityScope(IntEnum):
    """What counts as near to a GPU."""
    NUMA_SCOPE = _w.AMDSMI_AFFINITY_SCOPE_NODE
    SOCKET_SCOPE = _w.AMDSMI_AFFINITY_SCOPE_SOCKET
