//! `metrics_bin`, the firmware's table of metrics: packed, little-endian, of a fixed size for each protocol.
//!
//! Protocol 6 (MI300A) has [`Mi300aTable`] (`struct hsmp_metric_table` of amd_hsmp.h); protocol 7 on family 1Ah models
//! 50h to 5Fh has [`VeniceTable`]. Fields are the firmware's integers; [`Field`] says for each what it counts, and
//! scales it. The difference of an `_acc` field between two tables, divided by the difference of the accumulation
//! counter, is its average.

use crate::parse::{ParseError, Parsed};

/// The unit of a field. Temperatures are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FieldUnit {
    /// A number as it is: counters, levels, times of which the unit is not published.
    Count,
    /// 1/1024 of a degree Celsius.
    Celsius,
    /// 1/1024 of a watt.
    Watts,
    /// 1/65536 of a joule.
    Joules,
    /// 1/1024 of a megahertz.
    MegaHertz,
    /// 1/1024 of a gigahertz.
    GigaHertz,
    /// 1/1024 of a lane.
    Lanes,
    /// 1/1024 of a gigabit per second.
    GigabitsPerSecond,
    /// 1/1024 of a percent.
    Percent,
}

impl FieldUnit {
    /// The number of fractional bits of a field.
    pub fn fraction_bits(self) -> u32 {
        match self {
            FieldUnit::Count => 0,
            FieldUnit::Joules => 16,
            _ => 10,
        }
    }

    /// The unit of the scaled value; empty for a plain number.
    pub fn symbol(self) -> &'static str {
        match self {
            FieldUnit::Count => "",
            FieldUnit::Celsius => "°C",
            FieldUnit::Watts => "W",
            FieldUnit::Joules => "J",
            FieldUnit::MegaHertz => "MHz",
            FieldUnit::GigaHertz => "GHz",
            FieldUnit::Lanes => "lanes",
            FieldUnit::GigabitsPerSecond => "Gb/s",
            FieldUnit::Percent => "%",
        }
    }

    /// The value of a field.
    pub fn scaled(self, raw: i128) -> f64 {
        raw as f64 / f64::from(1u32 << self.fraction_bits())
    }
}

/// One field of a table, with its name, for those who show all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Field {
    /// Its name in the table's struct.
    pub name: &'static str,
    /// The unit of the field.
    pub unit: FieldUnit,
    /// Its numbers in the table; several for an array.
    pub raw: Vec<i128>,
}

impl Field {
    /// Its numbers in the unit.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.raw.iter().map(|raw| self.unit.scaled(*raw))
    }
}

/// A number of a table, or an array of them.
trait Packed: Copy {
    const SIZE: usize;
    const ZERO: Self;
    fn read(bytes: &mut &[u8]) -> Option<Self>;
    /// The numbers, in two's complement of their width if they are signed.
    fn put(self, signed: bool, numbers: &mut Vec<i128>);
    #[cfg(any(test, feature = "synth"))]
    fn write(self, bytes: &mut Vec<u8>);
}

macro_rules! packed {
    ($($unsigned:ty, $signed:ty;)*) => {$(
        impl Packed for $unsigned {
            const SIZE: usize = size_of::<$unsigned>();
            const ZERO: $unsigned = 0;

            fn read(bytes: &mut &[u8]) -> Option<$unsigned> {
                let (head, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(<$unsigned>::from_le_bytes(*head))
            }

            fn put(self, signed: bool, numbers: &mut Vec<i128>) {
                numbers.push(if signed { (self as $signed).into() } else { self.into() });
            }

            #[cfg(any(test, feature = "synth"))]
            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    )*};
}

packed! {
    u32, i32;
    u64, i64;
}

impl<T: Packed, const N: usize> Packed for [T; N] {
    const SIZE: usize = T::SIZE * N;
    const ZERO: [T; N] = [T::ZERO; N];

    fn read(bytes: &mut &[u8]) -> Option<[T; N]> {
        let mut all = Self::ZERO;
        for number in &mut all {
            *number = T::read(bytes)?;
        }
        Some(all)
    }

    fn put(self, signed: bool, numbers: &mut Vec<i128>) {
        self.into_iter().for_each(|number| number.put(signed, numbers));
    }

    #[cfg(any(test, feature = "synth"))]
    fn write(self, bytes: &mut Vec<u8>) {
        self.into_iter().for_each(|number| number.write(bytes));
    }
}

/// Declares a packed struct: its fields in the order of the firmware's, each with what it counts.
macro_rules! packed_struct {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty, $unit:ident;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the firmware's names, whose units `fields` tells")]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl $name {
            /// Bytes of it in the table.
            pub const SIZE: usize = 0 $(+ <$type as Packed>::SIZE)*;

            fn read(bytes: &mut &[u8]) -> Option<$name> {
                Some($name { $($field: Packed::read(bytes)?,)* })
            }

            /// The bytes of it in the table.
            #[cfg(any(test, feature = "synth"))]
            pub fn encode(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(Self::SIZE);
                $(self.$field.write(&mut bytes);)*
                bytes
            }

            /// All fields with their names and units, in the order of the table.
            pub fn fields(&self) -> Vec<Field> {
                vec![$({
                    let unit = FieldUnit::$unit;
                    let mut raw = Vec::with_capacity(<$type as Packed>::SIZE / 4);
                    self.$field.put(unit == FieldUnit::Celsius, &mut raw);
                    Field { name: stringify!($field), unit, raw }
                },)*]
            }
        }
    };
}

