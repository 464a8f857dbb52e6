//! The messages by number, and how many words each takes and gives by version of the driver.

/// Bit 31 of the argument of a message that can do both: it asks.
pub const ASK: u32 = 1 << 31;

/// The direction of a message: query or change. The kernel refuses messages that do not match the open mode of
/// `/dev/hsmp` (`is_get_msg`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A query, which changes nothing.
    Get,
    /// It changes something.
    Set,
    /// It asks if bit 31 of its argument is set, else it changes something.
    SetGet,
}

/// The number of words in a message and in its answer, as the driver expects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sizes {
    /// Words of its argument.
    pub arguments: u16,
    /// Words of its answer.
    pub response: u16,
}

/// The driver's table of messages, by the version of the driver that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriverTable {
    /// Ends at 22h; all messages either ask or change.
    V1_0,
    /// Ends at 25h: has the metrics table (Linux 6.7).
    V2_0,
    /// Ends at 32h: 21h, 27h and 28h ask and change (Linux 6.14).
    V2_4,
    /// AMD's own driver, for family 1Ah models 50h to 5Fh: ends at 3Ah; 0Ch, 0Dh, 22h and 26h ask and change as well.
    V3_0,
}

impl DriverTable {
    /// The table of a driver by its version; the oldest for one that is not known, because all later ones accept the
    /// messages that it has.
    pub fn of_version(version: Option<(u32, u32)>) -> DriverTable {
        match version {
            Some((3.., _)) => DriverTable::V3_0,
            Some((2, 4..)) => DriverTable::V2_4,
            Some((2, _)) => DriverTable::V2_0,
            _ => DriverTable::V1_0,
        }
    }
}

/// Declares the messages: number, name in amd_hsmp.h, kind, words of argument and answer in the newest table, and the
/// first table that has it.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $kernel:literal, $kind:ident, $arguments:literal / $response:literal, $since:ident;)*) => {
        /// A message, by what it is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Message {
            $($(#[$doc])* $name = $number,)*
        }

        impl Message {
            /// All of them, by number.
            pub const ALL: &[Message] = &[$(Message::$name,)*];

            /// Its name in amd_hsmp.h, without `HSMP_`.
            pub fn name(self) -> &'static str {
                match self { $(Message::$name => $kernel,)* }
            }

            /// Kind and sizes in the newest table, and the first table that has it.
            const fn newest(self) -> (MessageKind, Sizes, DriverTable) {
                match self {
                    $(Message::$name => (
                        MessageKind::$kind,
                        Sizes { arguments: $arguments, response: $response },
                        DriverTable::$since,
                    ),)*
                }
            }
        }
    };
}

