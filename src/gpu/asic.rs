//! The chip: names, numbers and compute units.

use super::names::{self, MarketName};
use super::{COMPUTE_UNITS, Gpu, KfdNode};
use crate::attribute::{PRODUCT_NAME, REVISION, SUBSYSTEM, XGMI_PHYSICAL_ID};
use crate::error::{Error, Result};
use crate::id::{AMD, UniqueId};
use crate::parse::keyval::PciId;
use crate::parse::topology::{self, NodeProperties};
use crate::reading::{Reading, Scope, Source, Value, bundle};

bundle! {
    /// The chip: its names and numbers.
    pub struct AsicInfo {
        /// The product name; `AMD GPU [1002:xxxx]` if no list has it.
        pub market_name: String,
        /// PCI vendor and device id.
        pub pci_id: PciId,
        /// The vendor's name, if a list has it.
        pub vendor_name: Option<String>,
        readings {
            /// PCI vendor and device id of the board.
            pub subsystem_id: PciId,
            /// PCI revision. It distinguishes boards with the same device id.
            pub revision: u8,
            /// The unique number fused into the package; AMD SMI's asic serial.
            pub serial: UniqueId,
            /// The instruction set, as compilers spell it: `gfx90a`, `gfx942`, `gfx1100`.
            pub target_graphics_version: String,
            /// Compute units of this GPU or partition.
            pub compute_units: u32,
            /// Position among the accelerators of a baseboard (XGMI physical id); AMD SMI's OAM id.
            pub oam_id: u32,
            /// Revision of the chip, from KFD.
            pub chip_revision: u32,
        }
    }
}

/// # Chip
impl Gpu {
    /// Names and numbers of the chip. Available while the GPU sleeps.
    ///
    /// # Source
    /// `product_name`, the machine's `amdgpu.ids` and `pci.ids`, a table; `uevent`, `revision`, `unique_id`,
    /// `xgmi_physical_id` of the PCI device; `properties` of the KFD node.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// Instruction set and compute units where KFD knows the GPU; serial from Vega on; OAM id in a hive.
    #[doc(alias = "amdsmi_get_gpu_asic_info")]
    #[doc(alias = "amdsmi_get_gpu_revision")]
    #[doc(alias = "amdsmi_get_gpu_subsystem_id")]
    #[doc(alias = "amdsmi_get_gpu_vendor_name")]
    pub fn asic_info(&self) -> AsicInfo {
        let ids = self.ids();
        let scope = self.own_scope();
        let node = self.node("properties");
        fn of_node<T>(
            node: &Result<&KfdNode>,
            scope: Scope,
            keys: &[&str],
            value: impl FnOnce(&NodeProperties) -> Option<T>,
        ) -> Reading<T> {
            let node = node.as_ref().map_err(|error| (*error).clone())?;
            let value = value(&node.properties).ok_or_else(|| node.absent(keys))?;
            Ok(Value { value, source: Source::Kfd, scope })
        }
        let target = of_node(&node, scope, &["gfx_target_version"], |node| {
            node.gfx_target_version.filter(|version| *version != 0)
        });
        let target = target.and_then(|version| {
            let path = || self.path_of("gfx_target_version");
            let name = topology::gfx_target(version.value);
            let name = name.ok_or_else(|| Error::NotSupported { path: path() })?;
            Ok(version.map(|_| name))
        });
        let pci_id = ids.pci_id.clone().unwrap_or(PciId { vendor: AMD, device: 0 });
        AsicInfo {
            market_name: self.market_name(),
            pci_id,
            vendor_name: names::vendor(&*self.inner.backend, pci_id.vendor),
            subsystem_id: self.get(&SUBSYSTEM),
            revision: self.get(&REVISION),
            serial: ids.unique_id.clone().map(|serial| Value::of_package(serial, Source::Scan)),
            target_graphics_version: target,
            compute_units: of_node(&node, scope, COMPUTE_UNITS, NodeProperties::compute_units),
            oam_id: self.get(&XGMI_PHYSICAL_ID),
            chip_revision: of_node(&node, scope, &["capability"], NodeProperties::asic_revision),
        }
    }

    /// The product name.
    ///
    /// # Source
    /// `product_name` of the PCI device (server boards), else the machine's `amdgpu.ids`, a built-in table, the
    /// machine's `pci.ids`; else `AMD GPU [1002:xxxx]`.
    #[doc(alias = "amdsmi_get_gpu_subsystem_name")]
    pub fn market_name(&self) -> String {
        self.name().text.clone()
    }

    /// Like [`Gpu::market_name`], with a flag for an exact match of the model. Looked up once.
    pub fn name(&self) -> &MarketName {
        self.inner.name.get_or_init(|| {
            let board = self.get(&PRODUCT_NAME).ok().map(|name| name.value);
            let revision = self.get(&REVISION).ok().map(|revision| revision.value);
            let pci_id = self.ids().pci_id.clone().unwrap_or(PciId { vendor: AMD, device: 0 });
            MarketName::find(&*self.inner.backend, board, pci_id, revision)
        })
    }
}
