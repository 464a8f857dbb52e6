//! Tables that are lists of attributes: `gpu_metrics` 1.9, and 1.1 of the partition and board files.
//!
//! After the header comes an `int` with the number of attributes, then each attribute: a `u64` that encodes
//! what it is, and its values, all packed without alignment (`DECLARE_SMU_METRICS_CLASS` of smu_cmn.h). The
//! `struct gpu_metrics_attr` of kgd_pp_interface.h, with a pointer in it, is not what the file holds.
//!
//! The same attribute differs in type and number of values from chip to chip: only its own encoding counts.

use super::fields::Name;
use super::layout::Group;
use super::values::{Type, Values};
use super::{MetricsError, MetricsHeader, MetricsUnit};

/// Where the first attribute begins: after the header and the number of attributes.
pub(super) const FIRST: usize = MetricsHeader::SIZE + 4;

/// Names of the attributes 0 to 48, the same in all kernels (`enum amdgpu_metrics_attr_id`).
const COMMON: [Name; 49] = [
    Name::temperature_hotspot,
    Name::temperature_mem,
    Name::temperature_vrsoc,
    Name::curr_socket_power,
    Name::average_gfx_activity,
    Name::average_umc_activity,
    Name::mem_max_bandwidth,
    Name::energy_accumulator,
    Name::system_clock_counter,
    Name::accumulation_counter,
    Name::prochot_residency_acc,
    Name::ppt_residency_acc,
    Name::socket_thm_residency_acc,
    Name::vr_thm_residency_acc,
    Name::hbm_thm_residency_acc,
    Name::gfxclk_lock_status,
    Name::pcie_link_width,
    Name::pcie_link_speed,
    Name::xgmi_link_width,
    Name::xgmi_link_speed,
    Name::gfx_activity_acc,
    Name::mem_activity_acc,
    Name::pcie_bandwidth_acc,
    Name::pcie_bandwidth_inst,
    Name::pcie_l0_to_recov_count_acc,
    Name::pcie_replay_count_acc,
    Name::pcie_replay_rover_count_acc,
    Name::pcie_nak_sent_count_acc,
    Name::pcie_nak_rcvd_count_acc,
    Name::xgmi_read_data_acc,
    Name::xgmi_write_data_acc,
    Name::xgmi_link_status,
    Name::firmware_timestamp,
    Name::current_gfxclk,
    Name::current_socclk,
    Name::current_vclk0,
    Name::current_dclk0,
    Name::current_uclk,
    Name::num_partition,
    Name::pcie_lc_perf_other_end_recovery,
    Name::gfx_busy_inst,
    Name::jpeg_busy,
    Name::vcn_busy,
    Name::gfx_busy_acc,
    Name::gfx_below_host_limit_ppt_acc,
    Name::gfx_below_host_limit_thm_acc,
    Name::gfx_low_utilization_acc,
    Name::gfx_below_host_limit_total_acc,
    Name::temperature_hbm,
];

/// Attributes from 49 on, in kernels before `TEMPERATURE_MID` was put in, and in AMD's own driver.
const WITHOUT_MID: [Name; 2] = [Name::temperature_aid, Name::temperature_xcd];

/// Attributes from 49 on, since then.
const WITH_MID: [Name; 55] = [
    Name::temperature_mid,
    Name::temperature_aid,
    Name::temperature_xcd,
    Name::label_version,
    Name::node_id,
    Name::node_temp_retimer,
    Name::node_temp_ibc,
    Name::node_temp_ibc_2,
    Name::node_temp_vdd18_vr,
    Name::node_temp_04_hbm_b_vr,
    Name::node_temp_04_hbm_d_vr,
    Name::vr_temp_vddcr_socio_a,
    Name::vr_temp_vddcr_socio_c,
    Name::vr_temp_vddcr_x0,
    Name::vr_temp_vddcr_x1,
    Name::vr_temp_vddio_hbm_b,
    Name::vr_temp_vddio_hbm_d,
    Name::vr_temp_vddio_04_hbm_b,
    Name::vr_temp_vddio_04_hbm_d,
    Name::vr_temp_vddcr_hbm_b,
    Name::vr_temp_vddcr_hbm_d,
    Name::vr_temp_vddcr_075_hbm_b,
    Name::vr_temp_vddcr_075_hbm_d,
    Name::vr_temp_vddio_11_gta_a,
    Name::vr_temp_vddio_11_gta_c,
    Name::vr_temp_vddan_075_gta_a,
    Name::vr_temp_vddan_075_gta_c,
    Name::vr_temp_vddcr_075_ucie,
    Name::vr_temp_vddio_065_ucieaa,
    Name::vr_temp_vddio_065_ucieam_a,
    Name::vr_temp_vddio_065_ucieam_c,
    Name::vr_temp_vddan_075,
    Name::system_temp_ubb_fpga,
    Name::system_temp_ubb_front,
    Name::system_temp_ubb_back,
    Name::system_temp_ubb_oam7,
    Name::system_temp_ubb_ibc,
    Name::system_temp_ubb_ufpga,
    Name::system_temp_ubb_oam1,
    Name::system_temp_oam_0_1_hsc,
    Name::system_temp_oam_2_3_hsc,
    Name::system_temp_oam_4_5_hsc,
    Name::system_temp_oam_6_7_hsc,
    Name::system_temp_ubb_fpga_0v72_vr,
    Name::system_temp_ubb_fpga_3v3_vr,
    Name::system_temp_retimer_0_1_2_3_1v2_vr,
    Name::system_temp_retimer_4_5_6_7_1v2_vr,
    Name::system_temp_retimer_0_1_0v9_vr,
    Name::system_temp_retimer_4_5_0v9_vr,
    Name::system_temp_retimer_2_3_0v9_vr,
    Name::system_temp_retimer_6_7_0v9_vr,
    Name::system_temp_oam_0_1_2_3_3v3_vr,
    Name::system_temp_oam_4_5_6_7_3v3_vr,
    Name::system_temp_ibc_hsc,
    Name::system_temp_ibc,
];

