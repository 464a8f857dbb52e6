//! The numbers of everything else that C enumerates.

use super::layout::c_enums;

c_enums! {
    /// `amdsmi_init_flags_t`. What a program wants to see; bits.
    InitFlags(u32) = "AMDSMI_INIT_" {
        ALL_PROCESSORS = 0xffffffff,
        AMD_CPUS = 1,
        AMD_GPUS = 2,
        NON_AMD_CPUS = 4,
        NON_AMD_GPUS = 8,
        AMD_APUS = 3,
        #[cfg(abi27)]
        AMD_NICS = 16,
    }

    /// `amdsmi_mm_ip_t`. Kinds of multimedia engines.
    MultimediaIp(u32) = "AMDSMI_MM_" {
        UVD = 0,
        VCE = 1,
        VCN = 2,
        _MAX = 3,
    }

    /// `amdsmi_container_types_t`. Kinds of containers.
    ContainerType(u32) = "AMDSMI_CONTAINER_" {
        LXC = 0,
        DOCKER = 1,
    }

    /// `processor_type_t`. Kinds of processors.
    ProcessorType(u32) = "AMDSMI_PROCESSOR_TYPE_" {
        UNKNOWN = 0,
        AMD_GPU = 1,
        AMD_CPU = 2,
        NON_AMD_GPU = 3,
        NON_AMD_CPU = 4,
        AMD_CPU_CORE = 5,
        AMD_APU = 6,
        #[cfg(abi27)]
        AMD_NIC = 7,
        #[cfg(abi27)]
        BRCM_NIC = 8,
        #[cfg(abi27)]
        BRCM_SWITCH = 9,
    }

    /// `amdsmi_accelerator_partition_type_t`. Ways to split the compute units.
    AcceleratorPartitionType(u32) = "AMDSMI_ACCELERATOR_PARTITION_" {
        INVALID = 0,
        SPX = 1,
        DPX = 2,
        TPX = 3,
        QPX = 4,
        CPX = 5,
        MAX = 6,
    }

    /// `amdsmi_accelerator_partition_resource_type_t`. What is split.
    PartitionResourceType(u32) = "AMDSMI_ACCELERATOR_" {
        XCC = 0,
        ENCODER = 1,
        DECODER = 2,
        DMA = 3,
        JPEG = 4,
        MAX = 5,
    }

    /// `amdsmi_compute_partition_type_t`. Ways to split the compute units, in the older functions.
    ComputePartitionType(u32) = "AMDSMI_COMPUTE_PARTITION_" {
        INVALID = 0,
        SPX = 1,
        DPX = 2,
        TPX = 3,
        QPX = 4,
        CPX = 5,
    }

    /// `amdsmi_memory_partition_type_t`. Ways to split the memory.
    MemoryPartitionType(u32) = "AMDSMI_MEMORY_PARTITION_" {
        UNKNOWN = 0,
        NPS1 = 1,
        NPS2 = 2,
        NPS4 = 4,
        NPS8 = 8,
    }

    /// `amdsmi_vram_type_t`. Types of memory.
    VramType(u32) = "AMDSMI_VRAM_TYPE_" {
        UNKNOWN = 0,
        HBM = 1,
        HBM2 = 2,
        HBM2E = 3,
        HBM3 = 4,
        DDR2 = 10,
        DDR3 = 11,
        DDR4 = 12,
        GDDR1 = 17,
        GDDR2 = 18,
        GDDR3 = 19,
        GDDR4 = 20,
        GDDR5 = 21,
        GDDR6 = 22,
        GDDR7 = 23,
        #[cfg(not(abi27))]
        _MAX = 23,
        #[cfg(abi27)]
        _MAX = 31,
        #[cfg(abi27)]
        HBM3E = 5,
        #[cfg(abi27)]
        DDR5 = 13,
        #[cfg(abi27)]
        LPDDR4 = 30,
        #[cfg(abi27)]
        LPDDR5 = 31,
    }

    /// `amdsmi_card_form_factor_t`. How a card sits in the machine.
    CardFormFactor(u32) = "AMDSMI_CARD_FORM_FACTOR_" {
        PCIE = 0,
        OAM = 1,
        CEM = 2,
        UNKNOWN = 3,
    }

    /// `amdsmi_cache_property_type_t`. What a cache holds and serves; bits.
    CacheProperty(u32) = "AMDSMI_CACHE_PROPERTY_" {
        ENABLED = 1,
        DATA_CACHE = 2,
        INST_CACHE = 4,
        CPU_CACHE = 8,
        SIMD_CACHE = 16,
    }

    /// `amdsmi_link_type_t`. Kinds of links. 7.0 merged two earlier enumerations.
    LinkType(u32) = "AMDSMI_LINK_TYPE_" {
        INTERNAL = 0,
        PCIE = 1,
        XGMI = 2,
        NOT_APPLICABLE = 3,
        UNKNOWN = 4,
        #[cfg(abi27)]
        NUMA = 5,
        #[cfg(abi27)]
        XNUMA = 6,
    }

    /// `amdsmi_evt_notification_type_t`. Kinds of events, as the driver numbers them.
    EventType(u32) = "AMDSMI_EVT_NOTIF_" {
        NONE = 0,
        VMFAULT = 1,
        FIRST = 1,
        THERMAL_THROTTLE = 2,
        GPU_PRE_RESET = 3,
        GPU_POST_RESET = 4,
        MIGRATE_START = 5,
        MIGRATE_END = 6,
        PAGE_FAULT_START = 7,
        PAGE_FAULT_END = 8,
        QUEUE_EVICTION = 9,
        QUEUE_RESTORE = 10,
        UNMAP_FROM_GPU = 11,
        PROCESS_START = 12,
        PROCESS_END = 13,
        LAST = 13,
    }

    /// `amdsmi_gpu_block_t`. Blocks that count errors; bits.
    GpuBlock(u64) = "AMDSMI_GPU_BLOCK_" {
        INVALID = 0,
        FIRST = 1,
        UMC = 1,
        SDMA = 2,
        GFX = 4,
        MMHUB = 8,
        ATHUB = 16,
        PCIE_BIF = 32,
        HDP = 64,
        XGMI_WAFL = 0x80,
        DF = 0x100,
        SMN = 0x200,
        SEM = 0x400,
        MP0 = 0x800,
        MP1 = 0x1000,
        FUSE = 0x2000,
        MCA = 0x4000,
        VCN = 0x8000,
        JPEG = 0x10000,
        IH = 0x20000,
        MPIO = 0x40000,
        #[cfg(not(abi27))]
        LAST = 0x40000,
        #[cfg(abi27)]
        LAST = 0x4000000000,
        RESERVED = 0x8000000000000000,
        #[cfg(abi27)]
        MMSCH = 0x80000,
        #[cfg(abi27)]
        MP5 = 0x100000,
        #[cfg(abi27)]
        ATU = 0x200000,
        #[cfg(abi27)]
        DACC_BE = 0x400000,
        #[cfg(abi27)]
        ECLR = 0x800000,
        #[cfg(abi27)]
        KPX_SERDES = 0x1000000,
        #[cfg(abi27)]
        LSDMA = 0x2000000,
        #[cfg(abi27)]
        MPART = 0x4000000,
        #[cfg(abi27)]
        MPIFOE = 0x8000000,
        #[cfg(abi27)]
        MPRAS = 0x10000000,
        #[cfg(abi27)]
        NBIF = 0x20000000,
        #[cfg(abi27)]
        NBIO = 0x40000000,
        #[cfg(abi27)]
        OXRP = 0x80000000,
        #[cfg(abi27)]
        PCIE_PL = 0x100000000,
        #[cfg(abi27)]
        PCS_XGMI = 0x200000000,
        #[cfg(abi27)]
        PIE = 0x400000000,
        #[cfg(abi27)]
        CS = 0x800000000,
        #[cfg(abi27)]
        SHUB = 0x1000000000,
        #[cfg(abi27)]
        SSBDCI = 0x2000000000,
        #[cfg(abi27)]
        UCIE_PCS = 0x4000000000,
    }

    /// `amdsmi_cper_sev_t`. How bad an error was.
    CperSeverity(u32) = "AMDSMI_CPER_SEV_" {
        NON_FATAL_UNCORRECTED = 0,
        FATAL = 1,
        NON_FATAL_CORRECTED = 2,
        NUM = 3,
        UNUSED = 10,
    }

    /// `amdsmi_cper_notify_type_t`. How an error was told; the first half of a GUID.
    CperNotifyType(u64) = "AMDSMI_CPER_NOTIFY_TYPE_" {
        CMC = 0x450ebdd72dce8bb1,
        CPE = 0x4a55d8434e292f96,
        MCE = 0x4cc5919ce8f56ffe,
        PCIE = 0x4dfc1a16cf93c01f,
        INIT = 0x454a9308cc5263e8,
        NMI = 0x42c9b7e65bad89ff,
        BOOT = 0x409aab403d61a466,
        DMAR = 0x4c27c6b3667dd791,
        SEA = 0x11e4bbe89a78788a,
        SEI = 0x4e87b0ae5c284c81,
        PEI = 0x4214520409a9d5ac,
        CXL_COMPONENT = 0x49a341df69293bc9,
    }

    /// `amdsmi_ras_err_state_t`. What became of a block.
    RasErrorState(u32) = "AMDSMI_RAS_ERR_STATE_" {
        NONE = 0,
        DISABLED = 1,
        PARITY = 2,
        SING_C = 3,
        MULT_UC = 4,
        POISON = 5,
        ENABLED = 6,
        LAST = 6,
        INVALID = 0xffffffff,
    }

    /// `amdsmi_memory_type_t`. Kinds of memory.
    MemoryType(u32) = "AMDSMI_MEM_TYPE_" {
        FIRST = 0,
        VRAM = 0,
        VIS_VRAM = 1,
        GTT = 2,
        LAST = 2,
    }

    /// `amdsmi_xgmi_status_t`. Errors of a link since the last look.
    XgmiStatus(u32) = "AMDSMI_XGMI_STATUS_" {
        NO_ERRORS = 0,
        ERROR = 1,
        MULTIPLE_ERRORS = 2,
    }

    /// `amdsmi_memory_page_status_t`. What became of a bad page.
    MemoryPageStatus(u32) = "AMDSMI_MEM_PAGE_STATUS_" {
        RESERVED = 0,
        PENDING = 1,
        UNRESERVABLE = 2,
    }

    /// `amdsmi_xgmi_link_status_type_t`. States of a link.
    XgmiLinkStatus(u32) = "AMDSMI_XGMI_LINK_" {
        DOWN = 0,
        UP = 1,
        DISABLE = 2,
    }

    /// `amdsmi_reg_type_t`. Tables of registers.
    RegisterType(u32) = "AMDSMI_REG_" {
        XGMI = 0,
        WAFL = 1,
        PCIE = 2,
        USR = 3,
        USR1 = 4,
    }

    /// `amdsmi_virtualization_mode_t`. How a machine has its GPU.
    VirtualizationMode(u32) = "AMDSMI_VIRTUALIZATION_MODE_" {
        UNKNOWN = 0,
        BAREMETAL = 1,
        HOST = 2,
        GUEST = 3,
        PASSTHROUGH = 4,
    }

    /// `amdsmi_affinity_scope_t`. What near means.
    AffinityScope(u32) = "AMDSMI_AFFINITY_SCOPE_" {
        NODE = 0,
        SOCKET = 1,
    }

    /// `amdsmi_io_bw_encoding_t`. Directions of traffic.
    IoBandwidthEncoding(u32) = "" {
        AGG_BW0 = 1,
        RD_BW0 = 2,
        WR_BW0 = 4,
    }
}
