//! Names of a GPU in the kernel, in AMD's tools and for users.

use std::fmt;
use std::str::FromStr;

/// AMD's PCI vendor id, as on its graphics cards.
pub(crate) const AMD: u16 = 0x1002;

/// A PCI address: domain, bus, device and function, displayed as `0000:03:00.0`.
///
/// Addresses sort as AMD's tools number GPUs: by domain, bus, device, function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bdf {
    /// PCI domain (segment); 32 bits wide behind some bridges.
    pub domain: u32,
    /// PCI bus number.
    pub bus: u8,
    /// PCI device (slot) number, 0 to 31.
    pub device: u8,
    /// PCI function number, 0 to 7.
    pub function: u8,
}

impl Bdf {
    /// The address from a KFD node's `domain` and `location_id`.
    ///
    /// The function is the partition's number if the package is partitioned (`kfd_topology_add_device`: `location_id
    /// |= node_id`).
    pub fn from_location(domain: u32, location_id: u32) -> Bdf {
        Bdf {
            domain,
            bus: (location_id >> 8) as u8,
            device: (location_id >> 3) as u8 & 0x1f,
            function: location_id as u8 & 7,
        }
    }

    /// The same device with another function.
    pub fn with_function(self, function: u8) -> Bdf {
        Bdf { function: function & 7, ..self }
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.device, self.function)
    }
}

/// The text is not a PCI address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PCI address; expected dddd:bb:dd.f or bb:dd.f, as in 0000:03:00.0")]
pub struct BdfSyntax;

impl FromStr for Bdf {
    type Err = BdfSyntax;

    /// Parses `dddd:bb:dd.f` or `bb:dd.f`, with digits in either case.
    fn from_str(text: &str) -> Result<Bdf, BdfSyntax> {
        let (address, function) = text.rsplit_once('.').ok_or(BdfSyntax)?;
        let mut parts = address.rsplit(':');
        let device = hex(parts.next(), 2)?;
        let bus = hex(parts.next(), 2)?;
        let domain = match parts.next() {
            Some(part) => hex(Some(part), 8)?,
            None => 0,
        };
        let function = hex(Some(function), 1)?;
        if parts.next().is_some() || device > 0x1f || function > 7 {
            return Err(BdfSyntax);
        }
        Ok(Bdf { domain, bus: bus as u8, device: device as u8, function: function as u8 })
    }
}

/// Parses one to `width` hexadecimal digits and nothing else (`from_str_radix` would accept a sign).
fn hex(part: Option<&str>, width: usize) -> Result<u32, BdfSyntax> {
    let part = part.ok_or(BdfSyntax)?;
    if part.is_empty() || part.len() > width || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BdfSyntax);
    }
    u32::from_str_radix(part, 16).map_err(|_| BdfSyntax)
}

/// Declares ids that are decimal numbers.
macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

number_ids! {
    /// KFD's id of a GPU (`gpu_id`): a hash, never 0, different on other kernels. Each partition has its own.
    GpuId(u32);
    /// Index of a node under `topology/nodes`. It changes when nodes are added or removed.
    NodeId(u32);
    /// A process id in the initial pid namespace.
    Pid(u32);
    /// The number N of `cardN`.
    CardMinor(u32);
    /// The number N of `renderDN`, 128 and up.
    RenderMinor(u32);
}

/// The unique number fused into a package, shared by its partitions. Displayed as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(pub u64);

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// AMD SMI's UUID of a GPU: device id, partition and the package's unique id in the form of a UUID.
///
/// A GPU without a unique id has zeros instead, so two equal cards of that kind share one UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid {
    unique_id: u64,
    device_id: u16,
    partition: u8,
}

impl Uuid {
    /// AMD's layout of version 10.1: `SSppdddd-0000-1000-80SS-SSSSSSSSSSSS`, where S is the unique id from its
    /// highest byte on, `pp` the partition (24.7 had 0xff for all) and `dddd` the PCI device id.
    pub fn new(unique_id: Option<UniqueId>, device_id: u16, partition: u8) -> Uuid {
        Uuid { unique_id: unique_id.map_or(0, |id| id.0), device_id, partition }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.unique_id;
        write!(
            f,
            "{:02x}{:02x}{:04x}-0000-1000-80{:02x}-{:012x}",
            id >> 56,
            self.partition,
            self.device_id,
            (id >> 48) & 0xff,
            id & 0xffff_ffff_ffff
        )
    }
}

/// Serialises ids in their displayed form.
#[cfg(feature = "serde")]
macro_rules! serialize_as_text {
    ($($name:ident),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
#[cfg(feature = "serde")]
serialize_as_text!(Bdf, UniqueId, Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bdf_round_trip() {
        let bdf: Bdf = "0001:8c:1f.7".parse().unwrap();
        assert_eq!(bdf, Bdf { domain: 1, bus: 0x8c, device: 0x1f, function: 7 });
        assert_eq!(bdf.to_string(), "0001:8c:1f.7");
        assert_eq!("3:0.0".parse::<Bdf>().unwrap().to_string(), "0000:03:00.0");
        assert_eq!("10000:E1:00.0".parse::<Bdf>().unwrap().to_string(), "10000:e1:00.0");
    }

    #[test]
    fn bdf_refuses_what_is_none() {
        for text in
            ["", ".", "03:00", "0000:03:20.0", "0000:03:00.8", "0:0:0:0.0", "+3:00.0", "03:00.", "g3:00.0"]
        {
            assert_eq!(text.parse::<Bdf>(), Err(BdfSyntax), "{text}");
        }
    }

    #[test]
    fn bdf_of_a_location() {
        assert_eq!(Bdf::from_location(1, 33025).to_string(), "0001:81:00.1");
        assert_eq!(Bdf::from_location(0, 25600).to_string(), "0000:64:00.0");
    }

    /// The expected texts are from AMD's command 10.1.
    #[test]
    fn uuid_layout() {
        let id = Some(UniqueId(0x8a1d_3f0e_5b7c_9a42));
        assert_eq!(Uuid::new(id, 0x74a1, 0).to_string(), "8a0074a1-0000-1000-801d-3f0e5b7c9a42");
        assert_eq!(Uuid::new(id, 0x74a1, 3).to_string(), "8a0374a1-0000-1000-801d-3f0e5b7c9a42");
        assert_eq!(Uuid::new(None, 0x15bf, 0).to_string(), "000015bf-0000-1000-8000-000000000000");
    }
}
