//! That the search finds what is there: a search that finds nothing proves nothing.

use std::collections::BTreeSet;

use strongroom_tests::encodings;

use crate::fixture::random_text;
use crate::image::{Image, Place, Segment};
use crate::needles::Needles;

fn forms_found(needles: &Needles, bytes: Vec<u8>) -> BTreeSet<&'static str> {
    let image = Image { kind: "control", segments: vec![Segment { start: 0, place: Place::Heap, bytes }] };
    needles.find(&image).keys().map(|(_, form, _)| *form).collect()
}

#[test]
fn every_form_of_a_secret_is_found_and_every_long_part_of_it() {
    let text = format!("{}'\"\\$/+= {}", random_text(), random_text());
    let mut needles = Needles::default();
    needles.text("control", &text);
    let needles = needles.build();
    let forms = encodings(text.as_bytes());
    assert_eq!(forms.len(), 14);
    for (form, bytes) in &forms {
        let mut noise = random_text().into_bytes();
        noise.extend(bytes);
        noise.extend(random_text().bytes());
        assert!(!forms_found(&needles, noise).is_empty(), "{form} is not found");
    }
    for start in 0..text.len() - 17 {
        let found = forms_found(&needles, text.as_bytes()[start..start + 17].to_vec());
        assert!(found.contains("raw"), "a part that begins at {start} is not found");
    }
    assert!(forms_found(&needles, random_text().into_bytes()).is_empty());
}

#[test]
fn every_long_part_of_a_key_is_found() {
    let key: Vec<u8> = random_text().bytes().chain(random_text().bytes()).take(32).map(|byte| byte ^ 0x80).collect();
    let mut needles = Needles::default();
    needles.key("control", &key);
    let needles = needles.build();
    for start in 0..=32 - 15 {
        assert!(forms_found(&needles, key[start..start + 15].to_vec()).contains("raw"), "{start}");
    }
}
