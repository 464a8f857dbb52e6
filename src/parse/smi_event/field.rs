//! The meaning of an event's fields.

use std::borrow::Cow;
use std::fmt;

use crate::id::GpuId;
use crate::unit::Bytes;

/// Nanoseconds since boot, time in suspend included (`ktime_get_boottime_ns`, `CLOCK_BOOTTIME`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct BootTime(pub u64);

impl BootTime {
    /// The time from `earlier` to this; zero if `earlier` is later.
    pub fn since(self, earlier: BootTime) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Seconds with microseconds, as the kernel's log prints them.
impl fmt::Display for BootTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000_000, self.0 / 1_000 % 1_000_000)
    }
}

/// A name or a cause as the driver wrote it: bytes, usually UTF-8. Prints with what is not UTF-8 replaced.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(Cow<'a, [u8]>);

impl Text<'_> {
    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As UTF-8, with what is not replaced.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Returns `true` if the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same without borrowing from the input.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Text<'a> {
        Text(Cow::Borrowed(bytes))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Text<'a> {
        Text(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<Vec<u8>> for Text<'static> {
    fn from(bytes: Vec<u8>) -> Text<'static> {
        Text(Cow::Owned(bytes))
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

/// A piece of a process's address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AddressRange {
    /// Address of its first byte.
    pub start: u64,
    /// Length of the range.
    pub size: Bytes,
}

/// Where memory is, or a page fault came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Location {
    /// The machine's memory (printed as 0).
    System,
    /// A GPU, by KFD's id of it; [`crate::Smi::by_kfd_id`] finds it.
    Gpu(GpuId),
    /// No preference (printed as `ffffffff`, `KFD_IOCTL_SVM_LOCATION_UNDEFINED`).
    Undefined,
}

impl From<u32> for Location {
    fn from(number: u32) -> Location {
        match number {
            0 => Location::System,
            u32::MAX => Location::Undefined,
            id => Location::Gpu(GpuId(id)),
        }
    }
}

impl From<Location> for u32 {
    fn from(location: Location) -> u32 {
        match location {
            Location::System => 0,
            Location::Gpu(id) => id.0,
            Location::Undefined => u32::MAX,
        }
    }
}

impl Location {
    /// The GPU; `None` for the machine's memory and no preference.
    pub fn gpu(self) -> Option<GpuId> {
        match self {
            Location::Gpu(id) => Some(id),
            Location::System | Location::Undefined => None,
        }
    }
}

/// Serializes as KFD's number: 0 is the machine's memory.
#[cfg(feature = "serde")]
impl serde::Serialize for Location {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(u32::from(*self))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Text<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_str_lossy())
    }
}

/// Declares causes that are printed as a number or a letter; one that is not known keeps it.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident($inner:ty) { $($(#[$variant_doc:meta])* $variant:ident = $value:literal $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// One that this crate does not know.
            Other($inner),
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> $name {
                match value {
                    $($value => $name::$variant,)*
                    other => $name::Other(other),
                }
            }
        }

        impl From<$name> for $inner {
            fn from(value: $name) -> $inner {
                match value {
                    $($name::$variant => $value,)*
                    $name::Other(other) => other,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($name::$variant => f.pad($text),)*
                    $name::Other(other) => write!(f, "{other}"),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            /// In words; one that is not known as its number.
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

causes! {
    /// Why memory moved (`enum KFD_SMI_EVENT_MIGRATE_TRIGGER` of kfd_ioctl.h).
    MigrateTrigger(i32) {
        /// The process asked for it.
        Prefetch = 0 "prefetch",
        /// A GPU touched the page.
        GpuPageFault = 1 "GPU page fault",
        /// The CPU touched the page.
        CpuPageFault = 2 "CPU page fault",
        /// The GPU's memory was needed for something else.
        TtmEviction = 3 "TTM eviction",
    }
    /// Why queues were taken off a GPU (`enum KFD_SMI_EVENT_QUEUE_EVICTION_TRIGGER`).
    QueueTrigger(i32) {
        /// Shared memory moved.
        Svm = 0 "SVM",
        /// The process's own memory that the GPU uses moved.
        UserPointer = 1 "userptr",
        /// The driver's memory manager moved a buffer.
        Ttm = 2 "TTM",
        /// The GPU is to sleep.
        Suspend = 3 "suspend",
        /// The process is being saved.
        CriuCheckpoint = 4 "CRIU checkpoint",
        /// The process is being restored.
        CriuRestore = 5 "CRIU restore",
    }
    /// Why memory was taken out of a GPU's address space (`enum KFD_SMI_EVENT_UNMAP_TRIGGER`).
    UnmapTrigger(i32) {
        /// The machine's memory management changed the mapping.
        MmuNotifier = 0 "MMU notifier",
        /// The same, because the memory moves.
        MmuNotifierMigrate = 1 "MMU notifier, migration",
        /// The process gave the memory back.
        UnmapFromCpu = 2 "unmapped from the CPU",
    }
    /// Kinds of access to a page.
    FaultAccess(u8) {
        /// A read access.
        Read = b'R' "read",
        /// A write access.
        Write = b'W' "write",
    }
    /// Outcomes of a page fault.
    FaultOutcome(u8) {
        /// The page was moved.
        Migrated = b'M' "migrated",
        /// Only the GPU's page table was changed.
        Updated = b'U' "updated",
    }
}
