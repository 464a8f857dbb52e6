//! HSMP, the mailbox of the management firmware in EPYC processors and MI300A: messages, answers, tables, attributes.
//!
//! A [`Message`] has a number, and the kernel's driver has a table that says how many words each takes and gives
//! (`hsmp_msg_desc_table` of amd_hsmp.h). The table changed between versions of the driver ([`DriverTable`]), and a
//! request with other sizes is refused with EINVAL (`validate_message`). The processor knows fewer messages than the
//! driver: which ones its [protocol](offered) decides.
//!
//! All of a request fits into one word: [`request`] packs it, [`answer`] takes the words apart that come back.
//! [`table`] reads `metrics_bin`, [`attribute`] the text files of the driver.

pub mod answer;
pub mod attribute;
mod message;
mod protocol;
pub mod request;
pub mod table;

pub use message::{DriverTable, Message, MessageKind, Sizes};
pub use protocol::{HsmpLink, LinkNames, offered};
