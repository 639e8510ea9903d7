//! How words become a line for people: a command that a shell reads back, a list as one writes it.
//!
//! Findings of [`crate::check`] and the command line say them in the same way.

/// What a shell reads back as this one word.
pub fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./=:@%+,-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// `strongroom WORDS...`, each as a shell reads it back.
pub fn command<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut line = String::from("strongroom");
    for word in words {
        line.push(' ');
        line.push_str(&shell_word(word));
    }
    line
}

/// `one`, `one and two`, `one, two and three`
pub fn listed<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let words: Vec<W> = words.into_iter().collect();
    let mut line = String::new();
    for (position, word) in words.iter().enumerate() {
        line.push_str(match words.len() - position {
            _ if position == 0 => "",
            1 => " and ",
            _ => ", ",
        });
        line.push_str(word.as_ref());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("a/b-c.d"), "a/b-c.d");
        assert_eq!(shell_word("it's here"), "'it'\\''s here'");
        assert_eq!(shell_word("okx/*"), "'okx/*'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(command(["set", "okx/main@demo", "api_key"]), "strongroom set okx/main@demo api_key");
        assert_eq!(command(["set", "okx/$(id)'s"]), "strongroom set 'okx/$(id)'\\''s'");
    }

    #[test]
    fn lists_read_as_people_write_them() {
        assert_eq!(listed(["a"]), "a");
        assert_eq!(listed(["a", "b"]), "a and b");
        assert_eq!(listed(["a", "b", "c"].map(str::to_owned)), "a, b and c");
        assert_eq!(listed([""; 0]), "");
    }
}
