//! ACA banks: the registers in which a block of the GPU describes an error, and AMD's number for its kind (AFID).
//!
//! The registers are those of a machine check bank (`MCA_STATUS`, `MCA_ADDR`, `MCA_IPID`, `MCA_SYND`); the bits are
//! as in `aca_bank_info` and the `ACA_REG__STATUS__*` of amdgpu_aca.h. The AFIDs are those of AMD's list 0.7, in which
//! a kind is the bank, what of it failed, and how badly.

/// Severities of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum AcaSeverity {
    /// Data or state were lost that cannot do without.
    Fatal,
    /// Not corrected; what used the data is told.
    Uncorrected,
    /// Corrected by hardware.
    Corrected,
}

/// The registers of a bank at an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AcaRegisters {
    /// Status register: the error.
    pub status: u64,
    /// Where in memory.
    pub address: u64,
    /// IP id register: the bank.
    pub ipid: u64,
    /// Details that depend on the bank.
    pub syndrome: u64,
}

impl AcaRegisters {
    /// Severity of the error; absent for a contradictory status.
    pub fn severity(&self) -> Option<AcaSeverity> {
        let bit = |number: u32| self.status >> number & 1 != 0;
        let (poison, deferred, task_corrupt) = (bit(43), bit(44), bit(55));
        let (processor_corrupt, uncorrected) = (bit(57), bit(61));
        match () {
            () if poison => Some(AcaSeverity::Uncorrected),
            () if processor_corrupt || (uncorrected && task_corrupt) => Some(AcaSeverity::Fatal),
            () if uncorrected => Some(AcaSeverity::Uncorrected),
            () if task_corrupt => None,
            () if deferred => Some(AcaSeverity::Uncorrected),
            () => Some(AcaSeverity::Corrected),
        }
    }

    /// AMD's number of this kind of error: 33 for registers that name none, 34 for a kind without a number.
    ///
    /// `threshold_exceeded` is the flag of the record's section: so many pages are bad that the GPU should be
    /// replaced.
    pub fn afid(&self, threshold_exceeded: bool) -> u32 {
        const INVALID: u32 = 33;
        const UNIDENTIFIED: u32 = 34;
        if threshold_exceeded {
            return 19;
        }
        let (Some(kind), Some(severity)) = (self.kind(), self.severity()) else { return INVALID };
        use AcaSeverity::{Corrected, Fatal, Uncorrected};
        match (kind, severity) {
            (FaultKind::OnDieEcc | FaultKind::EndToEndCrc | FaultKind::OtherMemory, Corrected) => 24,
            (FaultKind::OnDieEcc, Fatal) => 20,
            (FaultKind::OnDieEcc, Uncorrected) => 22,
            (FaultKind::EndToEndCrc, Fatal) => 21,
            (FaultKind::EndToEndCrc, Uncorrected) => 23,
            (FaultKind::OtherMemory, Fatal) => 25,
            (FaultKind::Wafl, Corrected) => 15,
            (FaultKind::Wafl, Fatal) => 16,
            (FaultKind::Xgmi, Corrected) => 17,
            (FaultKind::Xgmi, Fatal) => 18,
            (FaultKind::Assertion, Fatal) => 26,
            (FaultKind::Watchdog, Fatal) => 27,
            (FaultKind::Internal, Uncorrected) => 28,
            (FaultKind::Internal, Corrected) => 29,
            (FaultKind::Internal, Fatal) => 30,
            _ => UNIDENTIFIED,
        }
    }

    /// The kind of failure; absent for an unknown bank or error.
    fn kind(&self) -> Option<FaultKind> {
        let error = (self.status >> 16 & 0x3f) as u8;
        let hardware = (self.ipid >> 32 & 0xfff) as u16;
        let kind = (self.ipid >> 48) as u16;
        if (0x3a..=0x3e).contains(&error) {
            return self.graphics_error().then_some(FaultKind::Internal);
        }
        Some(match (hardware, kind, error) {
            // UMC, a memory controller.
            (0x96, 0, 0) => FaultKind::OnDieEcc,
            (0x96, 0, 0xb | 0xf) => FaultKind::EndToEndCrc,
            (0x96, 0, 1 | 4 | 5 | 9) => FaultKind::OtherMemory,
            (0x96, 0, 2 | 6 | 0xa | 0xd | 0xe) => FaultKind::Internal,
            // CS and PIE, the coherent slaves and the power management of the data fabric.
            (0x2e, 2, 0x11) | (0x2e, 1, 0) => FaultKind::Assertion,
            (0x2e, 1, 5) => FaultKind::Watchdog,
            (0x2e, 2, 0..=0x14) | (0x2e, 1, 0..=7) | (0x2e, 4, 0..=6) => FaultKind::Internal,
            // PCS and the SerDes of links between packages.
            (0x50, 0, 0..=0x1c) => FaultKind::Xgmi,
            (0x267, 0, 0..=3) | (0xff, 1, 0x3f) => FaultKind::Wafl,
            (0x259, 0, 0..=3) => FaultKind::LinkSerDes,
            // The PSP and the SMU.
            (0xff, 1, 0..=0x12) | (0x01, 1, 0..=9 | 0xb) => FaultKind::Internal,
            // NBIO, PCIe, PB, NBIF, SHUB.
            (0x18, 0, 0..=5) | (0x46, 1, 0) | (0x05, 0, 0) | (0x6c | 0x80, 0, 0..=3) => FaultKind::Internal,
            // USR, the links between the dies of a package.
            (0x170, 0, 0..=0x13 | 0x15..=0x1f) | (0x180, 0, 0..=0xc) => FaultKind::Internal,
            _ => return None,
        })
    }

