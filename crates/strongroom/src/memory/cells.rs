//! Small memory for secrets: cells of pages that are locked and kept out of dumps, wiped before they are used again.
//!
//! A page for each key would be a system call for each, and more of the limit on locked memory than there is. So cells of
//! a few sizes share pages, as an allocator's do. Pages are never given back: there are as many as were in use at once.

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use super::{Region, sys, wipe};

/// Bytes of a fixed length, zeros at first, wiped when dropped. Large ones have a region of their own.
///
/// Where the system gives no such memory it is ordinary memory, wiped all the same: a key must have a place.
pub(crate) struct Cell {
    place: Place,
    len: usize,
}

enum Place {
    Shared(Shared),
    Own(Region),
    Ordinary(Box<[u8]>),
}

/// A cell of shared pages.
struct Shared {
    start: NonNull<u8>,
    class: usize,
}

// SAFETY: a cell owns its memory alone until it is dropped; no other has the pointer.
unsafe impl Send for Shared {}
// SAFETY: shared access only reads.
unsafe impl Sync for Shared {}

/// The sizes of cells. What is larger gets a region.
const CLASSES: [usize; 7] = [64, 128, 256, 512, 1024, 2048, 4096];

/// How much is mapped at a time for one size.
const SLAB: usize = 64 * 1024;

static POOL: Mutex<[Class; CLASSES.len()]> = Mutex::new([const { Class::new() }; CLASSES.len()]);

/// Free cells of one size. All of them are zeros.
struct Class {
    returned: Vec<Shared>,
    /// Of the newest slab, what was never handed out.
    fresh: Option<NonNull<u8>>,
    fresh_cells: usize,
}

// SAFETY: the pointer is to memory that only the pool hands out, under its lock.
unsafe impl Send for Class {}

impl Class {
    const fn new() -> Class {
        Class { returned: Vec::new(), fresh: None, fresh_cells: 0 }
    }

    fn take(&mut self, class: usize) -> Option<Shared> {
        if let Some(returned) = self.returned.pop() {
            return Some(returned);
        }
        if self.fresh_cells == 0 {
            let mapping = sys::map(SLAB, false).ok()?;
            mapping.lock();
            self.fresh = NonNull::new(mapping.start());
            self.fresh_cells = SLAB / CLASSES[class];
            // It stays for the life of the process.
            std::mem::forget(mapping);
        }
        let start = self.fresh?;
        self.fresh_cells -= 1;
        // SAFETY: there was another cell at `start`, so the next one begins inside of the slab or at its end.
        self.fresh = Some(unsafe { start.add(CLASSES[class]) });
        Some(Shared { start, class })
    }
}

impl Cell {
    /// Zeros.
    pub(crate) fn zeros(len: usize) -> Cell {
        let place = match CLASSES.iter().position(|&size| len <= size) {
            Some(class) => {
                let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
                pool[class].take(class).map(Place::Shared)
            }
            None => Region::for_secrets(len).ok().map(Place::Own),
        };
        Cell { place: place.unwrap_or_else(|| Place::Ordinary(vec![0; len].into_boxed_slice())), len }
    }

    /// A copy of bytes that the caller keeps and wipes.
    pub(crate) fn copy_of(bytes: &[u8]) -> Cell {
        let mut cell = Cell::zeros(bytes.len());
        cell.copy_from_slice(bytes);
        cell
    }
}

impl Deref for Cell {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.place {
            // SAFETY: the cell's class is at least `len` initialised bytes.
            Place::Shared(shared) => unsafe { std::slice::from_raw_parts(shared.start.as_ptr(), self.len) },
            Place::Own(region) => region,
            Place::Ordinary(bytes) => bytes,
        }
    }
}

impl DerefMut for Cell {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.place {
            // SAFETY: as above, and borrowed mutably.
            Place::Shared(shared) => unsafe { std::slice::from_raw_parts_mut(shared.start.as_ptr(), self.len) },
            Place::Own(region) => region,
            Place::Ordinary(bytes) => bytes,
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        match &mut self.place {
            Place::Shared(shared) => {
                let Shared { start, class } = *shared;
                // SAFETY: the cell is this long, and nobody borrows it any more.
                unsafe { wipe(start.as_ptr(), CLASSES[class]) };
                let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
                pool[class].returned.push(Shared { start, class });
            }
            Place::Own(_) => {}
            // SAFETY: the box is this long, and nobody borrows it any more.
            Place::Ordinary(bytes) => unsafe { wipe(bytes.as_mut_ptr(), bytes.len()) },
        }
    }
}

/// A text in a cell.
pub(crate) struct Text(Cell);

impl Text {
    /// A copy of a text that the caller keeps and wipes.
    pub(crate) fn copy_of(text: &str) -> Text {
        Text(Cell::copy_of(text.as_bytes()))
    }

    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: it is the copy of a text, and nothing writes to it.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_zeros_again_whatever_was_in_them() {
        for len in [0, 1, 32, 64, 65, 4096, 4097, 100_000] {
            let mut cells: Vec<Cell> = (0..3).map(|_| Cell::zeros(len)).collect();
            for cell in &mut cells {
                assert_eq!(cell.len(), len);
                assert!(cell.iter().all(|&byte| byte == 0));
                cell.fill(7);
            }
        }
    }

    #[test]
    fn no_two_cells_share_a_byte() {
        let mut cells: Vec<Cell> = (0..5000usize).map(|index| Cell::zeros(1 + index % 300)).collect();
        for (index, cell) in cells.iter_mut().enumerate() {
            cell.fill(index as u8);
        }
        for (index, cell) in cells.iter().enumerate() {
            assert!(cell.iter().all(|&byte| byte == index as u8), "cell {index}");
        }
    }

    #[test]
    fn threads_use_cells_of_each_other() {
        std::thread::scope(|scope| {
            for thread in 0..4u8 {
                scope.spawn(move || {
                    for round in 0..2000usize {
                        let cell = Cell::copy_of(&vec![thread; 1 + round % 200]);
                        assert!(cell.iter().all(|&byte| byte == thread));
                    }
                });
            }
        });
    }
}
