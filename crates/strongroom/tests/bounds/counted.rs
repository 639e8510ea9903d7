//! How memory is counted here, and numbers that are the same in every run.

#[cfg(target_os = "linux")]
use std::fs;
use std::sync::{Mutex, MutexGuard};

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Allocations and KDF runs are counted for the whole process, so its tests go one after the other.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    // Parsed once, when somebody first asks: that is no text's doing.
    let _ = strongroom::registry::exchange("okx");
    ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The most that was allocated at once while `work` ran, in bytes.
pub fn allocated(work: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    work();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

/// Runs `work` with only so many bytes of address space beside what is mapped already: whoever maps more gets an error.
///
/// The allocator sees the heap only; files are read into mappings of their own, and Argon2 has one too.
pub fn within<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
        let mapped = line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024;
        let before = getrlimit(Resource::As);
        let limit = |current| setrlimit(Resource::As, Rlimit { current, ..before }).unwrap();
        limit(Some(mapped + bytes as u64));
        let answer = work();
        limit(before.current);
        answer
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = bytes;
        work()
    }
}

/// Numbers without a pattern that matters, the same in every run (xorshift64*).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = self.next() as u8);
    }
}
