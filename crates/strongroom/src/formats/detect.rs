//! Which format a text is in, by content.

use super::document::{Node, Object};
use super::{ImportFormat, ccxt, hummingbot, tolerant};

/// The format that a text is in, by its content alone; none when it looks like none, or like several.
pub fn detect(text: &str) -> Option<ImportFormat> {
    match recognise(text).as_slice() {
        [format] => Some(*format),
        _ => None,
    }
}

/// All formats that a text looks like: one when it is clear. A text with a mistake in it is recognised too, so that
/// reading it can say where the mistake is.
pub fn recognise(text: &str) -> Vec<ImportFormat> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    if text.starts_with("-----BEGIN STRONGROOM VAULT-----") {
        return vec![ImportFormat::Armor];
    }
    // A PEM key on its own has lines that end in `==`.
    if text.starts_with("-----BEGIN ") {
        return Vec::new();
    }
    // Freqtrade's configuration may begin with a comment.
    if text.starts_with(['{', '/']) {
        return of_json(text);
    }
    // A first line in brackets is TOML, INI or a list.
    if text.starts_with(['[', '<']) {
        return Vec::new();
    }
    // Before dotenv, whose assignments a comment in it may look like.
    if hummingbot::is_connector(text) {
        return vec![ImportFormat::Hummingbot];
    }
    if !text.lines().any(is_assignment) {
        return Vec::new();
    }
    vec![ImportFormat::Dotenv]
}

type LooksLike = fn(&Sight<'_>) -> bool;

/// How the JSON formats differ from each other: one line for each.
const OF_JSON: [(ImportFormat, LooksLike); 5] = [
    (ImportFormat::Strongroom, |sight| sight.has("strongroom")),
    (ImportFormat::Json, |sight| sight.has("exchange_secrets")),
    (ImportFormat::Aws, |sight| sight.has("SUBACCOUNTS") || sight.has("API_KEY")),
    (ImportFormat::Freqtrade, |sight| sight.has_object("exchange")),
    (ImportFormat::Ccxt, |sight| !sight.has_object("exchange") && sight.looks_like_ccxt()),
];

/// What can be seen of a JSON document from above.
struct Sight<'t> {
    text: &'t str,
    /// None when the text is no JSON.
    document: Option<Object<'t>>,
}

impl Sight<'_> {
    /// Whether the document has a member of this name, or a broken one this name anywhere.
    fn has(&self, name: &str) -> bool {
        match &self.document {
            Some(document) => document.has(name),
            None => self.mentions(name),
        }
    }

    fn has_object(&self, name: &str) -> bool {
        match &self.document {
            Some(document) => document.get(name).is_some_and(Node::is_object),
            None => self.mentions(name),
        }
    }

    /// Whether the document, or one of its members that are objects, has a credential in ccxt's words.
    fn looks_like_ccxt(&self) -> bool {
        let Some(document) = &self.document else { return self.mentions("apiKey") };
        let whole = |object: &Object<'_>| ccxt::words::are_whole(&object.names().collect::<Vec<_>>());
        let telling = |object: &Object<'_>| object.names().any(ccxt::words::is_telling) || whole(object);
        let inside = |node: &Node<'_>| node.clone().object().is_ok_and(|inner| telling(&inner));
        telling(document) || (!ccxt::is_bare(document) && document.nodes().any(inside))
    }

    fn mentions(&self, name: &str) -> bool {
        self.text.contains(&format!("\"{name}\""))
    }
}

fn of_json(text: &str) -> Vec<ImportFormat> {
    let plain = tolerant::plain(text);
    let text = plain.as_ref().map_or(text, |plain| plain.expose_secret());
    let sight = Sight { text, document: Node::of(text).and_then(Node::object).ok() };
    OF_JSON.iter().filter(|(_, looks_like)| looks_like(&sight)).map(|(format, _)| *format).collect()
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
            ("{\"apiKey\": \"\"}", Some(ImportFormat::Ccxt)),
            ("{\"api_key\": \"\", \"x\": 1}", Some(ImportFormat::Ccxt)),
            ("{\"okx/a\": {\"apiKey\": \"\"}}", Some(ImportFormat::Ccxt)),
            ("{\"okx\": {\"name\": \"\"}}", None),
            ("{\"token\": \"\", \"uid\": \"\"}", Some(ImportFormat::Ccxt)),
            ("{\"coinmetro\": {\"token\": \"\", \"uid\": \"\"}}", Some(ImportFormat::Ccxt)),
            ("{\"token\": \"\"}", None),
            ("{\"token\": \"\", \"uid\": \"\", \"name\": \"\"}", None),
            ("// c\n{\"exchange\": {\"secret\": \"\",}, /* d */}", Some(ImportFormat::Freqtrade)),
            ("{\"exchange\": \"okx\", \"secret\": \"\"}", Some(ImportFormat::Ccxt)),
            ("# comment\n\nexport BINANCE_API_KEY=EXAMPLE\n", Some(ImportFormat::Dotenv)),
            ("A = 1\r\n", Some(ImportFormat::Dotenv)),
            ("-----BEGIN EC PRIVATE KEY-----\nEXAMPLE==\n", None),
            ("# A=1\nconnector: okx\n\nokx_api_key: 7b2263727970746f\n", Some(ImportFormat::Hummingbot)),
            ("connector: okx\nokx_api_key: EXAMPLE\n", None),
            ("[section]\na = 1\n", None),
            ("# nothing\n", None),
            ("hello\n", None),
            ("", None),
        ] {
            assert_eq!(detect(text), format, "{text}");
        }
    }

    #[test]
    fn a_text_that_looks_like_two_formats_is_taken_for_neither() {
        let text = r#"{"exchange_secrets": {}, "strongroom": 1}"#;
        assert_eq!(recognise(text), [ImportFormat::Strongroom, ImportFormat::Json]);
        assert_eq!(detect(text), None);
    }
}
