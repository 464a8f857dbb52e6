//! What the GPU is.

use super::Gpu;
use super::names::{self, MarketName};
use crate::error::{Error, Reasons, Result};
use crate::id::UniqueId;
use crate::parse::keyval::{self, PciId};
use crate::parse::{scalar, topology};

/// The chip: its names and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AsicInfo {
    /// What it is sold as; `AMD GPU [1002:xxxx]` where no list knows it.
    pub market_name: String,
    /// PCI vendor and device.
    pub pci_id: PciId,
    /// The vendor's name, where a list knows it.
    pub vendor_name: Option<String>,
    /// PCI vendor and device of the board.
    pub subsystem_id: Option<PciId>,
    /// PCI revision, by which boards of one device id are told apart.
    pub revision: Option<u8>,
    /// The number fused into the package; AMD SMI's asic serial.
    pub serial: Option<UniqueId>,
    /// The instruction set, as compilers spell it: `gfx90a`, `gfx942`, `gfx1100`.
    pub target_graphics_version: Option<String>,
    /// Compute units of this GPU or partition.
    pub compute_units: Option<u32>,
    /// Its place among the accelerators of a baseboard (XGMI physical id); AMD SMI's OAM id.
    pub oam_id: Option<u32>,
    /// Revision of the chip, as KFD tells it.
    pub chip_revision: Option<u32>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// What the chip is called and numbered. Answered while the GPU sleeps.
    ///
    /// *Source*: `product_name`, the machine's `amdgpu.ids` and `pci.ids`, a table; `uevent`, `revision`,
    /// `unique_id`, `xgmi_physical_id` of the PCI device; `properties` of the KFD node.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: instruction set and compute units where KFD knows the GPU; serial from Vega on; OAM id in a hive.
    #[doc(alias = "amdsmi_get_gpu_asic_info")]
    #[doc(alias = "amdsmi_get_gpu_revision")]
    #[doc(alias = "amdsmi_get_gpu_subsystem_id")]
    #[doc(alias = "amdsmi_get_gpu_vendor_name")]
    pub fn asic_info(&self) -> AsicInfo {
        let ids = self.ids();
        let mut reasons = Reasons::default();
        let node = self.node("properties");
        let of_node = |value: Option<u32>| match &node {
            Ok(node) => value.ok_or_else(|| Error::NotSupported { path: node.dir.path().join("properties") }),
            Err(error) => Err(error.clone()),
        };
        let properties = node.as_ref().ok().map(|node| &node.properties);
        let gfx =
            of_node(properties.and_then(|node| node.gfx_target_version).filter(|version| *version != 0));
        let path = |file: &str| self.path_of(file);
        let revision = reasons.keep("revision", self.revision());
        let subsystem = self.fact("uevent", |text| Ok(keyval::uevent(text).pci_subsys_id));
        AsicInfo {
            market_name: self.market_name(),
            pci_id: ids.pci_id,
            vendor_name: names::vendor(&*self.0.backend, ids.pci_id.vendor),
            subsystem_id: reasons.keep_some("subsystem_id", &path("uevent"), subsystem),
            revision,
            serial: reasons.keep_some("serial", &path("unique_id"), Ok(ids.unique_id)),
            target_graphics_version: reasons.keep_some(
                "target_graphics_version",
                &path("gfx_target_version"),
                gfx.map(topology::gfx_target),
            ),
            compute_units: reasons
                .keep("compute_units", of_node(properties.and_then(|node| node.compute_units()))),
            oam_id: reasons.keep("oam_id", self.fact("xgmi_physical_id", scalar::unsigned_32)),
            chip_revision: reasons
                .keep("chip_revision", of_node(properties.and_then(|node| node.asic_revision()))),
            reasons,
        }
    }

    /// What the GPU is sold as.
    ///
    /// *Source*: `product_name` of the PCI device (server boards), else the machine's `amdgpu.ids`, a built-in
    /// table, the machine's `pci.ids`; else `AMD GPU [1002:xxxx]`.
    #[doc(alias = "amdsmi_get_gpu_subsystem_name")]
    pub fn market_name(&self) -> String {
        self.name().text
    }

    /// As [`Gpu::market_name`], with whether it is the name of this very model.
    pub fn name(&self) -> MarketName {
        let board = self.word("product_name").ok();
        MarketName::find(&*self.0.backend, board, self.ids().pci_id, self.revision().ok())
    }

    fn revision(&self) -> Result<u8> {
        let number = self.fact("revision", scalar::hex)?;
        u8::try_from(number).map_err(|_| {
            let path = self.path_of("revision");
            Error::unparsable(path, crate::error::ParseError::new(1, 1, "expected a number of 8 bits"))
        })
    }
}
