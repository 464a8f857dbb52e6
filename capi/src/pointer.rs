//! Pointers that C passes. This file alone follows them.
//!
//! Each type is the bare pointer, so a C function can take it as an argument; only C, or an `unsafe` block of a
//! test, can make one. They stand for the caller's promise, which AMD's header gives for each argument: the pointer
//! is null, or it points to what the function expects, which nobody else uses during the call. Null is checked
//! here, alignment is not needed: the wrapper declares its structs packed, so Python need not align them.

use std::ffi::c_char;

use crate::abi::layout::{Cut, Plain};
use crate::abi::status::{Outcome, Status};

/// Declares the pointer types.
macro_rules! pointers {
    ($($(#[$doc:meta])* $name:ident<$($t:ident)?>($raw:ty);)*) => {$(
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Debug)]
        pub struct $name$(<$t>)?($raw);

        impl$(<$t>)? $name$(<$t>)? {
            /// Takes C's place.
            ///
            /// # Safety
            /// What this file's first lines ask of a caller.
            pub unsafe fn new(pointer: $raw) -> Self {
                $name(pointer)
            }

            /// Returns `true` for a null pointer.
            pub fn is_null(&self) -> bool {
                self.0.is_null()
            }

            /// INVAL if it is null: for functions of which AMD's library says so before it looks at anything else.
            pub fn not_null(&self) -> Outcome {
                if self.0.is_null() { Err(Status::INVAL) } else { Ok(()) }
            }
        }
    )*};
}

pointers! {
    /// Where one value goes to.
    Out<T>(*mut T);
    /// One value that is read, and replaced: mostly a count.
    InOut<T>(*mut T);
    /// Several values, as many as another argument says.
    Array<T>(*mut T);
    /// A text, as long as another argument says.
    Chars<>(*mut c_char);
}

impl<T> Out<T> {
    /// Gives the value to the caller.
    ///
    /// Bodies call this last, when they have the value: a null pointer is how C programs ask whether a function is
    /// supported, and INVAL is the answer for "it is" (gpu-agent, and AMD's own tests). AMD's library does so in about
    /// half of its functions; the others ask `not_null` first, as it does.
    pub(crate) fn put(self, value: T) -> Outcome {
        if self.0.is_null() {
            return Err(Status::INVAL);
        }
        // SAFETY: not null, so by the caller's promise it points to memory for a `T`. Nothing there is dropped:
        // C's types own nothing.
        unsafe { self.0.write_unaligned(value) };
        Ok(())
    }
}

impl<T: Plain> InOut<T> {
    /// The value that the caller wrote there.
    pub(crate) fn get(&self) -> Result<T, Status> {
        if self.0.is_null() {
            return Err(Status::INVAL);
        }
        // SAFETY: not null, so by the caller's promise it points to a `T` that the caller filled in.
        Ok(unsafe { self.0.read_unaligned() })
    }

    /// Replaces the value.
    pub(crate) fn put(&self, value: T) -> Outcome {
        if self.0.is_null() {
            return Err(Status::INVAL);
        }
        // SAFETY: as for `get`; the memory is the caller's to be written.
        unsafe { self.0.write_unaligned(value) };
        Ok(())
    }
}

impl<T: Plain> Array<T> {
    /// The first `count` values that the caller wrote there. More than `most` are INVAL: nobody has as many, and a
    /// length that was never set is not to make this process run out of memory.
    pub(crate) fn get(&self, count: usize, most: usize) -> Result<Vec<T>, Status> {
        if self.0.is_null() || count > most {
            return Err(Status::INVAL);
        }
        let at = |index| {
            // SAFETY: not null, so by the caller's promise there are `count` values, and `index` is below it.
            unsafe { self.0.add(index).read_unaligned() }
        };
        Ok((0..count).map(at).collect())
    }

    /// Where the value of an index stands. Nothing is read there.
    pub(crate) fn address(&self, index: usize) -> *const T {
        self.0.wrapping_add(index)
    }

