//! Prometheus exporter for AMD GPUs.
//!
//! A [`Page`](page::Page) is what one look at a machine found; an [`Observer`](observer::Observer) looks, and
//! [`exposition`] writes the page down. One list, [`catalogue`], has all metrics. The program serves
//! pages over HTTP ([`server`]).

#![deny(unsafe_code)]

pub mod args;
pub mod catalogue;
pub mod compatibility;
pub mod deadline;
mod events;
pub mod exposition;
mod facts;
mod history;
pub mod machine;
pub mod observer;
pub mod own;
pub mod page;
pub mod pages;
mod quantity;
mod scan;
pub mod selection;
pub mod server;
mod sockets;
pub mod textfile;
#[cfg(feature = "tls")]
mod tls;
mod watch;
pub mod web_config;
mod worker;
pub mod workload;
