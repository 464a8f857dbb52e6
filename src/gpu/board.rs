//! The board and its firmware image (VBIOS).

use super::Gpu;
use crate::attribute::{
    FRU_ID, MANUFACTURER, PRODUCT_NAME, PRODUCT_NUMBER, SERIAL_NUMBER, VBIOS_BUILD, VBIOS_VERSION,
};
use crate::error::Error;
use crate::parse::drm::Vbios;
use crate::reading::{Source, Value, bundle};

bundle! {
    /// Contents of the board's EEPROM (FRU), as text.
    pub struct BoardInfo {
        readings {
            /// `product_number`; AMD SMI's model number.
            pub model_number: String,
            /// `serial_number`.
            pub product_serial: String,
            /// `fru_id`; since kernel 6.5.
            pub fru_id: String,
            /// The product's name (`product_name`).
            pub product_name: String,
            /// `manufacturer`; since kernel 6.5.
            pub manufacturer_name: String,
        }
    }
}

bundle! {
    /// The card's firmware image.
    pub struct VbiosInfo {
        readings {
            /// Name of the image: `NAVI31 XTX GAMING`.
            pub name: String,
            /// Part number and version in one: `113-D67301-063`.
            pub part_number: String,
            /// Version of the image: `022.001.002.027.000001`.
            pub version: String,
            /// When the image was built: `2023/01/07 00:26`.
            pub date: String,
            /// Build number; newest kernels only.
            pub build: String,
        }
    }
}

/// # Board
impl Gpu {
    /// Contents of the board's EEPROM. Available while the GPU sleeps.
    ///
    /// # Source
    /// `product_number`, `serial_number`, `fru_id`, `product_name`, `manufacturer` of the PCI device.
    ///
    /// # Errors
    /// None of its own; each field that is absent, or empty in the EEPROM, has its reason.
    ///
    /// # Supported on
    /// Server cards with an EEPROM.
    #[doc(alias = "amdsmi_get_gpu_board_info")]
    pub fn board_info(&self) -> BoardInfo {
        BoardInfo {
            model_number: self.get(&PRODUCT_NUMBER),
            product_serial: self.get(&SERIAL_NUMBER),
            fru_id: self.get(&FRU_ID),
            product_name: self.get(&PRODUCT_NAME),
            manufacturer_name: self.get(&MANUFACTURER),
        }
    }

    /// Name, numbers and date of the card's firmware image. Part number and build are available while the GPU sleeps.
    ///
    /// # Source
    /// `vbios_version`, `vbios_build` of the PCI device; the rest by `AMDGPU_INFO_VBIOS_INFO` on the GPU's render
    /// node (since Linux 5.14), which is opened for it, once, and only while the GPU is awake or waking is allowed.
    /// The part number comes from there too where the PCI device is not shown.
    ///
    /// # Errors
    /// None. Each missing field has its reason. Without access to the render node, only the sysfs fields are filled.
    ///
    /// # Supported on
    /// All with an ATOM BIOS.
    ///
    /// ```
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// let vbios = smi.gpus()[0].vbios_info();
    /// assert_eq!(*vbios.part_number?, "113-D70201XT-07");
    /// assert_eq!(*vbios.date?, "2023/01/07 00:26");
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[doc(alias = "amdsmi_get_gpu_vbios_info")]
    pub fn vbios_info(&self) -> VbiosInfo {
        let (image, path) = (self.drm_vbios(), self.render_path());
        let of_image = |value: fn(&Vbios) -> &Option<String>| match &image {
            Ok(image) => match value(image).clone() {
                Some(value) => Ok(Value::of_package(value, Source::RenderNode)),
                None => Err(Error::NotSupported { path: path.clone() }),
            },
            Err(error) => Err(error.clone()),
        };
        let part_number = match self.get(&VBIOS_VERSION) {
            Err(absent @ Error::NotSupported { .. }) => {
                of_image(|image| &image.part_number).map_err(|_| absent)
            }
            result => result,
        };
        VbiosInfo {
            name: of_image(|image| &image.name),
            part_number,
            version: of_image(|image| &image.version),
            date: of_image(|image| &image.date),
            build: self.get(&VBIOS_BUILD),
        }
    }
}