    /// Gives values to the caller, of whom there is room for `room`.
    pub(crate) fn put(&self, values: &[T], room: usize) -> Outcome {
        if self.0.is_null() {
            return Err(Status::INVAL);
        }
        for (index, value) in values.iter().take(room).enumerate() {
            // SAFETY: not null, so by the caller's promise there is memory for `room` values, and `index` is
            // below it.
            unsafe { self.0.add(index).write_unaligned(*value) };
        }
        Ok(())
    }
}

/// A text of the caller's in a struct that is passed by value: up to its NUL, and at most so many characters.
pub(crate) fn text(text: *const c_char, most: usize) -> String {
    let at = |index| {
        // SAFETY: `text` is not followed if it is null; else by the caller's promise it ends with a NUL, behind which nothing
        // is read.
        unsafe { text.add(index).read() as u8 }
    };
    let bytes = (0..if text.is_null() { 0 } else { most }).map(at).take_while(|byte| *byte != 0);
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

impl Chars {
    /// Gives a text to the caller, with a NUL behind it; what does not fit into `room` is cut off between two
    /// characters and told by INSUFFICIENT_SIZE.
    pub(crate) fn put(self, text: &str, room: usize) -> Outcome {
        let last = room.checked_sub(1).ok_or(Status::INVAL)?;
        let cut = text.floor_char_boundary_before(last);
        let mut bytes = text.as_bytes().get(..cut).unwrap_or_default().to_vec();
        bytes.push(0);
        // `c_char` is one of `u8` and `i8`, by the processor.
        let bytes: Vec<c_char> = bytes.into_iter().map(|byte| byte as c_char).collect();
        if self.0.is_null() {
            return Err(Status::INVAL);
        }
        for (index, byte) in bytes.iter().enumerate() {
            // SAFETY: not null, so by the caller's promise there are `room` characters, and there are at most as
            // many bytes.
            unsafe { self.0.add(index).write(*byte) };
        }
        if cut < text.len() { Err(Status::INSUFFICIENT_SIZE) } else { Ok(()) }
    }
}

/// Gives a list to a caller who said how much room there is, and says how many there are; without a list only that.
pub(crate) fn listed<T: Plain>(count: InOut<u32>, list: Array<T>, items: &[T]) -> Outcome {
    let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
    if list.is_null() {
        return count.put(total);
    }
    let room = count.get()?;
    list.put(items, room as usize)?;
    count.put(total.min(room))?;
    if room < total { Err(Status::INSUFFICIENT_SIZE) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_refused() {
        // SAFETY: null.
        unsafe {
            assert_eq!(Out::<u32>::new(std::ptr::null_mut()).put(1), Err(Status::INVAL));
            assert_eq!(InOut::<u32>::new(std::ptr::null_mut()).get(), Err(Status::INVAL));
            assert_eq!(Array::<u32>::new(std::ptr::null_mut()).put(&[1], 1), Err(Status::INVAL));
            assert_eq!(Chars::new(std::ptr::null_mut()).put("a", 2), Err(Status::INVAL));
        }
    }

    #[test]
    fn more_than_anybody_has_is_refused() {
        let mut numbers = [1u32, 2];
        // SAFETY: two values, of which two are read.
        let array = unsafe { Array::new(numbers.as_mut_ptr()) };
        assert_eq!(array.get(2, 2), Ok(vec![1, 2]));
        assert_eq!(array.get(3, 2), Err(Status::INVAL));
        assert_eq!(array.get(usize::MAX, 2), Err(Status::INVAL));
    }

    #[test]
    fn nothing_is_written_behind_the_room() {
        let mut text = [b'x' as c_char; 4];
        // SAFETY: room for 3 of 4.
        let outcome = unsafe { Chars::new(text.as_mut_ptr()) }.put("a\u{e4}b", 3);
        assert_eq!(outcome, Err(Status::INSUFFICIENT_SIZE));
        assert_eq!(text.map(|byte| byte as u8), *b"a\0xx");
        let mut numbers = [0u32; 3];
        // SAFETY: room for 2 of 3.
        let outcome = unsafe { Array::new(numbers.as_mut_ptr()) }.put(&[1, 2, 3], 2);
        assert_eq!((outcome, numbers), (Ok(()), [1, 2, 0]));
    }
}