packed_struct! {
    /// The table of protocol 6, 1404 bytes.
    Mi300aTable {
        accumulation_counter: u32, Count;
        max_socket_temperature: u32, Celsius;
        max_vr_temperature: u32, Celsius;
        max_hbm_temperature: u32, Celsius;
        max_socket_temperature_acc: u64, Celsius;
        max_vr_temperature_acc: u64, Celsius;
        max_hbm_temperature_acc: u64, Celsius;
        socket_power_limit: u32, Watts;
        max_socket_power_limit: u32, Watts;
        socket_power: u32, Watts;
        timestamp: u64, Count;
        socket_energy_acc: u64, Joules;
        ccd_energy_acc: u64, Joules;
        xcd_energy_acc: u64, Joules;
        aid_energy_acc: u64, Joules;
        hbm_energy_acc: u64, Joules;
        cclk_frequency_limit: u32, GigaHertz;
        gfxclk_frequency_limit: u32, MegaHertz;
        fclk_frequency: u32, MegaHertz;
        uclk_frequency: u32, MegaHertz;
        socclk_frequency: [u32; 4], MegaHertz;
        vclk_frequency: [u32; 4], MegaHertz;
        dclk_frequency: [u32; 4], MegaHertz;
        lclk_frequency: [u32; 4], MegaHertz;
        gfxclk_frequency_acc: [u64; 8], MegaHertz;
        cclk_frequency_acc: [u64; 96], GigaHertz;
        max_cclk_frequency: u32, GigaHertz;
        min_cclk_frequency: u32, GigaHertz;
        max_gfxclk_frequency: u32, MegaHertz;
        min_gfxclk_frequency: u32, MegaHertz;
        fclk_frequency_table: [u32; 4], MegaHertz;
        uclk_frequency_table: [u32; 4], MegaHertz;
        socclk_frequency_table: [u32; 4], MegaHertz;
        vclk_frequency_table: [u32; 4], MegaHertz;
        dclk_frequency_table: [u32; 4], MegaHertz;
        lclk_frequency_table: [u32; 4], MegaHertz;
        max_lclk_dpm_range: u32, Count;
        min_lclk_dpm_range: u32, Count;
        xgmi_width: u32, Lanes;
        xgmi_bitrate: u32, GigabitsPerSecond;
        xgmi_read_bandwidth_acc: [u64; 8], GigabitsPerSecond;
        xgmi_write_bandwidth_acc: [u64; 8], GigabitsPerSecond;
        socket_c0_residency: u32, Percent;
        socket_gfx_busy: u32, Percent;
        dram_bandwidth_utilization: u32, Percent;
        socket_c0_residency_acc: u64, Percent;
        socket_gfx_busy_acc: u64, Percent;
        dram_bandwidth_acc: u64, GigabitsPerSecond;
        max_dram_bandwidth: u32, GigabitsPerSecond;
        dram_bandwidth_utilization_acc: u64, Percent;
        pcie_bandwidth_acc: [u64; 4], GigabitsPerSecond;
        prochot_residency_acc: u32, Count;
        ppt_residency_acc: u32, Count;
        socket_thm_residency_acc: u32, Count;
        vr_thm_residency_acc: u32, Count;
        hbm_thm_residency_acc: u32, Count;
        spare: u32, Count;
        gfxclk_frequency: [u32; 8], MegaHertz;
    }
}

