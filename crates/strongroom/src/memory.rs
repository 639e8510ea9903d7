//! Memory for secrets and for Argon2: mapped by ourselves, kept out of dumps, wiped before it is given back.
//!
//! With the files below it, the one place with unsafe code: [`cells`] has small secrets, [`traces`] what lies where no
//! value of ours is. What the system does not offer (locking beyond the limit, huge pages) is done without: hygiene
//! reduces what lies around, it is no promise.

#![allow(unsafe_code)]

mod cells;
mod traces;

pub(crate) use cells::{Cell, Text};
pub(crate) use traces::primitive;
pub use traces::{WipingAllocator, without_traces};

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
        let region = Region { mapping: sys::map(len, false)?, len };
        region.mapping.lock();
        Ok(region)
    }

    /// `len` bytes for work on many pages: on huge pages where the system has them, never locked.
    ///
    /// # Errors
    /// The system's, when it has no such memory.
    pub(crate) fn for_work(len: usize) -> io::Result<Region> {
        Ok(Region { mapping: sys::map(len, true)?, len })
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
        // SAFETY: the mapping holds `len` bytes and nobody borrows them any more.
        unsafe { wipe(self.mapping.start(), self.len) };
    }
}

/// Zeros that are really written. A plain fill is many times faster than volatile bytes over Argon2's memory, and it
/// stays, because the compiler must think that somebody looks.
///
/// # Safety
/// `start` is valid for writes of `len` bytes.
unsafe fn wipe(start: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::write_bytes(start, 0, len) };
    std::hint::black_box(start);
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
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

    /// Maps `len` bytes; with `huge`, so aligned that huge pages can back all of it.
    pub(super) fn map(len: usize, huge: bool) -> io::Result<Mapping> {
        let len = len.max(1);
        let spare = if huge { HUGE_PAGE } else { 0 };
        let mapped = len.checked_add(spare).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a new anonymous mapping at an address of the system's choice touches nothing that exists.
        let base = unsafe {
            mmap_anonymous(std::ptr::null_mut(), mapped, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        }?;
        let offset = if huge { base.cast::<u8>().align_offset(HUGE_PAGE) } else { 0 };
        let mapping = Mapping { base, mapped, offset, len };
        // Advice may be refused by old kernels; the memory serves all the same.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            mapping.advise(Advice::LinuxDontDump);
            if huge {
                mapping.advise(Advice::LinuxHugepage);
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        mapping.advise(Advice::Normal);
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

        fn advise(&self, advice: Advice) {
            // SAFETY: none of the advice we give changes the contents, and the range is ours.
            let _ = unsafe { madvise(self.base, self.mapped, advice) };
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

    pub(super) fn map(len: usize, _huge: bool) -> io::Result<Mapping> {
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
        for len in [0, 1, 4096, 5 << 20] {
            let mut region = Region::for_work(len).unwrap();
            assert!(region.iter().all(|&byte| byte == 0));
            region.fill(7);
            assert_eq!(region.len(), len);
            assert!(region.iter().all(|&byte| byte == 7));
        }
    }

    #[test]
    fn blocks_cover_the_region() {
        let mut region = Region::for_work(64 * 1024).unwrap();
        assert_eq!(region.blocks().len(), 64);
    }
}
