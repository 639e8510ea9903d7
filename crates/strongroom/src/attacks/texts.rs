//! The texts of keys against single changes: each carries a checksum, so a changed one is noticed before any slot is
//! tried, and is never the text of another key.

use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::secret::Secret;

/// Every text that is one change away: a character replaced by any other of ASCII or by some beyond, removed, doubled,
/// brought in, or swapped with the next.
fn one_change_away(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let all = (0..128u8).map(char::from).chain(['é', '０', '\u{feff}', '🔑', 'Ⅰ', '\u{2010}']);
    let all: Vec<char> = all.collect();
    let mut changed: Vec<Vec<char>> = Vec::new();
    for at in 0..characters.len() {
        for character in &all {
            let mut replaced = characters.clone();
            replaced[at] = *character;
            let mut more = characters.clone();
            more.insert(at, *character);
            changed.extend([replaced, more]);
        }
        let mut fewer = characters.clone();
        fewer.remove(at);
        let mut swapped = characters.clone();
        swapped.swap(at, (at + 1).min(characters.len() - 1));
        changed.extend([fewer, swapped]);
    }
    changed.into_iter().map(String::from_iter).filter(|changed| changed != text).collect()
}

#[test]
fn every_single_change_of_a_machine_key_is_refused() {
    let mut bound = MachineKey::generate().unwrap();
    bound.bind([1; 16], [2; 16]);
    let mut tried = 0;
    for key in [MachineKey::generate().unwrap(), bound] {
        for changed in one_change_away(key.to_text().expose_secret()) {
            assert!(MachineKey::from_text(&Secret::copy_of(&changed)).is_err());
            assert!(KeyFile::from_text(&Secret::copy_of(&changed)).is_err());
            tried += 1;
        }
    }
    println!("texts: {tried} changed machine keys");
    assert!(tried >= 2 * 133 * 260);
}

#[test]
fn every_single_change_of_a_key_file_is_refused() {
    let mut tried = 0;
    for changed in one_change_away(KeyFile::generate().unwrap().to_text().expose_secret()) {
        assert!(KeyFile::from_text(&Secret::copy_of(&changed)).is_err());
        tried += 1;
    }
    println!("texts: {tried} changed key files");
    assert!(tried >= 84 * 260);
}

/// The 40 characters of a code, as section 6.4 reads them.
fn read_as(text: &str) -> String {
    let kept = text.chars().filter(|character| !matches!(character, '-' | ' ' | '\t'));
    let read = kept.map(|character| match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    read.collect()
}

#[test]
fn every_single_change_of_a_recovery_code_is_refused_or_another_spelling_of_it() {
    let (mut refused, mut spellings) = (0, 0);
    for _ in 0..8 {
        let code = RecoveryCode::generate().unwrap();
        let text = code.to_text();
        for changed in one_change_away(text.expose_secret()) {
            match RecoveryCode::from_text(&Secret::copy_of(&changed)) {
                Ok(same) => {
                    assert_eq!(read_as(&changed), read_as(text.expose_secret()));
                    assert_eq!(same.expose(), code.expose());
                    spellings += 1;
                }
                Err(_) => {
                    assert_ne!(read_as(&changed), read_as(text.expose_secret()));
                    refused += 1;
                }
            }
        }
    }
    println!("texts: {refused} changed recovery codes, {spellings} other spellings");
    assert!(refused >= 8 * 47 * 240 && spellings >= 8 * 100, "{refused} refused, {spellings} spellings");
}