messages! {
    /// Gives its argument plus 1.
    Test = 0x01, "TEST", Get, 1/1, V1_0;
    /// Version of the firmware.
    FirmwareVersion = 0x02, "GET_SMU_VER", Get, 0/1, V1_0;
    /// Version of the protocol.
    ProtocolVersion = 0x03, "GET_PROTO_VER", Get, 0/1, V1_0;
    /// Average power of the socket.
    SocketPower = 0x04, "GET_SOCKET_POWER", Get, 0/1, V1_0;
    /// Sets the socket's power limit.
    SetSocketPowerLimit = 0x05, "SET_SOCKET_POWER_LIMIT", Set, 1/0, V1_0;
    /// The socket's power limit.
    SocketPowerLimit = 0x06, "GET_SOCKET_POWER_LIMIT", Get, 0/1, V1_0;
    /// The most that the power limit can be set to.
    SocketPowerLimitMax = 0x07, "GET_SOCKET_POWER_LIMIT_MAX", Get, 0/1, V1_0;
    /// Sets the boost limit of a core.
    SetBoostLimit = 0x08, "SET_BOOST_LIMIT", Set, 1/0, V1_0;
    /// Sets the boost limit of all cores of the socket.
    SetSocketBoostLimit = 0x09, "SET_BOOST_LIMIT_SOCKET", Set, 1/0, V1_0;
    /// The boost limit of a core.
    BoostLimit = 0x0a, "GET_BOOST_LIMIT", Get, 1/1, V1_0;
    /// PROCHOT: `true` if the CPU is overheating.
    ProcHot = 0x0b, "GET_PROC_HOT", Get, 0/1, V1_0;
    /// Least and most width of the xGMI links.
    XgmiLinkWidth = 0x0c, "SET_XGMI_LINK_WIDTH", SetGet, 1/1, V1_0;
    /// Holds the data fabric in one p-state: switches its performance boost off.
    FabricPstate = 0x0d, "SET_DF_PSTATE", SetGet, 1/1, V1_0;
    /// Lets the data fabric choose its p-state: switches its performance boost on.
    AutomaticFabricPstate = 0x0e, "SET_AUTO_DF_PSTATE", Set, 0/0, V1_0;
    /// Clocks of fabric and memory.
    FabricAndMemoryClock = 0x0f, "GET_FCLK_MCLK", Get, 0/2, V1_0;
    /// The limit of the core clock in the socket.
    CoreClockLimit = 0x10, "GET_CCLK_THROTTLE_LIMIT", Get, 0/1, V1_0;
    /// Average share of time that cores are in C0.
    C0Residency = 0x11, "GET_C0_PERCENT", Get, 0/1, V1_0;
    /// Sets the range of an NBIO's LCLK levels.
    SetNbioDpmLevel = 0x12, "SET_NBIO_DPM_LEVEL", Set, 1/0, V1_0;
    /// The range of an NBIO's LCLK levels.
    NbioDpmLevel = 0x13, "GET_NBIO_DPM_LEVEL", Get, 1/1, V1_0;
    /// Bandwidth of the memory.
    DdrBandwidth = 0x14, "GET_DDR_BANDWIDTH", Get, 0/1, V1_0;
    /// Temperature of the socket.
    Temperature = 0x15, "GET_TEMP_MONITOR", Get, 0/1, V1_0;
    /// Range of a DIMM's temperature and its refresh rate.
    DimmTemperatureRange = 0x16, "GET_DIMM_TEMP_RANGE", Get, 1/1, V1_0;
    /// Power of a DIMM.
    DimmPower = 0x17, "GET_DIMM_POWER", Get, 1/1, V1_0;
    /// Temperature of a DIMM.
    DimmThermal = 0x18, "GET_DIMM_THERMAL", Get, 1/1, V1_0;
    /// The active frequency limit of the socket, and what sets it.
    SocketFrequencyLimit = 0x19, "GET_SOCKET_FREQ_LIMIT", Get, 0/1, V1_0;
    /// The frequency limit of a core.
    CoreFrequencyLimit = 0x1a, "GET_CCLK_CORE_LIMIT", Get, 1/1, V1_0;
    /// Power of all rails, by telemetry of the regulators.
    RailPower = 0x1b, "GET_RAILS_SVI", Get, 0/1, V1_0;
    /// Highest and lowest frequency of the socket.
    FrequencyRange = 0x1c, "GET_SOCKET_FMAX_FMIN", Get, 0/1, V1_0;
    /// Bandwidth of an I/O link. The kernel spells it so.
    IoBandwidth = 0x1d, "GET_IOLINK_BANDWITH", Get, 1/1, V1_0;
    /// Bandwidth of an xGMI link. The kernel spells it so.
    XgmiBandwidth = 0x1e, "GET_XGMI_BANDWITH", Get, 1/1, V1_0;
    /// Sets least and most width of the GMI3 links.
    SetGmi3Width = 0x1f, "SET_GMI3_WIDTH", Set, 1/0, V1_0;
    /// Sets the rate of PCIe links; gives the previous one.
    SetPcieRate = 0x20, "SET_PCI_RATE", Set, 1/1, V1_0;
    /// The power efficiency mode.
    PowerMode = 0x21, "SET_POWER_MODE", SetGet, 1/1, V1_0;
    /// The range of the data fabric's p-states.
    FabricPstateRange = 0x22, "SET_PSTATE_MAX_MIN", SetGet, 1/1, V1_0;
    /// Version of the metrics table.
    MetricsVersion = 0x23, "GET_METRIC_TABLE_VER", Get, 0/1, V2_0;
    /// Fills the metrics table. The driver sends it when `metrics_bin` is read.
    MetricsTable = 0x24, "GET_METRIC_TABLE", Get, 0/0, V2_0;
    /// Where the metrics table is. The driver sends it once.
    MetricsTableAddress = 0x25, "GET_METRIC_TABLE_DRAM_ADDR", Get, 0/2, V2_0;
    /// The range of the xGMI links' p-states.
    XgmiPstateRange = 0x26, "SET_XGMI_PSTATE_RANGE", SetGet, 1/1, V2_4;
    /// Independent frequencies of the cores' rails.
    RailIsoFrequency = 0x27, "CPU_RAIL_ISO_FREQ_POLICY", SetGet, 1/1, V2_4;
    /// C-states of the data fabric.
    FabricCstate = 0x28, "DFC_ENABLE_CTRL", SetGet, 1/1, V2_4;
    /// PC6 of the package.
    Pc6 = 0x29, "PC6_ENABLE", SetGet, 1/1, V3_0;
    /// CC6 of the cores.
    Cc6 = 0x2a, "CC6_ENABLE", SetGet, 1/1, V3_0;
    /// Unit of the energy counters.
    EnergyUnits = 0x30, "GET_RAPL_UNITS", Get, 0/1, V2_4;
    /// Energy counter of a core.
    CoreEnergy = 0x31, "GET_RAPL_CORE_COUNTER", Get, 1/2, V2_4;
    /// Energy counter of the package.
    PackageEnergy = 0x32, "GET_RAPL_PACKAGE_COUNTER", Get, 0/2, V2_4;
    /// Reads a byte of a device on a DIMM.
    DimmSideband = 0x33, "DIMM_SB_RD", Get, 1/1, V3_0;
    /// Power of a die of cores.
    CcdPower = 0x34, "READ_CCD_POWER", Get, 1/1, V3_0;
    /// State of the cooling (tdelta).
    ThermalDelta = 0x35, "READ_TDELTA", Get, 0/1, V3_0;
    /// Temperature of the regulators.
    RegulatorTemperature = 0x36, "GET_SVI3_VR_CTRL_TEMP", Get, 1/1, V3_0;
    /// Which messages the firmware has switched on.
    EnabledMessages = 0x37, "GET_ENABLED_HSMP_CMDS", Get, 1/3, V3_0;
    /// The lowest frequency of a core.
    FloorLimit = 0x38, "SET_GET_FLOOR_LIMIT", SetGet, 1/1, V3_0;
    /// Writes a byte of a device on a DIMM.
    SetDimmSideband = 0x39, "DIMM_SB_WR", Set, 1/0, V3_0;
    /// The limit of SDPS.
    SdpsLimit = 0x3a, "SDPS_LIMIT", SetGet, 1/1, V3_0;
}

