//! The codes, how bad a finding can be, and the one table of what they mean.

use std::fmt;

use serde::Serialize;

/// How much a finding matters. Ordered, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The bot will fail, or money is at risk now.
    Error,
    /// Soon, or sloppy.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The code of each rule.
pub mod code {
    /// A field that this exchange needs is not there.
    pub const MISSING_FIELD: &str = "missing-field";
    /// A field is there and has nothing in it.
    pub const EMPTY_FIELD: &str = "empty-field";
    /// Blanks, line ends, quotes or invisible characters came along with a value.
    pub const BLANK: &str = "blank";
    /// A private key in PEM is not in the form that every program reads.
    pub const PEM_FORM: &str = "pem-form";
    /// A value does not look like those of this exchange.
    pub const SHAPE: &str = "shape";
    /// The secret cannot sign the requests of this exchange.
    pub const CANNOT_SIGN: &str = "cannot-sign";
    /// Two fields hold each other's value.
    pub const SWAPPED: &str = "key-and-secret-swapped";
    /// A secret stands in two places.
    pub const SAME_SECRET: &str = "same-secret";
    /// Two fields are the same environment variable.
    pub const SAME_VARIABLE: &str = "same-variable";
    /// No bot gets the environment variable that a field is.
    pub const UNREACHABLE_VARIABLE: &str = "unreachable-variable";
    /// The key can send funds away.
    pub const WITHDRAW_PERMISSION: &str = "withdraw-permission";
    /// The key can be used from anywhere.
    pub const NO_IP_ALLOWLIST: &str = "no-ip-allowlist";
    /// The IP allow-list has what an exchange does not accept, or what allows everything.
    pub const IP_ALLOWLIST_FORM: &str = "ip-allowlist-form";
    /// The key does not work any more.
    pub const EXPIRED: &str = "expired";
    /// The key stops working soon.
    pub const EXPIRES_SOON: &str = "expires-soon";
    /// The secrets are older than they should get.
    pub const ROTATION_DUE: &str = "rotation-due";
    /// The secrets are nearly as old as they should get.
    pub const ROTATION_DUE_SOON: &str = "rotation-due-soon";
    /// The values are those it came with, which may have lain in a plaintext file.
    pub const NEVER_ROTATED: &str = "never-rotated";
    /// The values before a rotation are still kept.
    pub const ROTATION_UNFINISHED: &str = "rotation-unfinished";
    /// Nobody wrote down what the key may do.
    pub const PERMISSIONS_NOT_RECORDED: &str = "permissions-not-recorded";
    /// Nobody knows what a permission means.
    pub const UNKNOWN_PERMISSION_WORD: &str = "unknown-permission-word";
    /// Nothing is known about the exchange, so little is checked.
    pub const UNKNOWN_EXCHANGE: &str = "unknown-exchange";
    /// The policy allows something to a record that is not there.
    pub const POLICY_WITHOUT_RECORD: &str = "policy-without-record";
}

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The word for programs and policies.
    pub code: &'static str,
    /// As bad as it can be.
    pub worst: Severity,
    /// For people.
    pub meaning: &'static str,
}

impl Rule {
    /// Whether what it finds is about a field. What is not is about the whole record, or no record at all.
    pub fn is_about_fields(&self) -> bool {
        use code::*;
        matches!(
            self.code,
            MISSING_FIELD
                | EMPTY_FIELD
                | BLANK
                | PEM_FORM
                | SHAPE
                | CANNOT_SIGN
                | SWAPPED
                | SAME_SECRET
                | SAME_VARIABLE
                | UNREACHABLE_VARIABLE
        )
    }
}

const fn rule(code: &'static str, worst: Severity, meaning: &'static str) -> Rule {
    Rule { code, worst, meaning }
}

/// All of them: first what is said of values, then of the key, then of the rest.
pub const RULES: [Rule; 23] = {
    use Severity::{Error, Info, Warning};
    [
        rule(code::MISSING_FIELD, Error, "a field that this exchange needs is not there"),
        rule(code::EMPTY_FIELD, Error, "a field is there and has nothing in it"),
        rule(code::BLANK, Error, "blanks, line ends, quotes or invisible characters came along with a value"),
        rule(code::PEM_FORM, Error, "a private key in PEM is not in the form that every program reads"),
        rule(code::SHAPE, Warning, "a value does not look like those of this exchange"),
        rule(code::CANNOT_SIGN, Error, "the secret cannot sign the requests of this exchange"),
        rule(code::SWAPPED, Error, "two fields hold each other's value"),
        rule(code::SAME_SECRET, Error, "a secret stands in two places"),
        rule(code::SAME_VARIABLE, Error, "two fields are the same environment variable"),
        rule(code::UNREACHABLE_VARIABLE, Warning, "no bot gets the environment variable that a field is"),
        rule(code::WITHDRAW_PERMISSION, Error, "the key can send funds away"),
        rule(code::NO_IP_ALLOWLIST, Error, "the key can be used from anywhere"),
        rule(
            code::IP_ALLOWLIST_FORM,
            Warning,
            "the IP allow-list has what an exchange does not accept, or what allows everything",
        ),
        rule(code::EXPIRED, Error, "the key does not work any more"),
        rule(code::EXPIRES_SOON, Warning, "the key stops working soon"),
        rule(code::ROTATION_DUE, Warning, "the secrets are older than they should get"),
        rule(code::ROTATION_DUE_SOON, Info, "the secrets are nearly as old as they should get"),
        rule(
            code::NEVER_ROTATED,
            Info,
            "the values are those it came with a week ago or more, which may have lain in a plaintext file",
        ),
        rule(code::ROTATION_UNFINISHED, Warning, "the values before a rotation are still kept"),
        rule(code::PERMISSIONS_NOT_RECORDED, Info, "nobody wrote down what the key may do"),
        rule(code::UNKNOWN_PERMISSION_WORD, Warning, "nobody knows what a permission means"),
        rule(code::UNKNOWN_EXCHANGE, Info, "nothing is known about the exchange, so little is checked"),
        rule(code::POLICY_WITHOUT_RECORD, Info, "the policy allows something to a record that is not there"),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_same_table() {
        let documentation = include_str!("../check.rs");
        let rows: Vec<&str> = documentation.lines().filter(|line| line.starts_with("//! | `")).collect();
        let expected: Vec<String> = RULES
            .iter()
            .map(|rule| format!("//! | `{}` | {} | {} |", rule.code, rule.worst.name(), rule.meaning))
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn every_code_is_there_once_and_is_a_word_in_kebab_case() {
        let codes: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), RULES.len());
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
