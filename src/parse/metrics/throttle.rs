//! Why a GPU runs slower than it could.

bitflags::bitflags! {
    /// Reasons to throttle, numbered the same on all GPUs: `indep_throttle_status` of the tables, and the
    /// mask of the KFD event `THERMAL_THROTTLE`.
    ///
    /// The bits are `SMU_THROTTLER_*_BIT` of amdgpu_smu.h. Bits without a name are kept.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct ThrottleReasons: u64 {
        /// Package power limit 0, the one users set.
        const PPT0 = 1 << 0;
        /// Package power limit 1.
        const PPT1 = 1 << 1;
        /// Package power limit 2.
        const PPT2 = 1 << 2;
        /// Package power limit 3.
        const PPT3 = 1 << 3;
        /// Sustained power limit of an APU.
        const SPL = 1 << 4;
        /// Fast package power limit of an APU.
        const FPPT = 1 << 5;
        /// Slow package power limit of an APU.
        const SPPT = 1 << 6;
        /// Slow package power limit of the APU's own part, beside a discrete GPU.
        const SPPT_APU = 1 << 7;
        /// Sustained current of the graphics rail.
        const TDC_GFX = 1 << 16;
        /// Sustained current of the SOC rail.
        const TDC_SOC = 1 << 17;
        /// Sustained current of the memory rail.
        const TDC_MEM = 1 << 18;
        /// Sustained current of the VDD rail.
        const TDC_VDD = 1 << 19;
        /// Sustained current of the CVIP rail.
        const TDC_CVIP = 1 << 20;
        /// Peak current of the CPU.
        const EDC_CPU = 1 << 21;
        /// Peak current of the graphics rail.
        const EDC_GFX = 1 << 22;
        /// A fast reaction to a drop of the supply.
        const APCC = 1 << 23;
        /// Temperature of the GPU.
        const TEMP_GPU = 1 << 32;
        /// Temperature of the CPU cores.
        const TEMP_CORE = 1 << 33;
        /// Temperature of the memory.
        const TEMP_MEM = 1 << 34;
        /// Temperature at the die's edge.
        const TEMP_EDGE = 1 << 35;
        /// Temperature of the die's hottest spot.
        const TEMP_HOTSPOT = 1 << 36;
        /// Temperature of the SOC.
        const TEMP_SOC = 1 << 37;
        /// Temperature of the graphics rail's regulator.
        const TEMP_VR_GFX = 1 << 38;
        /// Temperature of the SOC rail's regulator.
        const TEMP_VR_SOC = 1 << 39;
        /// Temperature of the first memory rail's regulator.
        const TEMP_VR_MEM0 = 1 << 40;
        /// Temperature of the second memory rail's regulator.
        const TEMP_VR_MEM1 = 1 << 41;
        /// Temperature of the liquid, first sensor.
        const TEMP_LIQUID0 = 1 << 42;
        /// Temperature of the liquid, second sensor.
        const TEMP_LIQUID1 = 1 << 43;
        /// A regulator signals that it is too hot.
        const VRHOT0 = 1 << 44;
        /// A second regulator signals that it is too hot.
        const VRHOT1 = 1 << 45;
        /// The PROCHOT signal, at the CPU.
        const PROCHOT_CPU = 1 << 46;
        /// The PROCHOT signal, at the GPU.
        const PROCHOT_GFX = 1 << 47;
        /// Firmware's peak power manager.
        const PPM = 1 << 56;
        /// Firmware's limit of failures in time.
        const FIT = 1 << 57;

        const _ = !0;
    }
}

impl std::fmt::Display for ThrottleReasons {
    /// The names of the bits, `PPT0 | TEMP_HOTSPOT`; `none` without any.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.is_empty() {
            true => f.write_str("none"),
            false => bitflags::parser::to_writer(self, f),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ThrottleReasons {
    /// The names of the bits; bits without one as one number at the end.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut out = serializer.serialize_seq(None)?;
        let mut names = self.iter_names();
        for (name, _) in names.by_ref() {
            out.serialize_element(name)?;
        }
        if !names.remaining().is_empty() {
            out.serialize_element(&names.remaining().bits())?;
        }
        out.end()
    }
}
