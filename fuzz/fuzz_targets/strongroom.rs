#![no_main]

use libfuzzer_sys::fuzz_target;
use strongroom::formats::{self, ImportFormat, ImportOptions};
use strongroom::{Contents, Secret};

fuzz_target!(|text: &str| {
    let options = ImportOptions { exchange: Some("binance"), now: 1_700_000_000 };
    let _ = formats::detect(text);
    if let Ok(imported) = formats::read(ImportFormat::Strongroom, &Secret::copy_of(text), &options) {
        let _ = formats::merge_into(&mut Contents::default(), imported, false, 1_700_000_000);
    }
});
