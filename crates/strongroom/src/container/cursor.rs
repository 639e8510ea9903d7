//! A reader over untrusted bytes: every step checks what is left.

use crate::error::FormatError;

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    /// The next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, _) =
            self.rest().split_first_chunk::<N>().ok_or(FormatError::Malformed { rule: "it ends early" })?;
        self.at += N;
        Ok(*taken)
    }

    /// Whether so many bytes are left.
    pub(super) fn has(&self, count: usize) -> Result<(), FormatError> {
        if self.rest().len() >= count { Ok(()) } else { Err(FormatError::Malformed { rule: "it ends early" }) }
    }

    pub(super) fn u8(&mut self) -> Result<u8, FormatError> {
        Ok(self.take::<1>()?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, FormatError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, FormatError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}
