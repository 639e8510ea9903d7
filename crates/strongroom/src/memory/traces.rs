//! What work with secrets leaves behind where no value of ours lies: on the stack and in registers.

#![forbid(unsafe_code)]

use std::hint::black_box;

use super::wipe_registers;

/// How much of the stack below a piece of work is wiped after it. The deepest of it, Argon2 in an unoptimised build,
/// uses less. A thread that opens or reads a vault needs a stack of 128 KiB, which is what the smallest C libraries give.
const STACK: usize = 64 * 1024;

/// The same for a hash, a derivation, a multiplication or a cipher alone.
const PRIMITIVE_STACK: usize = 8 * 1024;

/// Does the work, then wipes what it left on the stack and in the registers.
///
/// Ciphers and hashes keep their state on the stack, and moving a value leaves it where it was: no type can wipe that.
/// The functions of this library that meet keys do it themselves; it is for what a program does with an exposed secret,
/// such as signing a request. On processors other than x86-64 the registers stay as they are.
///
/// It writes 64 KiB of the stack below the work, at every call, and so do opening a vault, reading a record, a value or
/// everything from it, checking and saving it: a thread that does any of this needs a stack of 128 KiB.
///
/// ```
/// let secret = strongroom::Secret::copy_of("EXAMPLE");
/// let signature = strongroom::without_traces(|| secret.expose_secret().bytes().fold(0u8, u8::wrapping_add));
/// # assert_eq!(signature, 12);
/// ```
#[inline(never)]
pub fn without_traces<T>(work: impl FnOnce() -> T) -> T {
    let result = further_down(work);
    wipe_stack::<STACK>();
    wipe_registers();
    result
}

/// As [`without_traces`] for one run of a primitive, before its result becomes part of anything.
///
/// Where a result is put together on a stack with traces, they fill its unused bytes, and moving it takes them along to
/// where no wiping reaches. So each primitive wipes its own, and what calls them is wiped once at the end.
#[inline(never)]
pub(crate) fn primitive<T>(work: impl FnOnce() -> T) -> T {
    let result = further_down(work);
    wipe_stack::<PRIMITIVE_STACK>();
    result
}

/// Does the work a little deeper than where [`wipe_stack`] begins to write: that has a few words of its own above.
#[inline(never)]
fn further_down<T>(work: impl FnOnce() -> T) -> T {
    let mut distance = [0u8; 512];
    black_box(&mut distance);
    let result = in_its_frame(work);
    black_box(&mut distance);
    result
}

#[inline(never)]
fn in_its_frame<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe_stack<const SIZE: usize>() {
    let mut below = [0u8; SIZE];
    black_box(&mut below);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That nothing is left is proven from outside, in the images of a process that tests/memory takes.
    #[test]
    fn what_the_work_gives_comes_back() {
        #[inline(never)]
        fn work() -> [u8; 4096] {
            black_box([0xa5; 4096])
        }
        assert_eq!(without_traces(work), [0xa5; 4096]);
        assert_eq!(primitive(work), [0xa5; 4096]);
    }
}
