//! One quantity with its source and scope, or the reason why it is missing.

use std::fmt;
use std::ops::Deref;

use crate::error::{Error, Result};

/// A quantity, or the reason why it is missing.
///
/// ```
/// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
/// let memory = smi.gpus()[0].memory_usage();
/// match &memory.vram_used {
///     Ok(used) => println!("{used} by {:?}", used.source),
///     Err(error) => println!("{}", error.reason()),
/// }
/// # Ok::<(), amdgpu_smi::Error>(())
/// ```
pub type Reading<T> = Result<Value<T>>;

/// A value with its source and with the part of the machine that it covers.
///
/// It dereferences to the value and is displayed like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value<T> {
    /// The quantity itself.
    pub value: T,
    /// The source of the value.
    pub source: Source,
    /// The part of the machine that the value covers.
    pub scope: Scope,
}

/// Sources of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Source {
    /// A file of its own in hwmon or in the PCI device's directory.
    Attribute,
    /// The metrics table, `gpu_metrics`.
    Metrics,
    /// The GPU's node in the KFD topology, or KFD's files of a process.
    Kfd,
    /// The GPU's render node.
    RenderNode,
    /// A file in `/proc`.
    Proc,
    /// The scan: the name or number is part of the machine's layout.
    Scan,
    /// The hwmon of the HSMP driver, `amd_hsmp_hwmon`.
    HsmpHwmon,
    /// A file of the HSMP driver in the directory of a socket's ACPI device.
    HsmpAttribute,
    /// The metrics table of the CPU's management firmware, `metrics_bin`.
    HsmpMetrics,
    /// A message to the CPU's management firmware, through `/dev/hsmp`.
    Hsmp,
    /// The hwmon of the CPU's temperature sensors, `k10temp`.
    K10temp,
    /// The hwmon of the CPU's energy counters, `amd_energy`.
    AmdEnergy,
    /// The powercap zone of a package, `intel-rapl:N`, which serves AMD CPUs too.
    Powercap,
    /// The cpufreq driver.
    Cpufreq,
}

impl Source {
    /// The name of the source for lists: a driver or a file.
    pub fn label(self) -> &'static str {
        match self {
            Source::Attribute => "attribute",
            Source::Metrics => "gpu_metrics",
            Source::Kfd => "kfd",
            Source::RenderNode => "render node",
            Source::Proc => "/proc",
            Source::Scan => "scan",
            Source::HsmpHwmon => "amd_hsmp_hwmon",
            Source::HsmpAttribute => "hsmp attribute",
            Source::HsmpMetrics => "metrics_bin",
            Source::Hsmp => "/dev/hsmp",
            Source::K10temp => "k10temp",
            Source::AmdEnergy => "amd_energy",
            Source::Powercap => "powercap",
            Source::Cpufreq => "cpufreq",
        }
    }
}

/// The part of the machine that a value covers. Values of the same scope and package are one quantity, so a sum over
/// GPUs counts a package's value once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Scope {
    /// One partition of a package.
    Partition,
    /// The whole package.
    Package,
    /// The board that carries the packages of an accelerator node: each of its packages reports the same value.
    Board,
    /// One CPU socket with all its cores.
    Socket,
    /// One CPU core.
    Core,
}

impl<T> Value<T> {
    /// A value read now, of this source and scope.
    pub(crate) fn new(value: T, source: Source, scope: Scope) -> Value<T> {
        Value { value, source, scope }
    }

    /// A value of the whole package.
    pub(crate) fn of_package(value: T, source: Source) -> Value<T> {
        Value { value, source, scope: Scope::Package }
    }

    /// Another value from the same source, for the same part of the machine.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Value<U> {
        Value { value: convert(self.value), source: self.source, scope: self.scope }
    }
}

impl<T> Deref for Value<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for Value<T> {
    /// Serialises the value only.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// The reading without source and scope.
#[cfg(feature = "control")]
pub(crate) fn bare<T>(reading: Reading<T>) -> Result<T> {
    reading.map(|found| found.value)
}

/// Returns `true` if a quantity is final: it has a value, or the GPU does not have it at all.
pub(crate) fn is_settled<T>(reading: &Reading<T>) -> bool {
    matches!(reading, Ok(_) | Err(Error::NotSupported { .. } | Error::OnFirstDie { .. }))
}

/// Declares an answer with several quantities: plain fields first, then `readings`, each a [`Reading`].
///
/// With feature `serde`, a reading becomes its value or null, and the field `reasons` maps the names of missing
/// fields to a few words.
macro_rules! bundle {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$plain_meta:meta])* pub $plain:ident: $plain_type:ty,)*
        readings { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$plain_meta])* pub $plain: $plain_type,)*
            $($(#[$field_meta])* pub $field: $crate::reading::Reading<$type>,)*
        }

        impl $name {
            /// The reasons for missing fields, by field name.
            pub fn reasons(&self) -> impl Iterator<Item = (&'static str, &$crate::error::Error)> {
                let reasons = [$((stringify!($field), self.$field.as_ref().err()),)*];
                reasons.into_iter().filter_map(|(field, error)| Some((field, error?)))
            }
        }

        #[cfg(feature = "serde")]
        $crate::reading::serialize_with_reasons! {
            $name { $($plain: plain,)* $($field: known,)* }
        }
    };
}

/// Serializes a struct that has a method `reasons`: each field in turn, `plain` as it is or a Result as its value or
/// null (`known`), then `reasons`.
#[cfg(feature = "serde")]
macro_rules! serialize_with_reasons {
    ($name:ident { $($field:ident: $form:ident,)* }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                const FIELDS: usize = [$(stringify!($field),)* "reasons"].len();
                let mut out = serializer.serialize_struct(stringify!($name), FIELDS)?;
                $(out.serialize_field(stringify!($field), &$crate::reading::$form(&self.$field))?;)*
                out.serialize_field("reasons", &$crate::reading::Reasons(self.reasons().collect()))?;
                out.end()
            }
        }
    };
}

pub(crate) use bundle;
#[cfg(feature = "serde")]
pub(crate) use serialize_with_reasons;

/// A field that always has a value.
#[cfg(feature = "serde")]
pub(crate) fn plain<T>(field: &T) -> &T {
    field
}

/// A field that may have none.
#[cfg(feature = "serde")]
pub(crate) fn known<T>(field: &Result<T>) -> Option<&T> {
    field.as_ref().ok()
}

/// Serializes a field that may have no value.
#[cfg(feature = "serde")]
pub(crate) fn serialize_known<T: serde::Serialize, S: serde::Serializer>(
    field: &Result<T>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&known(field), serializer)
}

/// The reasons of a bundle for serde: a map from field to reason.
#[cfg(feature = "serde")]
pub(crate) struct Reasons<'a>(pub(crate) Vec<(&'static str, &'a Error)>);

#[cfg(feature = "serde")]
impl serde::Serialize for Reasons<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, error)| (field, error.reason())))
    }
}
