//! Which names a vault can store (SPEC.md, section 7.4), said once: the payload, the formats and the commands ask here.

/// The most bytes of an exchange's name.
pub const MOST_EXCHANGE: usize = 64;
/// The most bytes of a subaccount's name.
pub const MOST_SUBACCOUNT: usize = 128;
/// The most bytes of a field's name.
pub const MOST_FIELD: usize = 64;
/// The most bytes of the name of a value `env/NAME`, and of an environment variable.
pub const MOST_VALUE: usize = 256;
/// How many fields of a record can have a variable of their own.
pub const MOST_VARIABLES: usize = 64;

/// What the variables begin with that are for this program, and that `run` gives to no other.
pub const OURS: &str = "STRONGROOM_";

/// Whether an exchange may be called so.
pub fn is_exchange(name: &str) -> bool {
    is_clean(name, 1, MOST_EXCHANGE)
}

/// Whether a subaccount may be called so.
pub fn is_subaccount(name: &str) -> bool {
    is_clean(name, 1, MOST_SUBACCOUNT)
}

/// Whether a field may be called so.
pub fn is_field(name: &str) -> bool {
    (1..=MOST_FIELD).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Whether a value beside the records may be called so: `env/NAME`.
pub fn is_value(name: &str) -> bool {
    is_clean(name, 1, MOST_VALUE) && !name.contains(['=', '/'])
}

/// Whether the environment variable by which a program reads a field may be called so. It is the rule for values, which
/// are variables too.
pub fn is_variable(name: &str) -> bool {
    is_value(name)
}

/// Whether `run` gives a variable of this name to a program.
///
/// ```
/// use strongroom::record::name;
///
/// assert!(name::reaches_programs("OKX_API_KEY"));
/// assert!(!name::reaches_programs("STRONGROOM_API_KEY"));
/// ```
pub fn reaches_programs(variable: &str) -> bool {
    !variable.starts_with(OURS)
}

/// Text of so many bytes without control characters.
pub(crate) fn is_clean(text: &str, least: usize, most: usize) -> bool {
    // Most names are printable ASCII, which is told faster.
    let is_clean = || text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(char::is_control);
    (least..=most).contains(&text.len()) && is_clean()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_name_has_its_most_bytes_and_its_characters() {
        type Is = fn(&str) -> bool;
        for (is, most, refused) in [
            (is_exchange as Is, MOST_EXCHANGE, &["", "a\nb", "\u{85}"][..]),
            (is_subaccount, MOST_SUBACCOUNT, &["", "a\u{7f}"]),
            (is_field, MOST_FIELD, &["", "a b", "a/b", "ä"]),
            (is_value, MOST_VALUE, &["", "A=B", "a/b", "A\0"]),
            (is_variable, MOST_VALUE, &["", "A=B", "env/A", "A\n"]),
        ] {
            assert!(is("A.b_c-1") && is(&"a".repeat(most)) && !is(&"a".repeat(most + 1)));
            refused.iter().for_each(|name| assert!(!is(name), "{name:?}"));
        }
        assert!(is_exchange("Börse 1") && is_value("a b"));
    }
}