packed_struct! {
    /// The I/O die's part of the table of protocol 7. How its fields are scaled is not published: they are as they came.
    VeniceIod {
        num_active_ccds: u32, Count;
        accumulation_counter: u32, Count;
        max_socket_temperature_acc: u64, Count;
        socket_power_limit: u32, Count;
        max_socket_power_limit: u32, Count;
        socket_power_acc: u64, Count;
        core_power_acc: u64, Count;
        uncore_power_acc: u64, Count;
        timestamp: u64, Count;
        socket_energy_acc: u64, Count;
        core_energy_acc: u64, Count;
        uncore_energy_acc: u64, Count;
        fclk_frequency_acc: u64, Count;
        uclk_frequency_acc: u64, Count;
        ddr_rate_acc: u64, Count;
        lclk_frequency_acc: [u64; 4], Count;
        fclk_frequency_table: [u32; 4], Count;
        uclk_frequency_table: [u32; 4], Count;
        ddr_rate_table: [u32; 4], Count;
        max_df_pstate: u32, Count;
        min_df_pstate: u32, Count;
        lclk_frequency_table: [u32; 4], Count;
        max_lclk_dpm_range: u32, Count;
        min_lclk_dpm_range: u32, Count;
        xgmi_bit_rate_acc: [u64; 8], Count;
        xgmi_read_bandwidth_acc: [u64; 8], Count;
        xgmi_write_bandwidth_acc: [u64; 8], Count;
        socket_c0_residency_acc: u64, Count;
        df_cstate_residency_acc: u64, Count;
        dram_read_bandwidth_acc: u64, Count;
        dram_write_bandwidth_acc: u64, Count;
        max_dram_bandwidth: u32, Count;
        pcie_bandwidth_acc: [u64; 8], Count;
        prochot_residency_acc: u32, Count;
        ppt_residency_acc: u32, Count;
        thm_residency_acc: u32, Count;
        vrhot_residency_acc: u32, Count;
        cpu_tdc_residency_acc: u32, Count;
        soc_tdc_residency_acc: u32, Count;
        io_mem_tdc_residency_acc: u32, Count;
        fit_residency_acc: u32, Count;
    }
}

packed_struct! {
    /// One die of cores in the table of protocol 7.
    VeniceCcd {
        apic_id: [u32; 32], Count;
        c0_residency_acc: [u64; 32], Count;
        cc1_residency_acc: [u64; 32], Count;
        cc6_residency_acc: [u64; 32], Count;
        frequency_acc: [u64; 32], Count;
        effective_frequency_acc: [u64; 32], Count;
        power_acc: [u64; 32], Count;
    }
}

/// The number of core dies in the table of protocol 7.
const CCDS: usize = 8;

/// The table of protocol 7, 13852 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VeniceTable {
    /// Values of the I/O die.
    pub iod: VeniceIod,
    /// The dies of cores: eight, of which `num_active_ccds` are there.
    pub ccds: Vec<VeniceCcd>,
}

impl VeniceTable {
    /// Bytes of the table.
    pub const SIZE: usize = VeniceIod::SIZE + CCDS * VeniceCcd::SIZE;
}

/// A metrics table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HsmpMetrics {
    /// The table of protocol 6.
    Mi300a(Box<Mi300aTable>),
    /// The table of protocol 7.
    Venice(Box<VeniceTable>),
}

impl HsmpMetrics {
    /// The size of a protocol's table in bytes; absent without a table. The driver refuses a read of any other size
    /// (`hsmp_metric_tbl_read`).
    pub fn size(protocol: u32) -> Option<usize> {
        match protocol {
            6 => Some(Mi300aTable::SIZE),
            7 => Some(VeniceTable::SIZE),
            _ => None,
        }
    }

    /// Reads a table, whose size says which one it is. It must be there to its last byte.
    pub fn decode(bytes: &[u8]) -> Parsed<HsmpMetrics> {
        let wrong = || {
            let column = u32::try_from(bytes.len()).unwrap_or(u32::MAX - 1) + 1;
            ParseError::new(1, column, "expected a table of 1404 or 13852 bytes")
        };
        let mut rest = bytes;
        match bytes.len() {
            Mi300aTable::SIZE => {
                let table = Mi300aTable::read(&mut rest).ok_or_else(wrong)?;
                Ok(HsmpMetrics::Mi300a(Box::new(table)))
            }
            VeniceTable::SIZE => {
                let iod = VeniceIod::read(&mut rest).ok_or_else(wrong)?;
                let ccds = (0..CCDS).map(|_| VeniceCcd::read(&mut rest)).collect::<Option<_>>();
                Ok(HsmpMetrics::Venice(Box::new(VeniceTable { iod, ccds: ccds.ok_or_else(wrong)? })))
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests;
