//! A guide by task. Each page stands alone; its programs and commands are tested.
//!
//! | I want to … | page |
//! |---|---|
//! | read my first values | [`getting_started`] |
//! | read GPUs from a container | [`container`] |
//! | test my program in CI, without a GPU | [`ci`] |
//! | scrape machines with Prometheus | [`exporter`] |
//! | watch resets, throttling and faults | [`events`] |
//! | change a power cap and go back | [`control`] |
//! | move from another library or from AMD's tools | [`porting`] |
//! | teach the library a file of the kernel, or add a machine to its tests | [`extending`] |

#[doc = include_str!("getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("container.md")]
pub mod container {}

#[doc = include_str!("ci.md")]
pub mod ci {}

#[doc = include_str!("exporter.md")]
pub mod exporter {}

#[doc = include_str!("events.md")]
pub mod events {}

#[doc = include_str!("control.md")]
pub mod control {}

#[doc = include_str!("porting.md")]
pub mod porting {}

#[doc = include_str!("extending.md")]
pub mod extending {}
