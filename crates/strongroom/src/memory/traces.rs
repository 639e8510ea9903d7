//! What work with secrets leaves behind where no value of ours lies: on the stack, in registers, in freed memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;

use super::wipe;

/// How much of the stack below a piece of work is wiped after it. The deepest of it, Argon2 in an unoptimised build,
/// uses less. A thread that opens a vault needs a stack of 128 KiB, which is what the smallest C libraries give.
const STACK: usize = 64 * 1024;

/// The same for a hash, a derivation, a multiplication or a cipher alone.
const PRIMITIVE_STACK: usize = 8 * 1024;

/// Does the work, then wipes what it left on the stack and in the registers.
///
/// Ciphers and hashes keep their state on the stack, and moving a value leaves it where it was: no type can wipe that.
/// The functions of this library that meet keys do it themselves; it is for what a program does with an exposed secret,
/// such as signing a request. On processors other than x86-64 the registers stay as they are. It takes 64 KiB of the
/// stack, as much as opening a vault.
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

/// The vector registers, through which keys and copies go, and in which ciphers keep their round keys. The others are
/// used again at once.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn wipe_registers() {
    // Declared as overwritten, so that the compiler keeps nothing there.
    macro_rules! overwrite {
        ($($instruction:literal),*) => {
            // SAFETY: it writes to registers only. Those that can be declared are; the others, from 16 on, the compiler
            // does not use, unless it was told that the processor has them, and then they hold nothing across this call,
            // because no function has to keep them.
            unsafe {
                std::arch::asm!(
                    $($instruction),*,
                    out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                    out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                    out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                    options(nomem, nostack, preserves_flags),
                );
            }
        };
    }
    if std::arch::is_x86_feature_detected!("avx") {
        overwrite!("vzeroall");
        if std::arch::is_x86_feature_detected!("avx512f") {
            // Ciphers that look for it use these for their round keys.
            overwrite!(
                "vpxord zmm16, zmm16, zmm16",
                "vpxord zmm17, zmm17, zmm17",
                "vpxord zmm18, zmm18, zmm18",
                "vpxord zmm19, zmm19, zmm19",
                "vpxord zmm20, zmm20, zmm20",
                "vpxord zmm21, zmm21, zmm21",
                "vpxord zmm22, zmm22, zmm22",
                "vpxord zmm23, zmm23, zmm23",
                "vpxord zmm24, zmm24, zmm24",
                "vpxord zmm25, zmm25, zmm25",
                "vpxord zmm26, zmm26, zmm26",
                "vpxord zmm27, zmm27, zmm27",
                "vpxord zmm28, zmm28, zmm28",
                "vpxord zmm29, zmm29, zmm29",
                "vpxord zmm30, zmm30, zmm30",
                "vpxord zmm31, zmm31, zmm31"
            );
        }
    } else {
        overwrite!(
            "xorps xmm0, xmm0",
            "xorps xmm1, xmm1",
            "xorps xmm2, xmm2",
            "xorps xmm3, xmm3",
            "xorps xmm4, xmm4",
            "xorps xmm5, xmm5",
            "xorps xmm6, xmm6",
            "xorps xmm7, xmm7",
            "xorps xmm8, xmm8",
            "xorps xmm9, xmm9",
            "xorps xmm10, xmm10",
            "xorps xmm11, xmm11",
            "xorps xmm12, xmm12",
            "xorps xmm13, xmm13",
            "xorps xmm14, xmm14",
            "xorps xmm15, xmm15"
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn wipe_registers() {}

/// The system's allocator, which wipes everything that is given back.
///
/// This library wipes what it owns. What other libraries make of it (a parser its unescaped strings, a client its
/// requests, a list its old self when it grows) is freed as it is, and stays readable until that memory is used again.
/// A program that makes this its allocator has none of that:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;
/// # fn main() {}
/// ```
///
/// It costs writing freed memory once, and that growing is always a move.
pub struct WipingAllocator;

// SAFETY: everything is the system allocator's, called with what it gave and the layout it was asked for. `realloc` is
// the provided one: allocate, copy, deallocate.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller promises that it is a block of this layout, and uses it no more.
        unsafe {
            wipe(start, layout.size());
            System.dealloc(start, layout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_comes_back_and_what_was_below_is_gone() {
        #[inline(never)]
        fn leave_traces() -> usize {
            let mut array = [0xa5u8; 4096];
            black_box(&mut array);
            array.as_ptr() as usize
        }
        assert!(without_traces(leave_traces) != 0);
    }

    #[test]
    fn the_wiping_allocator_gives_and_takes() {
        let layout = Layout::from_size_align(100, 8).unwrap();
        // SAFETY: allocated, written inside, grown and freed with its own layout.
        unsafe {
            let start = WipingAllocator.alloc(layout);
            assert!(!start.is_null());
            start.write_bytes(7, 100);
            let larger = WipingAllocator.realloc(start, layout, 5000);
            assert!((0..100).all(|index| larger.add(index).read() == 7));
            WipingAllocator.dealloc(larger, Layout::from_size_align(5000, 8).unwrap());
        }
    }
}
