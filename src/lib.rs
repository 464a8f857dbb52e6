//! AMD's System Management Interface in pure Rust: what the amdgpu and amdkfd drivers publish, read without
//! ROCm, without libdrm and without a C compiler.
//!
//! ```
//! # fn main() -> amdgpu_smi::Result<()> {
//! # let root = "fixtures/navi31-1x-k6.12-desktop";
//! // On the machine at hand: `Smi::new()`. On a recorded one, or a fixture in CI:
//! let smi = amdgpu_smi::Smi::builder().root(root).build()?;
//! for gpu in smi.gpus() {
//!     println!("{} {}", gpu.bdf(), gpu.market_name());
//!     for sensor in gpu.temperatures()? {
//!         match sensor.current {
//!             Ok(temperature) => println!("  {}: {temperature}", sensor.sensor),
//!             Err(reason) => println!("  {}: {reason}", sensor.sensor),
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! * **Honest values.** A quantity is a [`Reading`]: a value with its source and its scope, or the reason why there is
//!   none: not supported, no permission, suspended, in reset, device gone, implausible, unparsable with path, line and
//!   column. One bad sensor never spoils its neighbours, one bad GPU never hides the others.
//! * **Never wakes, never hangs, never blocks others.** What would wake a [suspended](Gpu::is_suspended) GPU is
//!   not read unless the caller [allows](WakePolicy) it. No device node is opened but `/dev/kfd`, for [events](event),
//!   and an awake GPU's render node, once for each of three questions: [`Gpu::vbios_info`], [`Gpu::vram_info`] and
//!   [`Gpu::drm_version`]; and `/dev/hsmp`, for [processors](cpu). Nothing is locked, nothing is printed. The one file that blocks, for a second, has
//!   [a method of its own](Gpu::pcie_throughput).
//! * **The root is a value.** The live machine, a directory and an archive are one [`Backend`](backend::Backend)
//!   each, under the same code.
//! * **Reading cannot write.** What changes settings lives in a module of its own, which only feature `control` compiles.
//! * **Unsafe is a place.** It is denied but in the file that holds two calls of `/dev/kfd`, two of render nodes and one of
//!   `/dev/hsmp`, and the one that maps archives.
//!
//! # Where to look
//!
//! The [guide](guide/index.html), which documentation with all features has, goes by task: first values, containers, CI
//! without a GPU, Prometheus, events, settings, porting.
//!
//! [`Smi`] is the list of GPUs and of [packages](Smi::packages), and finds GPUs by each of their [names](GpuIds);
//! [`Gpu`] answers for one of them, with what it answers in [`gpu`]. [`summary`] holds the quantities that people ask
//! for most, each answered by one rule. [`sample`] reads the same values again and again, at one system call each, and
//! many GPUs side by side; [`derived`] tells what happened between two readings. [`process`] tells who uses the
//! GPUs, [`topology`] how they are wired; [`cpu`] answers for EPYC's sockets and cores; [`event`] watches what they report by themselves. [`parse`] reads the
//! kernel's formats from bytes alone. [`diagnose`] says
//! why there is nothing to see. [`testing`] plays a machine that changes, for tests of what reads one. [`visible`] tells which GPUs ROCm shows a program.
//!
//! # What it does not do
//!
//! Network cards, which AMD SMI knows too, are none of it.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `control`: the module `control`, which changes settings.
//! * `capture`: archives of machines, read (`backend::Archive`, and as a root) and written (`capture`).
//! * `gzip`: `capture`, for archives compressed by gzip too.
//! * `serde`: `Serialize` for every value that a method returns: quantities as the kernel's integers, ids as text, absent
//!   fields as null with the map of reasons beside them.
//! * `synth`: the module `synth`, which makes up machines for tests.
//! * `tokio`: events for tasks of tokio.

#![deny(missing_docs, unsafe_code)]
// docs.rs marks what needs a feature.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_debug_implementations)]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "amdgpu-smi reads Linux's sysfs; depend on it under [target.'cfg(target_os = \"linux\")'.dependencies]"
);

mod attribute;
pub mod backend;
#[cfg(feature = "capture")]
pub mod capture;
#[cfg(feature = "control")]
pub mod control;
pub mod cpu;
pub mod derived;
pub mod diagnose;
mod discover;
pub mod error;
pub mod event;
pub mod gpu;
// It shows all features at work.
#[cfg(all(
    any(doc, doctest),
    feature = "capture",
    feature = "control",
    feature = "synth",
    feature = "tokio"
))]
pub mod guide;
pub mod id;
#[doc(hidden)]
pub mod parse;
pub mod process;
pub mod reading;
pub mod sample;
pub mod summary;
#[cfg(feature = "synth")]
pub mod synth;
mod sys;
pub mod testing;
pub mod topology;
pub mod unit;
pub mod visible;

pub use discover::{Changes, Hidden, OtherDevice, Smi, SmiBuilder};
pub use error::{Error, Result};
pub use gpu::{Gpu, GpuIds, Package, WakePolicy};
#[doc(inline)]
pub use parse::metrics;
pub use reading::{Reading, Scope, Source, Value};

/// Without feature `control` nothing that writes can be reached.
///
/// ```compile_fail,E0599
/// fn change(gpu: &amdgpu_smi::Gpu) {
///     let _ = gpu.control();
/// }
/// ```
/// ```compile_fail,E0432
/// use amdgpu_smi::backend::Writer;
/// ```
/// ```compile_fail,E0433
/// type Plan = amdgpu_smi::control::Plan<()>;
/// ```
#[cfg(all(doctest, not(feature = "control")))]
pub struct ReadingCannotWrite;

/// The same with it, which shows that the above fails for no other reason.
///
/// ```
/// use amdgpu_smi::backend::Writer;
/// type Plan = amdgpu_smi::control::Plan<()>;
/// fn change(gpu: &amdgpu_smi::Gpu) {
///     let _ = gpu.control();
/// }
/// ```
#[cfg(all(doctest, feature = "control"))]
pub struct ControlWrites;

/// The programs in README compile, and those that need no GPU run.
#[cfg(all(doctest, feature = "synth", feature = "capture"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
