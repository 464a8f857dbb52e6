//! MI300X: the shape that KFD gave it in the recorded MI308X (38 compute units a die here, 20 there), clocks and limits
//! as `smu_v13_0_6_ppt.c` prints them.

use super::{
    BoardFacts, Cache, ChipFacts, Clocks, Compute, Family, Heat, Kernel, MemoryFacts, Pci, Power, VbiosFacts,
};

pub(super) static FACTS: ChipFacts = ChipFacts {
    family: Family::Mi300,
    // smu_v13_0_6 is in 6.5; its partitions and its metrics table came with 6.7.
    since: Kernel::new(6, 7),
    pci: Pci {
        device: 0x74a1,
        function: Some(0x74b5),
        revision: 0,
        external_revision: 0x46,
        subsystem: (0x1002, 0x74a1),
        class: 0x12_0000,
        link: (320, 16),
        switch: true,
    },
    board: Some(BoardFacts {
        name: "AMD Instinct MI300X OAM",
        number: "102-G30219-0A",
        fru: "113-G30219-0A",
    }),
    vbios: VbiosFacts {
        part_number: "113-M3000108-103",
        name: "AMD MI300X_HW_SRIOV_CVS_1VF",
        version: "022.040.003.042.000001",
        date: "2024/03/15 14:02",
    },
    firmware: &[
        ("asd", 0x2100_00f1),
        ("mec", 0xb4),
        ("mec2", 0xb4),
        ("rlc", 0x3f),
        ("sdma", 0x15),
        ("sdma2", 0x15),
        ("smc", 0x0055_7e00),
        ("sos", 0x0036_4817),
        ("ta_ras", 0x1b36_041c),
        ("ta_xgmi", 0x2000_0015),
        ("vcn", 0x0911_900a),
    ],
    memory: MemoryFacts {
        bytes: 206_141_652_992,
        gtt: 405_583_716_352,
        vendor: Some("hynix"),
        width: 8192,
        kind: 6,
    },
    compute: Compute {
        target: 90_402,
        gc: (9, 4, 3),
        name: "ip discovery",
        dies: 8,
        units: 38,
        arrays: 4,
        arrays_per_engine: 1,
        units_per_array: 10,
        simd_per_unit: 4,
        waves: 8,
        wave_size: 64,
        lds_kilobytes: 64,
        sdma: (16, 8),
        queues: 24,
        capability: 750_232_192,
        debug_prop: 1511,
        context: (23_203_840, 12_288),
    },
    caches: CACHES,
    clocks: Clocks {
        sclk: (132, 2100),
        mclk: &[900, 1100, 1200, 1300],
        fclk: &[1200, 1600, 1800, 2000],
        socclk: &[400, 800, 1000, 1143],
        vclk: &[914, 1333, 1600],
        dclk: &[711, 1000, 1200],
        media_asleep: (29, 22),
    },
    power: Power { idle: 141, cap: (0, 750, 750) },
    heat: Heat { idle: 38, full: 89, limits: [(0, 0), (100, 105), (95, 110)] },
    fan: None,
    metrics: (1, 5),
    hive: 8,
    ras: true,
    features: FEATURES,
};

pub(super) const CACHES: &[Cache] = &[
    Cache { level: 1, kilobytes: 32, line: 128, kind: 9, shared: Some(1) },
    Cache { level: 1, kilobytes: 64, line: 128, kind: 10, shared: Some(2) },
    Cache { level: 1, kilobytes: 16, line: 64, kind: 9, shared: Some(2) },
    Cache { level: 2, kilobytes: 4096, line: 128, kind: 9, shared: None },
    // Divided by the number of memory partitions.
    Cache { level: 3, kilobytes: 262_144, line: 64, kind: 9, shared: None },
];

pub(super) const FEATURES: &[&str] = &[
    "DATA_CALCULATION",
    "DPM_GFXCLK",
    "DPM_UCLK",
    "DPM_SOCCLK",
    "DPM_FCLK",
    "DPM_LCLK",
    "DPM_XGMI",
    "DPM_VCN",
    "DS_GFXCLK",
    "DS_SOCCLK",
    "DS_LCLK",
    "DS_FCLK",
    "PPT",
    "TDC",
];
