//! AMD's System Management Interface in pure Rust. It reads the values of the amdgpu and amdkfd drivers without ROCm,
//! libdrm or a C compiler.
//!
//! ```
//! # fn main() -> amdgpu_smi::Result<()> {
//! # let root = "fixtures/navi31-1x-k6.12-desktop";
//! // `Smi::new()` reads this machine. In CI, read a fixture or a recording:
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
//! # Promises
//!
//! * **Honest values.** A quantity is a [`Reading`]: a value with its source and scope, or the reason why it is
//!   missing: not supported, no permission, suspended, in reset, device gone, implausible, or unparsable with path, line
//!   and column. A failing sensor never spoils its neighbours, and a failing GPU never hides the others.
//! * **Never wakes, never hangs, never blocks others.** Files that would wake a [suspended](Gpu::is_suspended) GPU are
//!   not read unless the caller [allows](WakePolicy) it. Only three device nodes are ever opened: `/dev/kfd` for
//!   [events](event); `/dev/hsmp` for [CPUs](cpu); and an awake GPU's render node, once each for [`Gpu::vbios_info`],
//!   [`Gpu::vram_info`] and [`Gpu::drm_version`]. Nothing is locked and nothing is printed. The one file that blocks, for
//!   a second, has [its own method](Gpu::pcie_throughput).
//! * **The root is a value.** The live machine, a directory and an archive are each a [`Backend`](backend::Backend) below
//!   the same code.
//! * **Reading cannot write.** Settings are changed in a separate module, which exists only with feature `control`.
//! * **Unsafe is a place.** Unsafe code is denied except in two files: one with two calls of `/dev/kfd`, two of render
//!   nodes and one of `/dev/hsmp`, and one that maps archives.
//!
//! # Where to look
//!
//! The [guide](guide/index.html), part of the documentation with all features, is organised by task: first values,
//! containers, CI without a GPU, Prometheus, events, settings, porting.
//!
//! | to ... | see |
//! |---|---|
//! | list GPUs and [packages](Smi::packages), or find one by [name](GpuIds) | [`Smi`] |
//! | read everything about one GPU | [`Gpu`], with the types of its answers in [`gpu`] |
//! | read the most common quantities by one rule each | [`summary`] |
//! | read the same values repeatedly, from one or many GPUs | [`sample`] |
//! | compute rates between two readings | [`derived`] |
//! | list the processes that use GPUs | [`process`] |
//! | find out how GPUs are connected | [`topology`] |
//! | read EPYC sockets and cores | [`cpu`] |
//! | receive resets, memory faults and other events | [`event`] |
//! | find out why no GPU is visible | [`diagnose`] |
//! | test a program without a GPU | [`testing`], which simulates a changing machine |
//! | apply `ROCR_VISIBLE_DEVICES` and `HIP_VISIBLE_DEVICES` | [`visible`] |
//!
//! Network cards, which AMD SMI also supports, are out of scope.
//!
//! # Features
//!
//! None is enabled by default.
//!
//! * `control`: the module `control`, which changes settings.
//! * `capture`: machines in archives, read (`backend::Archive`, also as a root) and written (`capture`).
//! * `gzip`: like `capture`, and also archives compressed with gzip.
//! * `serde`: `Serialize` for every value that a method returns: quantities as the kernel's integers, ids as text,
//!   missing fields as null, with a map of reasons beside them.
//! * `synth`: the module `synth`, which simulates machines for tests.
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

/// Without feature `control`, nothing that writes is reachable.
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

/// The same code compiles with the feature, so the examples above fail for no other reason.
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
