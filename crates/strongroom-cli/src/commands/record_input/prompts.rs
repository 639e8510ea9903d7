//! Asking a person for the fields of a record, without echo.

use strongroom::{Reference, Secret, registry};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::failure::{Failure, code};
use crate::output::printable;
use crate::prompt;

/// A private key in PEM is below 4 KiB, an RSA one of 16,384 bits at 13 KiB.
const MOST_PEM_BYTES: usize = 16 * 1024;

/// The fields to ask for when a record of this exchange is made.
pub fn wanted(exchange: &str) -> &'static [&'static str] {
    registry::exchange(exchange).map_or(registry::DEFAULT_FIELDS, registry::Exchange::asks)
}

/// Asks for these fields in order. What is left empty is left out.
///
/// # Errors
/// Exit code 2 when nobody can be asked.
pub fn fields(context: &Context, reference: &Reference, names: &[String]) -> Result<Vec<(String, Secret)>, Failure> {
    let mut answers = Vec::with_capacity(names.len());
    for name in names {
        let answer = value(context, &format!("{reference} {name}"))?;
        if !answer.is_empty() {
            answers.push((name.clone(), answer));
        }
    }
    Ok(answers)
}

/// Asks for one value; a pasted PEM key is read to its last line and keeps its line feeds.
///
/// Between its lines the terminal echoes for a moment, because every line is a prompt of its own. A paste has
/// arrived as a whole by then, so that nothing of it is shown.
///
/// # Errors
/// Exit code 2 when nobody can be asked.
pub fn value(context: &Context, what: &str) -> Result<Secret, Failure> {
    let what = printable(what);
    if !prompt::possible(context) {
        return Err(Failure::usage(format!("nobody can be asked for {what}"))
            .hint("--from-json FILE reads values from a file, --from-json - from standard input"));
    }
    let first = prompt::secret(context, &format!("{what}: "))?;
    if !opens_pem(first.expose_secret()) {
        return Ok(first);
    }
    let mut text = Zeroizing::new(String::with_capacity(MOST_PEM_BYTES + 1));
    let mut line = first;
    loop {
        // Checked before it grows, because growing would leave a copy behind.
        if text.len() + line.len() + 1 > MOST_PEM_BYTES {
            return Err(Failure::new(code::USAGE, "too-large", "the pasted key has no END line, or is too long"));
        }
        text.push_str(line.expose_secret());
        text.push('\n');
        if line.expose_secret().trim_start().starts_with("-----END") {
            return Ok(Secret::copy_of(&text));
        }
        line = prompt::secret(context, "")?;
    }
}

/// Whether more lines follow: a BEGIN line, and not a whole key squeezed into one.
fn opens_pem(line: &str) -> bool {
    line.starts_with("-----BEGIN") && !line.contains("-----END")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exchange_is_asked_for_what_it_needs() {
        assert_eq!(wanted("OKX"), ["api_key", "api_secret", "api_passphrase"]);
        assert_eq!(wanted("dydx"), ["private_key", "wallet_address"]);
        assert_eq!(wanted("somewhere-new"), registry::DEFAULT_FIELDS);
    }

    #[test]
    fn a_key_on_one_line_is_one_line() {
        assert!(opens_pem("-----BEGIN PRIVATE KEY-----"));
        assert!(!opens_pem("-----BEGIN PRIVATE KEY-----\\nEXAMPLE\\n-----END PRIVATE KEY-----"));
        assert!(!opens_pem("EXAMPLE"));
    }
}
