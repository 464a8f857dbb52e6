//! Where C's calls come in.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::abi::status::{Outcome, Status};

/// Runs the body of a C function: its error becomes the status, and a panic ends here.
///
/// A body may be left in the middle: it owns what it works on, and the session's lock is taken over from a
/// thread that panicked under it.
pub(crate) fn answer(body: impl FnOnce() -> Outcome) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::SUCCESS,
        Ok(Err(status)) => status,
        Err(_) => Status::INTERNAL_EXCEPTION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_status() {
        assert_eq!(answer(|| Ok(())), Status::SUCCESS);
        assert_eq!(answer(|| Err(Status::BUSY)), Status::BUSY);
        assert_eq!(answer(|| panic!("on purpose")), Status::INTERNAL_EXCEPTION);
    }
}
