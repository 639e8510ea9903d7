//! What Argon2 is asked for by one test, while others run beside it.
//!
//! A test that opens a hundred thousand files asks for the same few runs again and again. Argon2 is a function, so such
//! a test may have them remembered; each still counts.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::KdfCost;

type Asked = (Vec<u8>, [u8; 16], u32, u8);

#[derive(Default)]
struct Runs {
    costs: Vec<KdfCost>,
    remembered: Option<BTreeMap<Asked, [u8; 32]>>,
}

thread_local! {
    static RUNS: RefCell<Runs> = RefCell::default();
}

/// From now on this thread computes nothing twice.
pub(crate) fn remember() {
    RUNS.with_borrow_mut(|runs| runs.remembered = Some(BTreeMap::new()));
}

/// The costs of all runs of this thread since the last call.
pub(crate) fn take_costs() -> Vec<KdfCost> {
    RUNS.with_borrow_mut(|runs| std::mem::take(&mut runs.costs))
}

fn asked(passphrase: &[u8], salt: &[u8; 16], cost: KdfCost) -> Asked {
    (passphrase.to_owned(), *salt, cost.memory_kib, cost.passes)
}

pub(super) fn recall(passphrase: &[u8], salt: &[u8; 16], cost: KdfCost, out: &mut [u8; 32]) -> bool {
    RUNS.with_borrow_mut(|runs| {
        runs.costs.push(cost);
        let known = runs.remembered.as_ref().and_then(|known| known.get(&asked(passphrase, salt, cost)));
        known.map(|known| *out = *known).is_some()
    })
}

pub(super) fn keep(passphrase: &[u8], salt: &[u8; 16], cost: KdfCost, out: &[u8; 32]) {
    RUNS.with_borrow_mut(|runs| {
        if let Some(known) = &mut runs.remembered {
            known.insert(asked(passphrase, salt, cost), *out);
        }
    });
}
