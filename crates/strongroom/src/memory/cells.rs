//! Small memory for secrets: cells of pages that are locked and kept out of dumps, wiped before they are used again.
//!
//! A page for each key would be a system call for each, and more of the limit on locked memory than there is. So cells
//! of a few sizes share pages, as an allocator's do. Pages are never given back: there are as many as were in use at
//! once.

#![forbid(unsafe_code)]

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::{Region, for_ever, wipe};

/// Bytes of a fixed length, zeros at first, wiped when dropped. Large ones have a region of their own.
///
/// Where the system gives no such memory it is ordinary memory, wiped all the same: a key must have a place.
pub(crate) struct Cell {
    place: Place,
    len: usize,
}

enum Place {
    /// A part of pages that cells share, as long as its class. Nobody else has it until the cell is dropped.
    Shared(&'static mut [u8]),
    Own(Region),
    Ordinary(Box<[u8]>),
}

/// The sizes of cells. What is larger gets a region.
const CLASSES: [usize; 7] = [64, 128, 256, 512, 1024, 2048, 4096];

/// How much is mapped at a time for one size.
const SLAB: usize = 64 * 1024;

static POOL: Mutex<[Class; CLASSES.len()]> = Mutex::new([const { Class::new() }; CLASSES.len()]);

/// Free cells of one size. All of them are zeros.
struct Class {
    returned: Vec<&'static mut [u8]>,
    /// Of the newest pages, what was never handed out.
    fresh: &'static mut [u8],
}

impl Class {
    const fn new() -> Class {
        Class { returned: Vec::new(), fresh: &mut [] }
    }

    fn take(&mut self, size: usize) -> Option<&'static mut [u8]> {
        if let Some(returned) = self.returned.pop() {
            return Some(returned);
        }
        if self.fresh.is_empty() {
            self.fresh = for_ever(SLAB).ok()?;
        }
        let (cell, fresh) = std::mem::take(&mut self.fresh).split_at_mut_checked(size)?;
        self.fresh = fresh;
        Some(cell)
    }
}

/// The free cells of this size.
fn with_class<T>(class: usize, work: impl FnOnce(&mut Class) -> T) -> T {
    work(&mut POOL.lock().unwrap_or_else(PoisonError::into_inner)[class])
}

impl Cell {
    /// Zeros.
    pub(crate) fn zeros(len: usize) -> Cell {
        let place = match CLASSES.iter().position(|&size| len <= size) {
            Some(class) => with_class(class, |free| free.take(CLASSES[class])).map(Place::Shared),
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
            Place::Shared(shared) => &shared[..self.len],
            Place::Own(region) => region,
            Place::Ordinary(bytes) => bytes,
        }
    }
}

impl DerefMut for Cell {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.place {
            Place::Shared(shared) => &mut shared[..self.len],
            Place::Own(region) => region,
            Place::Ordinary(bytes) => bytes,
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        match &mut self.place {
            Place::Shared(shared) => {
                let shared = std::mem::take(shared);
                wipe(shared);
                if let Some(class) = CLASSES.iter().position(|&size| shared.len() == size) {
                    with_class(class, |free| free.returned.push(shared));
                }
            }
            Place::Own(_) => {}
            Place::Ordinary(bytes) => wipe(bytes),
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
        std::str::from_utf8(&self.0).expect("it is the copy of a text, and nothing writes to it")
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
