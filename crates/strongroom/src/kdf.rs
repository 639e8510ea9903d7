//! Argon2id (RFC 9106), version 0x13, one lane. The only file that names `argon2`, but for the block type.
//!
//! The crate's convenient call frees its memory as it is, so we bring our own: on huge pages, left out of dumps, wiped.

mod available;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, Params, Version};

use crate::error::{Error, UnlockError};
use crate::memory::{Region, primitive};

/// What Argon2id costs: memory in KiB and passes over it. Always one lane.
///
/// There are presets and no calibration: what is calibrated on one machine breaks on the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    /// Memory in KiB, from 19 MiB to 1 GiB.
    pub memory_kib: u32,
    /// Passes, from 2 to 16.
    pub passes: u8,
}

impl KdfCost {
    /// The least a vault may have: 19 MiB, 2 passes. For tests, and for generated passphrases on tiny machines.
    pub const MINIMUM: KdfCost = KdfCost { memory_kib: 19 * 1024, passes: 2 };
    /// 64 MiB, 4 passes: for servers with 512 MB.
    pub const SMALL: KdfCost = KdfCost { memory_kib: 64 * 1024, passes: 4 };
    /// 256 MiB, 3 passes.
    pub const STANDARD: KdfCost = KdfCost { memory_kib: 256 * 1024, passes: 3 };
    /// 1 GiB, 4 passes.
    pub const PARANOID: KdfCost = KdfCost { memory_kib: 1024 * 1024, passes: 4 };

    /// At most 4 GiB-passes a slot, in KiB-passes.
    pub(crate) const MOST_PER_SLOT: u64 = 4 << 20;
    /// At most 16 GiB-passes over all slots tried in one unlock, in KiB-passes.
    pub(crate) const MOST_PER_UNLOCK: u64 = 16 << 20;

    /// Memory times passes, in KiB-passes.
    pub(crate) fn product(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// Whether it is inside the limits of SPEC.md.
    pub(crate) fn is_allowed(self) -> bool {
        (19 * 1024..=1024 * 1024).contains(&self.memory_kib)
            && (2..=16).contains(&self.passes)
            && self.product() <= KdfCost::MOST_PER_SLOT
    }
}

static RUNS: AtomicU64 = AtomicU64::new(0);

/// How often Argon2 ran in this process; so that tests count it instead of measuring time.
pub fn kdf_runs() -> u64 {
    RUNS.load(Ordering::Relaxed)
}

/// `Argon2id v0x13(passphrase, salt, m, t, p = 1)` into `out`, 32 bytes.
///
/// # Errors
/// [`UnlockError::NotEnoughMemory`] before it starts, when the system or the control group has less than it takes.
pub(crate) fn argon2id(passphrase: &[u8], salt: &[u8; 16], cost: KdfCost, out: &mut [u8; 32]) -> Result<(), Error> {
    debug_assert!(cost.is_allowed());
    #[cfg(test)]
    if testing::recall(passphrase, salt, cost, out) {
        return Ok(());
    }
    let needed_kib = u64::from(cost.memory_kib);
    let not_enough = |available_kib| Error::from(UnlockError::NotEnoughMemory { needed_kib, available_kib });
    if let Some(available_kib) = memory_kib()
        && available_kib < needed_kib
    {
        return Err(not_enough(available_kib));
    }
    let params = Params::new(cost.memory_kib, u32::from(cost.passes), 1, Some(32))
        .expect("the limits of KdfCost are inside those of RFC 9106");
    let mut memory = Region::for_work(params.block_count() * size_of::<argon2::Block>())
        .map_err(|_| not_enough(memory_kib().unwrap_or(0)))?;
    RUNS.fetch_add(1, Ordering::Relaxed);
    fill(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), passphrase, salt, out, &mut memory);
    #[cfg(test)]
    testing::keep(passphrase, salt, cost, out);
    Ok(())
}

/// Argon2 as RFC 9106 has it, in memory of ours. Private: what we use of it is fixed above; published vectors, which
/// use more, come in here.
fn fill(argon2: &Argon2<'_>, passphrase: &[u8], salt: &[u8], out: &mut [u8; 32], memory: &mut Region) {
    primitive(|| {
        argon2
            .hash_password_into_with_memory(passphrase, salt, out, memory.blocks())
            .expect("salt, output and memory have the lengths that were asked for");
    });
}

#[cfg(not(test))]
use available::memory_kib;

/// What a vector says there is, or what there is.
#[cfg(test)]
fn memory_kib() -> Option<u64> {
    crate::vectors::AVAILABLE_KIB.get().or_else(available::memory_kib)
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};
    use data_encoding::HEXLOWER;

    use super::*;

    fn argon2id_of(argon2: &Argon2<'_>, passphrase: &[u8], salt: &[u8]) -> String {
        let mut memory = Region::for_work(argon2.params().block_count() * size_of::<argon2::Block>()).unwrap();
        let mut out = [0; 32];
        fill(argon2, passphrase, salt, &mut out, &mut memory);
        HEXLOWER.encode(&out)
    }

    #[test]
    fn the_vector_of_rfc_9106_comes_out_of_our_memory() {
        let mut builder = ParamsBuilder::new();
        builder.m_cost(32).t_cost(3).p_cost(4).output_len(32).data(AssociatedData::new(&[4; 12]).unwrap());
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let argon2 = Argon2::new_with_secret(&[3; 8], algorithm, version, builder.build().unwrap()).unwrap();
        let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
        assert_eq!(argon2id_of(&argon2, &[1; 32], &[2; 16]), expected);
    }

    /// Of `test.c` of phc-winner-argon2. Its salts have 8 bytes, ours 16: what has 16 is in `tests/vectors`, whose
    /// values come from that same implementation.
    #[test]
    fn the_vectors_of_the_reference_implementation_come_out_of_our_memory() {
        for (memory_kib, passes, passphrase, salt, expected) in [
            (1 << 16, 2, "password", "somesalt", "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"),
            (1 << 8, 2, "password", "somesalt", "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
            (1 << 16, 1, "password", "somesalt", "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
            (1 << 16, 4, "password", "somesalt", "9025d48e68ef7395cca9079da4c4ec3affb3c8911fe4f86d1a2520856f63172c"),
            (1 << 16, 2, "password", "diffsalt", "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"),
            (
                1 << 16,
                2,
                "differentpassword",
                "somesalt",
                "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde",
            ),
        ] {
            let params = Params::new(memory_kib, passes, 1, Some(32)).unwrap();
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            assert_eq!(argon2id_of(&argon2, passphrase.as_bytes(), salt.as_bytes()), expected);
        }
    }

    #[test]
    fn presets_are_inside_the_limits() {
        for cost in [KdfCost::MINIMUM, KdfCost::SMALL, KdfCost::STANDARD, KdfCost::PARANOID] {
            assert!(cost.is_allowed());
        }
        assert!(!KdfCost { memory_kib: 19 * 1024 - 1, passes: 2 }.is_allowed());
        assert!(!KdfCost { memory_kib: 1024 * 1024, passes: 5 }.is_allowed());
        assert!(!KdfCost { memory_kib: 64 * 1024, passes: 17 }.is_allowed());
    }
}