    /// Returns `true` if the SMU of a known die reports an error of a known block on it.
    fn graphics_error(&self) -> bool {
        let (die, block) = (self.ipid as u32, self.syndrome as u8);
        match die {
            0x3643_0400 | 0x3643_0401 | 0x3843_0400 | 0x3843_0401 => {
                matches!(block, 0..=0x10 | 0x28 | 0x2a)
            }
            0x03b3_0400 | 0x03b3_0401 => block <= 0x2b,
            _ => false,
        }
    }
}

/// Kinds of failure, as far as AFIDs distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    OnDieEcc,
    EndToEndCrc,
    OtherMemory,
    Wafl,
    Xgmi,
    LinkSerDes,
    Assertion,
    Watchdog,
    Internal,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CORRECTED: u64 = 1 << 63;
    const DEFERRED: u64 = CORRECTED | 1 << 44;
    const UNCORRECTED: u64 = CORRECTED | 1 << 61;
    const FATAL: u64 = UNCORRECTED | 1 << 57;

    fn afid(hardware: u64, kind: u64, error: u64, status: u64) -> u32 {
        let ipid = hardware << 32 | kind << 48;
        AcaRegisters { status: status | error << 16, ipid, ..AcaRegisters::default() }.afid(false)
    }

    #[test]
    fn severities() {
        let of = |status| AcaRegisters { status, ..AcaRegisters::default() }.severity();
        assert_eq!(of(CORRECTED), Some(AcaSeverity::Corrected));
        assert_eq!(of(DEFERRED), Some(AcaSeverity::Uncorrected));
        assert_eq!(of(UNCORRECTED), Some(AcaSeverity::Uncorrected));
        assert_eq!(of(UNCORRECTED | 1 << 55), Some(AcaSeverity::Fatal));
        assert_eq!(of(FATAL), Some(AcaSeverity::Fatal));
        assert_eq!(of(FATAL | 1 << 43), Some(AcaSeverity::Uncorrected));
        assert_eq!(of(CORRECTED | 1 << 55), None);
    }

    #[test]
    fn memory() {
        assert_eq!([CORRECTED, DEFERRED, FATAL].map(|status| afid(0x96, 0, 0, status)), [24, 22, 20]);
        assert_eq!([CORRECTED, DEFERRED, FATAL].map(|status| afid(0x96, 0, 0xb, status)), [24, 23, 21]);
        assert_eq!([CORRECTED, DEFERRED, FATAL].map(|status| afid(0x96, 0, 5, status)), [24, 34, 25]);
        assert_eq!([CORRECTED, DEFERRED, FATAL].map(|status| afid(0x96, 0, 6, status)), [29, 28, 30]);
        assert_eq!(afid(0x96, 0, 3, FATAL), 33);
        assert_eq!(AcaRegisters::default().afid(true), 19);
    }

    #[test]
    fn links_and_fabric() {
        assert_eq!([CORRECTED, UNCORRECTED, FATAL].map(|status| afid(0x50, 0, 5, status)), [17, 34, 18]);
        assert_eq!([CORRECTED, FATAL].map(|status| afid(0x267, 0, 1, status)), [15, 16]);
        assert_eq!([CORRECTED, FATAL].map(|status| afid(0xff, 1, 0x3f, status)), [15, 16]);
        assert_eq!(afid(0x259, 0, 1, FATAL), 34);
        assert_eq!([afid(0x2e, 2, 0x11, FATAL), afid(0x2e, 1, 5, FATAL)], [26, 27]);
        assert_eq!([afid(0x2e, 2, 0x11, CORRECTED), afid(0x2e, 2, 0, CORRECTED)], [34, 29]);
        assert_eq!([afid(0x7, 0, 0, FATAL), afid(0x50, 0, 0x1d, FATAL)], [33, 33]);
    }

    #[test]
    fn graphics() {
        let of = |die: u64, syndrome| {
            let ipid = die | 0x01 << 32 | 1 << 48;
            AcaRegisters { status: FATAL | 0x3b << 16, ipid, syndrome, address: 0 }.afid(false)
        };
        assert_eq!([of(0x3643_0400, 0x10), of(0x3643_0400, 0x11), of(0x3643_0400, 0x2a)], [30, 33, 30]);
        assert_eq!([of(0x03b3_0401, 0x2b), of(0x03b3_0401, 0x2c), of(0x1, 0)], [30, 33, 33]);
    }

    proptest! {
        #[test]
        fn any_registers(status: u64, address: u64, ipid: u64, syndrome: u64, exceeded: bool) {
            let afid = AcaRegisters { status, address, ipid, syndrome }.afid(exceeded);
            prop_assert!((15..=34).contains(&afid));
        }
    }
}