impl Message {
    /// The number of the message.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The message with a number.
    pub fn of_number(number: u8) -> Option<Message> {
        Message::ALL.iter().copied().find(|message| message.number() == number)
    }

    /// The direction of the message in a driver with this table; absent if the table does not have it.
    pub fn kind(self, table: DriverTable) -> Option<MessageKind> {
        let (kind, _, since) = self.newest();
        (since <= table).then_some(if self.only_sets(table) { MessageKind::Set } else { kind })
    }

    /// The exact sizes that a driver with this table wants; absent if the table does not have it.
    pub fn sizes(self, table: DriverTable) -> Option<Sizes> {
        let (_, sizes, since) = self.newest();
        let response = if self.only_sets(table) { 0 } else { sizes.response };
        (since <= table).then_some(Sizes { response, ..sizes })
    }

    /// Returns `true` if the message with this argument is a query. For 38h, bit 31 decides as well.
    pub fn asks(self, table: DriverTable, argument: u32) -> bool {
        match self.kind(table) {
            Some(MessageKind::Get) => true,
            Some(MessageKind::SetGet) => argument & ASK != 0,
            Some(MessageKind::Set) | None => false,
        }
    }

    /// Returns `true` if the table is too old for queries by a message that can do both today.
    fn only_sets(self, table: DriverTable) -> bool {
        match self {
            Message::PowerMode => table < DriverTable::V2_4,
            Message::XgmiLinkWidth
            | Message::FabricPstate
            | Message::FabricPstateRange
            | Message::XgmiPstateRange => table < DriverTable::V3_0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n/r of the newest header, by number: amd_hsmp.h of AMD's driver, tag 4.0.
    #[rustfmt::skip]
    const NEWEST: &[(u8, u16, u16)] = &[
        (0x01, 1, 1), (0x02, 0, 1), (0x03, 0, 1), (0x04, 0, 1), (0x05, 1, 0), (0x06, 0, 1), (0x07, 0, 1),
        (0x08, 1, 0), (0x09, 1, 0), (0x0a, 1, 1), (0x0b, 0, 1), (0x0c, 1, 1), (0x0d, 1, 1), (0x0e, 0, 0),
        (0x0f, 0, 2), (0x10, 0, 1), (0x11, 0, 1), (0x12, 1, 0), (0x13, 1, 1), (0x14, 0, 1), (0x15, 0, 1),
        (0x16, 1, 1), (0x17, 1, 1), (0x18, 1, 1), (0x19, 0, 1), (0x1a, 1, 1), (0x1b, 0, 1), (0x1c, 0, 1),
        (0x1d, 1, 1), (0x1e, 1, 1), (0x1f, 1, 0), (0x20, 1, 1), (0x21, 1, 1), (0x22, 1, 1), (0x23, 0, 1),
        (0x24, 0, 0), (0x25, 0, 2), (0x26, 1, 1), (0x27, 1, 1), (0x28, 1, 1), (0x29, 1, 1), (0x2a, 1, 1),
        (0x30, 0, 1), (0x31, 1, 2), (0x32, 0, 2), (0x33, 1, 1), (0x34, 1, 1), (0x35, 0, 1), (0x36, 1, 1),
        (0x37, 1, 3), (0x38, 1, 1), (0x39, 1, 0), (0x3a, 1, 1),
    ];

    #[test]
    fn sizes_of_the_newest_table() {
        let table: Vec<_> = Message::ALL
            .iter()
            .map(|message| {
                let sizes = message.sizes(DriverTable::V3_0).unwrap();
                (message.number(), sizes.arguments, sizes.response)
            })
            .collect();
        assert_eq!(table, NEWEST);
    }

    #[test]
    fn messages_that_older_drivers_only_set() {
        for number in [0x0c, 0x0d, 0x22, 0x26] {
            let message = Message::of_number(number).unwrap();
            let sizes = message.sizes(DriverTable::V2_4).unwrap();
            assert_eq!((sizes.arguments, sizes.response), (1, 0), "{number:x}");
            assert_eq!(message.kind(DriverTable::V2_4), Some(MessageKind::Set));
            assert!(!message.asks(DriverTable::V2_4, 0x8000_0000));
            assert!(message.asks(DriverTable::V3_0, 0x8000_0000));
            assert!(!message.asks(DriverTable::V3_0, 0x0102));
        }
        let mode = Message::PowerMode;
        assert_eq!(mode.sizes(DriverTable::V2_0), Some(Sizes { arguments: 1, response: 0 }));
        assert_eq!(mode.sizes(DriverTable::V2_4), Some(Sizes { arguments: 1, response: 1 }));
    }

    #[test]
    fn tables_end_where_their_drivers_do() {
        for (table, last) in [
            (DriverTable::V1_0, 0x22),
            (DriverTable::V2_0, 0x25),
            (DriverTable::V2_4, 0x32),
            (DriverTable::V3_0, 0x3a),
        ] {
            let known = Message::ALL.iter().filter(|message| message.sizes(table).is_some());
            assert_eq!(known.map(|message| message.number()).max(), Some(last));
        }
        // Reserved in the table that ends behind them.
        assert_eq!(Message::Pc6.sizes(DriverTable::V2_4), None);
        assert_eq!(Message::of_number(0x2b), None);
    }

    #[test]
    fn drivers_by_version() {
        for (version, table) in [
            (None, DriverTable::V1_0),
            (Some((1, 0)), DriverTable::V1_0),
            (Some((2, 0)), DriverTable::V2_0),
            (Some((2, 3)), DriverTable::V2_0),
            (Some((2, 4)), DriverTable::V2_4),
            (Some((2, 5)), DriverTable::V2_4),
            (Some((3, 1)), DriverTable::V3_0),
        ] {
            assert_eq!(DriverTable::of_version(version), table);
        }
    }
}
