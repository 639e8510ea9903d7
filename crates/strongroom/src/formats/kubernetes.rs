//! A Secret of Kubernetes, with the variables that `run` sets.
//!
//! Values stand under `data`, in base64, and not under `stringData`: they arrive byte for byte whatever is in them,
//! nothing has to be quoted for YAML, and it is what `kubectl` itself writes and shows.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::render::{Sink, render};
use super::variables::usual::Variable;
use crate::ExportError;
use crate::secret::Secret;

/// What the API server takes in all values of one Secret together, before base64.
const MOST_BYTES: usize = 1 << 20;

/// The longest key, and the longest name.
const MOST_KEY: usize = 253;
/// The longest label, such as the name of a namespace.
const MOST_LABEL: usize = 63;

pub(super) fn write(variables: &[Variable<'_>], name: &str, namespace: Option<&str>) -> Result<Secret, ExportError> {
    let refused = |place: &str, problem: &str| ExportError::at(place, problem);
    if !is_subdomain(name) {
        let problem =
            "must be lower-case letters, digits, - and ., begin and end with a letter or digit, and have at most 253";
        return Err(refused("the name of a Secret", problem));
    }
    if namespace.is_some_and(|namespace| !is_label(namespace)) {
        let problem =
            "must be lower-case letters, digits and -, begin and end with a letter or digit, and have at most 63";
        return Err(refused("the name of a namespace", problem));
    }
    let problem = "its variable's name is no key of a Secret: only letters, digits, -, _ and ., at most 253";
    let nameless = variables.iter().filter(|variable| !is_key(&variable.name));
    ExportError::of_all(nameless.map(|variable| refused(&variable.place.to_string(), problem)))?;
    let bytes: usize = variables.iter().map(|variable| variable.value.len()).sum();
    if bytes > MOST_BYTES {
        let problem = format!("has {bytes} bytes, and a Secret of Kubernetes holds {MOST_BYTES}");
        return Err(ExportError::at("what is selected", problem));
    }
    Ok(render(|out| {
        // The name and the namespace in quotes: 1e3 and 007 are valid, and numbers to YAML.
        out.push("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"");
        out.push(name);
        out.push("\"\n");
        if let Some(namespace) = namespace {
            out.push("  namespace: \"");
            out.push(namespace);
            out.push("\"\n");
        }
        out.push("type: Opaque\ndata:");
        out.push(if variables.is_empty() { " {}\n" } else { "\n" });
        for variable in variables {
            // In quotes, both: a key may read as a number or as yes and no, and an empty value as null.
            out.push("  \"");
            out.push(&variable.name);
            out.push("\": \"");
            base64(out, variable.value.expose_secret());
            out.push("\"\n");
        }
    }))
}

/// In pieces, so that no buffer has the whole value.
fn base64(out: &mut dyn Sink, text: &str) {
    let mut buffer = Zeroizing::new([0; 64]);
    for piece in text.as_bytes().chunks(48) {
        let length = BASE64.encode_len(piece.len());
        BASE64.encode_mut(piece, &mut buffer[..length]);
        out.push(std::str::from_utf8(&buffer[..length]).expect("base64 is ASCII"));
    }
}

/// DNS-1123: what a Secret may be called.
fn is_subdomain(name: &str) -> bool {
    name.len() <= MOST_KEY && name.split('.').all(is_label_of_any_length)
}

fn is_label(name: &str) -> bool {
    name.len() <= MOST_LABEL && is_label_of_any_length(name)
}

fn is_label_of_any_length(label: &str) -> bool {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.chars().all(|c| ends(c) || c == '-') && label.starts_with(ends) && label.ends_with(ends)
}

fn is_key(name: &str) -> bool {
    (1..=MOST_KEY).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && name != "."
        && !name.starts_with("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pairs: &[(&str, &str)], name: &str, namespace: Option<&str>) -> Result<String, ExportError> {
        let values: Vec<Secret> = pairs.iter().map(|(_, value)| Secret::copy_of(value)).collect();
        let variables: Vec<_> = pairs
            .iter()
            .zip(&values)
            .map(|((name, _), value)| Variable {
                name: (*name).into(),
                place: "okx/main/api_key".parse().unwrap(),
                value,
            })
            .collect();
        Ok(write(&variables, name, namespace)?.expose_secret().to_owned())
    }

    #[test]
    fn a_secret_has_its_values_in_base64_under_data() {
        let long = "EXAMPLE ".repeat(20);
        let text =
            written(&[("OKX_API_KEY", "EXAMPLE\n'\"é"), ("1", ""), ("LONG", &long)], "bot", Some("desk")).unwrap();
        assert_eq!(
            text,
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"bot\"\n  namespace: \"desk\"\ntype: Opaque\ndata:\n  \
                 \"OKX_API_KEY\": \"RVhBTVBMRQonIsOp\"\n  \"1\": \"\"\n  \"LONG\": \"{}\"\n",
                BASE64.encode(long.as_bytes())
            )
        );
        assert!(written(&[], "bot", None).unwrap().ends_with("data: {}\n"));
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused() {
        let long = "a".repeat(254);
        for name in ["", "Bot", "-bot", "bot-", "a..b", ".a", "a_b", "a b", "é", long.as_str()] {
            assert!(written(&[], name, None).is_err(), "{name}");
            assert!(written(&[], "bot", Some(name)).is_err(), "{name}");
        }
        assert!(written(&[], "a.b-c.1", None).is_ok() && written(&[], &long[1..], None).is_ok());
        assert!(written(&[], "bot", Some("a.b")).is_err() && written(&[], "bot", Some(&long[..64])).is_err());
        for key in ["", "a b", "a/b", "é", ".", "..", "..a", long.as_str()] {
            assert!(written(&[(key, "EXAMPLE")], "bot", None).is_err(), "{key}");
        }
        assert!(written(&[("a.b-c_D", "EXAMPLE"), (".a", "EXAMPLE")], "bot", None).is_ok());
    }

    #[test]
    fn more_than_a_secret_holds_is_refused() {
        let half = "E".repeat(MOST_BYTES / 2);
        assert!(written(&[("A", &half), ("B", &half)], "bot", None).is_ok());
        let error = written(&[("A", &half), ("B", &half), ("C", "E")], "bot", None).unwrap_err();
        assert_eq!(error.to_string(), "what is selected: has 1048577 bytes, and a Secret of Kubernetes holds 1048576");
    }
}
