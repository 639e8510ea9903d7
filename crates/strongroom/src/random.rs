//! The operating system's randomness. The only file that names `rand`.

use rand::TryRng;
use rand::rngs::SysRng;

use crate::Error;

/// Fills `out` from the operating system.
///
/// # Errors
/// [`Error::NoRandomness`]; nothing weaker is tried.
pub(crate) fn fill(out: &mut [u8]) -> Result<(), Error> {
    SysRng.try_fill_bytes(out).map_err(|_| Error::NoRandomness)
}

/// Public random bytes, such as an id or a salt.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut out = [0; N];
    fill(&mut out)?;
    Ok(out)
}
