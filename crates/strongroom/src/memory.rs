//! Memory for secrets and for Argon2: mapped by ourselves, kept out of dumps, wiped before it is given back.
//!
//! The one file with unsafe code: pages, registers, and what the allocator gets back. What is made of them is below and
//! has none: [`cells`] has small secrets, [`traces`] what lies where no value of ours is. What the system does not
//! offer (locking beyond the limit, huge pages) is done without: hygiene reduces what lies around, it is no promise.

#![allow(unsafe_code)]

mod cells;
mod traces;

pub(crate) use cells::{Cell, Text};
pub(crate) use traces::primitive;
pub use traces::without_traces;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::ops::{Deref, DerefMut};

/// Anonymous memory that starts as zeros, is left out of core dumps, and is wiped when dropped.
pub(crate) struct Region {
    mapping: sys::Mapping,
    len: usize,
}

// SAFETY: a region owns its memory alone; nothing else has the pointer.
unsafe impl Send for Region {}
// SAFETY: shared access only reads.
unsafe impl Sync for Region {}

impl Region {
    /// `len` bytes for secrets: locked into memory as far as the limit allows.
    ///
    /// # Errors
    /// The system's, when it has no such memory.
    pub(crate) fn for_secrets(len: usize) -> io::Result<Region> {
        let region = Region { mapping: sys::map(len)?, len };
        region.mapping.lock();
        Ok(region)
    }

    /// `len` bytes for work on many pages, never locked.
    ///
    /// # Errors
    /// The system's, when it has no such memory.
    pub(crate) fn for_work(len: usize) -> io::Result<Region> {
        Ok(Region { mapping: sys::map(len)?, len })
    }

    /// The region as Argon2's blocks, as many as fit.
    pub(crate) fn blocks(&mut self) -> &mut [argon2::Block] {
        let count = self.len / size_of::<argon2::Block>();
        // SAFETY: a block is 128 u64 and so valid for all bytes; the mapping is aligned to a page, more than the
        // 64 bytes a block asks for, holds `count` of them, and is borrowed mutably for as long.
        unsafe { std::slice::from_raw_parts_mut(self.mapping.start().cast(), count) }
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping holds `len` initialised bytes.
        unsafe { std::slice::from_raw_parts(self.mapping.start(), self.len) }
    }
}

impl DerefMut for Region {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.mapping.start(), self.len) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        wipe(self);
    }
}

/// `len` bytes of zeros for secrets, locked as far as the limit allows, that stay for the life of the process.
///
/// # Errors
/// The system's, when it has no such memory.
fn for_ever(len: usize) -> io::Result<&'static mut [u8]> {
    let mapping = sys::map(len)?;
    mapping.lock();
    let start = mapping.start();
    // Never unmapped from here on.
    std::mem::forget(mapping);
    // SAFETY: the mapping holds `len` initialised bytes, stays for ever, and nobody else has the pointer.
    Ok(unsafe { std::slice::from_raw_parts_mut(start, len) })
}

/// Zeros that are really written. A plain fill is many times faster than volatile bytes over Argon2's memory, and it
/// stays, because the compiler must think that somebody looks.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
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
            // does not use, unless it was told that the processor has them, and then they hold nothing across this
            // call, because no function has to keep them.
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
            // Not `wipe`, which takes bytes that were written: not all of these need have been.
            start.write_bytes(0, layout.size());
            std::hint::black_box(start);
            System.dealloc(start, layout);
        }
    }
}

#[cfg(unix)]
mod sys {
    use std::ffi::c_void;
    use std::io;

    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

    const HUGE_PAGE: usize = 2 << 20;

    /// A mapping of our own. Unmapped when dropped.
    pub(super) struct Mapping {
        base: *mut c_void,
        mapped: usize,
        offset: usize,
        len: usize,
    }

    /// Maps `len` bytes, on huge pages where the system has them and as far as they are filled: reading a large vault
    /// into small ones takes three times as long.
    pub(super) fn map(len: usize) -> io::Result<Mapping> {
        let len = len.max(1);
        let filled = len / HUGE_PAGE * HUGE_PAGE;
        let spare = if filled > 0 { HUGE_PAGE } else { 0 };
        let mapped = len.checked_add(spare).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a new anonymous mapping at an address of the system's choice touches nothing that exists.
        let base = unsafe {
            mmap_anonymous(std::ptr::null_mut(), mapped, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        }?;
        let offset = if filled > 0 { base.cast::<u8>().align_offset(HUGE_PAGE) } else { 0 };
        let mapping = Mapping { base, mapped, offset, len };
        // Advice may be refused by old kernels; the memory serves all the same.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            mapping.advise(mapping.base, mapping.mapped, Advice::LinuxDontDump);
            if filled > 0 {
                mapping.advise(mapping.start().cast(), filled, Advice::LinuxHugepage);
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        mapping.advise(mapping.base, mapping.mapped, Advice::Normal);
        Ok(mapping)
    }

    impl Mapping {
        pub(super) fn start(&self) -> *mut u8 {
            // SAFETY: `offset` is below the spare space that `mapped` was enlarged by.
            unsafe { self.base.cast::<u8>().add(self.offset) }
        }

        pub(super) fn lock(&self) {
            // Locking can fail at the limit (8 MiB is common, 64 KiB on old systems).
            // SAFETY: locking does not change the contents, and the range is ours.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let _ = unsafe { rustix::mm::mlock_with(self.start().cast(), self.len, rustix::mm::MlockFlags::ONFAULT) };
            // SAFETY: as above.
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            let _ = unsafe { rustix::mm::mlock(self.start().cast(), self.len) };
        }

        /// Of a part of it.
        fn advise(&self, start: *mut c_void, len: usize, advice: Advice) {
            // SAFETY: none of the advice we give changes the contents, and the range is ours.
            let _ = unsafe { madvise(start, len, advice) };
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: the range is the one we mapped, and nothing points into it any more.
            let _ = unsafe { munmap(self.base, self.mapped) };
        }
    }
}

#[cfg(not(unix))]
mod sys {
    use std::io;

    /// Plain heap memory, aligned to 64 bytes: no locking and no advice here.
    pub(super) struct Mapping {
        _memory: Vec<argon2::Block>,
        start: *mut u8,
    }

    pub(super) fn map(len: usize) -> io::Result<Mapping> {
        let blocks = len.div_ceil(size_of::<argon2::Block>()).max(1);
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| io::ErrorKind::OutOfMemory)?;
        memory.resize(blocks, argon2::Block::new());
        let start = memory.as_mut_ptr().cast();
        Ok(Mapping { _memory: memory, start })
    }

    impl Mapping {
        pub(super) fn start(&self) -> *mut u8 {
            self.start
        }

        pub(super) fn lock(&self) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_start_as_zeros_and_hold_what_is_written() {
        for len in [0, 1, 4096, 2 << 20, (4 << 20) + 451] {
            for region in [Region::for_work(len), Region::for_secrets(len)] {
                let mut region = region.unwrap();
                assert!(region.iter().all(|&byte| byte == 0));
                region.fill(7);
                assert_eq!(region.len(), len);
                assert!(region.iter().all(|&byte| byte == 7));
            }
        }
    }

    #[test]
    fn blocks_cover_the_region() {
        let mut region = Region::for_work(64 * 1024).unwrap();
        assert_eq!(region.blocks().len(), 64);
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