/// The names of attributes from 49 on, which the version number does not determine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    WithoutMid,
    WithMid,
}

/// `enum amdgpu_metrics_attr_unit`.
const UNITS: [MetricsUnit; 11] = [
    MetricsUnit::None,
    MetricsUnit::MegaHertz,
    MetricsUnit::Celsius,
    MetricsUnit::Watts,
    MetricsUnit::Nanoseconds,
    MetricsUnit::TenNanoseconds,
    MetricsUnit::GigaTransfers,
    MetricsUnit::TenthGigaTransfers,
    MetricsUnit::GigabytesPerSecond,
    MetricsUnit::Kilobytes,
    MetricsUnit::Percent,
];

/// The contents of the `u64` before an attribute's values.
#[derive(Debug, Clone, Copy)]
struct Encoding {
    id: u16,
    ty: Type,
    unit: MetricsUnit,
    count: usize,
}

impl Encoding {
    /// Bits 31 to 24 unit, 23 to 20 type, 19 to 10 id, 9 to 0 number of values
    /// (`AMDGPU_METRICS_ENC_ATTR` of kgd_pp_interface.h).
    #[inline(always)]
    fn decode(bits: u64) -> Result<Encoding, &'static str> {
        let Ok(bits) = u32::try_from(bits) else {
            return Err("an attribute's upper 32 bits are set");
        };
        let Some(ty) = Type::ALL.get((bits >> 20 & 0xf) as usize) else {
            return Err("an attribute has an unknown type");
        };
        let unit = (bits >> 24) as u8;
        let unit = UNITS.get(usize::from(unit)).copied().unwrap_or(MetricsUnit::Unknown(unit));
        Ok(Encoding { id: (bits >> 10 & 0x3ff) as u16, ty: *ty, unit, count: (bits & 0x3ff) as usize })
    }
}

/// The attribute at `offset`, its values, and where the next begins.
#[inline(always)]
fn attribute(table: &[u8], offset: usize) -> Result<(Encoding, &[u8], usize), MetricsError> {
    let error = |reason| MetricsError::Attribute { offset, reason };
    let rest = table.get(offset..).unwrap_or_default();
    let (bits, rest) = rest.split_first_chunk().ok_or_else(|| error("the table ends within an attribute"))?;
    let encoding = Encoding::decode(u64::from_le_bytes(*bits)).map_err(error)?;
    let size = encoding.ty.size() * encoding.count;
    let values = rest.get(..size).ok_or_else(|| error("the table ends within an attribute's values"))?;
    Ok((encoding, values, offset + bits.len() + size))
}

/// The number of attributes according to the table.
fn count(table: &[u8]) -> Result<u32, MetricsError> {
    let bytes = table.get(MetricsHeader::SIZE..FIRST).and_then(|bytes| bytes.first_chunk());
    let bytes = bytes.ok_or(MetricsError::TooShort { have: table.len(), need: FIRST })?;
    u32::try_from(i32::from_le_bytes(*bytes)).map_err(|_| MetricsError::Attribute {
        offset: MetricsHeader::SIZE,
        reason: "the number of attributes is negative",
    })
}

/// Walks through the whole list once, so that later walks cannot fail, and finds out its numbering.
pub(super) fn check(table: &[u8]) -> Result<Numbering, MetricsError> {
    let mut offset = FIRST;
    let (mut beyond_old, mut old) = (false, false);
    for _ in 0..count(table)? {
        let (encoding, _, next) = attribute(table, offset)?;
        // 50 is XCD (8 of them on MI300) in the old numbering and AID (2 or 4) in the new; 49 is AID (4) in
        // the old and MID (2) in the new. The old one ends at 50.
        match encoding.id {
            49 => old |= encoding.count == 4,
            50 => old |= encoding.count == 8,
            id => beyond_old |= id > 50,
        }
        offset = next;
    }
    Ok(if old && !beyond_old { Numbering::WithoutMid } else { Numbering::WithMid })
}

/// The attributes of a table that [`check`] has passed.
pub(super) fn groups(table: &[u8], numbering: Numbering) -> impl Iterator<Item = Group<'_>> {
    let mut offset = FIRST;
    (0..count(table).unwrap_or(0)).map_while(move |_| {
        let (encoding, bytes, next) = attribute(table, offset).ok()?;
        offset = next;
        Some(Group {
            name: name(encoding.id, numbering),
            attribute: Some(encoding.id),
            partition: None,
            values: Values { unit: encoding.unit, ty: encoding.ty, bytes },
        })
    })
}

pub(super) fn name(id: u16, numbering: Numbering) -> Name {
    let id = usize::from(id);
    let later: &[Name] = match numbering {
        Numbering::WithoutMid => &WITHOUT_MID,
        Numbering::WithMid => &WITH_MID,
    };
    let found = COMMON.get(id).or_else(|| later.get(id.checked_sub(COMMON.len())?));
    found.copied().unwrap_or(Name::unknown)
}
