//! Which format a text is in, by content.

use super::ImportFormat;
use super::document::Node;

/// Recognises a format by content; none when it could be anything.
pub fn detect(text: &str) -> Option<ImportFormat> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    if text.starts_with("-----BEGIN STRONGROOM VAULT-----") {
        return Some(ImportFormat::Armor);
    }
    // A PEM key on its own has lines that end in `==`.
    if text.starts_with("-----BEGIN ") {
        return None;
    }
    if text.starts_with('{') {
        return of_json(text);
    }
    // A first line in brackets is TOML, INI or a list.
    if text.starts_with(['[', '<']) {
        return None;
    }
    text.lines().any(is_assignment).then_some(ImportFormat::Dotenv)
}

/// The format that is named by a member of the document. A document with a mistake in it is
/// recognised too, so that reading it can say where the mistake is.
fn of_json(text: &str) -> Option<ImportFormat> {
    let formats = [
        ("strongroom", ImportFormat::Strongroom),
        ("exchange_secrets", ImportFormat::Json),
        ("SUBACCOUNTS", ImportFormat::Aws),
        ("API_KEY", ImportFormat::Aws),
    ];
    let document = Node::of(text).and_then(Node::object);
    let named = |name: &str| match &document {
        Ok(document) => document.has(name),
        Err(_) => text.contains(&format!("\"{name}\"")),
    };
    formats.into_iter().find(|(name, _)| named(name)).map(|(_, format)| format)
}

fn is_assignment(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(line).trim_start();
    let Some((name, _)) = line.split_once('=') else { return false };
    let name = name.trim_end();
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_by_content() {
        for (text, format) in [
            ("-----BEGIN STRONGROOM VAULT-----\n", Some(ImportFormat::Armor)),
            ("{\"exchange_secrets\": {}}", Some(ImportFormat::Json)),
            ("\u{feff} {\"exchange_secrets\": ", Some(ImportFormat::Json)),
            ("{\"API_KEY\": \"\", \"SUBACCOUNTS\": []}", Some(ImportFormat::Aws)),
            ("{\"strongroom\": 1, \"records\": []}", Some(ImportFormat::Strongroom)),
            ("{\"a\": {\"strongroom\": 1}}", None),
            ("{}", None),
            ("# comment\n\nexport BINANCE_API_KEY=EXAMPLE\n", Some(ImportFormat::Dotenv)),
            ("A = 1\r\n", Some(ImportFormat::Dotenv)),
            ("-----BEGIN EC PRIVATE KEY-----\nEXAMPLE==\n", None),
            ("[section]\na = 1\n", None),
            ("# nothing\n", None),
            ("hello\n", None),
            ("", None),
        ] {
            assert_eq!(detect(text), format, "{text}");
        }
    }
}
