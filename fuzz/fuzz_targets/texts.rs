//! Machine keys, key files, recovery codes, passphrases and REFs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom::{KeyFile, MachineKey, RecoveryCode, Secret, Selection, Unlock};

fuzz_target!(|text: &str| {
    let secret = Secret::copy_of(text);
    if let Ok(key) = MachineKey::from_text(&secret) {
        assert_eq!(key.to_text().expose_secret(), text.trim_end());
    }
    if let Ok(key_file) = KeyFile::from_text(&secret) {
        assert_eq!(key_file.to_text().expose_secret(), text.trim_end());
    }
    if let Ok(code) = RecoveryCode::from_text(&secret) {
        assert!(RecoveryCode::from_text(&code.to_text()).is_ok());
    }
    let _ = Unlock::typed(&secret);
    if let Ok(selection) = text.parse::<Selection>() {
        assert_eq!(selection.to_string().parse::<Selection>(), Ok(selection));
    }
});
