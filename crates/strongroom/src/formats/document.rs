//! Reading JSON documents that are full of secrets.
//!
//! The library splits a document into slices of the text and never sees inside strings: it would
//! unescape them in a buffer of its own that nobody wipes. Strings are unescaped here, into wiped
//! memory. Every error knows its line and the path to its field, and never what stands there.

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::names;
use crate::ImportError;
use crate::secret::Secret;

/// One value of a document: where it stands, and its text.
#[derive(Clone)]
pub(super) struct Node<'t> {
    document: Rc<Document<'t>>,
    raw: &'t str,
    path: String,
}

struct Document<'t> {
    text: &'t str,
    /// Where lines end, ascending.
    line_ends: Vec<usize>,
}

/// The members of an object, in the order of the text. Their names are all different.
pub(super) struct Object<'t> {
    node: Node<'t>,
    members: Vec<(String, Node<'t>)>,
}

impl<'t> Node<'t> {
    /// The whole document. A byte order mark before it is skipped.
    pub(super) fn of(text: &'t str) -> Result<Node<'t>, ImportError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => {
                let line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
                Ok(Node { document: Rc::new(Document { text, line_ends }), raw: raw.get(), path: String::new() })
            }
            Err(error) => {
                let problem = match error.classify() {
                    Category::Eof => "the JSON text ends too early",
                    _ => "not valid JSON",
                };
                Err(ImportError { line: Some(error.line()), field: None, problem: problem.into() })
            }
        }
    }

    /// From 1.
    pub(super) fn line(&self) -> usize {
        // `raw` is a slice of the text, so the difference of their addresses is an offset in it.
        let offset = (self.raw.as_ptr() as usize).saturating_sub(self.document.text.as_ptr() as usize);
        self.document.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// An error at this place.
    pub(super) fn error(&self, problem: impl Into<String>) -> ImportError {
        let field = (!self.path.is_empty()).then(|| self.path.clone());
        ImportError { line: Some(self.line()), field, problem: problem.into() }
    }

    pub(super) fn is_null(&self) -> bool {
        self.raw == "null"
    }

    pub(super) fn is_string(&self) -> bool {
        self.raw.starts_with('"')
    }

    pub(super) fn is_object(&self) -> bool {
        self.raw.starts_with('{')
    }

    pub(super) fn is_true(&self) -> bool {
        self.raw == "true"
    }

    /// This value as an object.
    pub(super) fn object(self) -> Result<Object<'t>, ImportError> {
        if !self.raw.starts_with('{') {
            return Err(self.expected("an object"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.raw);
        let members = (&mut deserializer)
            .deserialize_map(Members)
            .map_err(|_| self.error("the name of a member is not valid text"))?;
        let mut seen = BTreeSet::new();
        let mut nodes = Vec::with_capacity(members.len());
        for (position, (name, raw)) in members.into_iter().enumerate() {
            let segment = match names::shown(&name) {
                Some(name) if self.path.is_empty() => name.to_owned(),
                Some(name) => format!("{}.{name}", self.path),
                None => format!("{}[{position}]", self.path),
            };
            let node = Node { document: Rc::clone(&self.document), raw: raw.get(), path: segment };
            if !seen.insert(name.clone()) {
                return Err(node.error("is there twice"));
            }
            nodes.push((name, node));
        }
        Ok(Object { node: self, members: nodes })
    }

    /// This value as a list.
    pub(super) fn list(self) -> Result<Vec<Node<'t>>, ImportError> {
        if !self.raw.starts_with('[') {
            return Err(self.expected("a list"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.raw);
        let items = (&mut deserializer).deserialize_seq(Items).map_err(|_| self.error("not a valid list"))?;
        let node = |(position, raw): (usize, &'t RawValue)| Node {
            document: Rc::clone(&self.document),
            raw: raw.get(),
            path: format!("{}[{position}]", self.path),
        };
        Ok(items.into_iter().enumerate().map(node).collect())
    }

    /// This value as a secret.
    pub(super) fn secret(&self) -> Result<Secret, ImportError> {
        let Some(inner) = self.raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Err(self.expected("a string"));
        };
        if !inner.contains('\\') {
            return Ok(Secret::copy_of(inner));
        }
        let text = unescape(inner).ok_or_else(|| self.error("the string has an invalid escape"))?;
        if text.contains('\0') {
            return Err(self.error("the string has a NUL character"));
        }
        Ok(Secret::copy_of(&text))
    }

    /// This value as a secret; a whole number is the text of its digits.
    pub(super) fn secret_or_number(&self) -> Result<Secret, ImportError> {
        match self.raw.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(Secret::copy_of(self.raw)),
            false => self.secret(),
        }
    }

    /// This value as a text that is no secret.
    pub(super) fn text(&self) -> Result<String, ImportError> {
        Ok(self.secret()?.expose_secret().to_owned())
    }

    /// This value as a whole number.
    pub(super) fn integer(&self) -> Result<i64, ImportError> {
        self.raw.parse().map_err(|_| self.expected("a whole number"))
    }

    fn expected(&self, wanted: &str) -> ImportError {
        let found = match self.raw.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        };
        self.error(format!("{found} where {wanted} should be"))
    }
}

impl<'t> Object<'t> {
    /// Takes the member of this name out.
    pub(super) fn take(&mut self, name: &str) -> Option<Node<'t>> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.remove(at).1)
    }

    /// Takes out the member of this name unless it is null, which means the same as none.
    pub(super) fn take_some(&mut self, name: &str) -> Option<Node<'t>> {
        self.take(name).filter(|node| !node.is_null())
    }

    /// Takes out a member that must be there.
    pub(super) fn require(&mut self, name: &str) -> Result<Node<'t>, ImportError> {
        self.take(name).ok_or_else(|| self.error(format!("{name} is missing")))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// Whether a member is there and not null.
    pub(super) fn has_some(&self, name: &str) -> bool {
        self.members.iter().any(|(member, node)| member == name && !node.is_null())
    }

    /// The values of all members.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<'t>> {
        self.members.iter().map(|(_, node)| node)
    }

    /// The names of all members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// The member of this name, left where it is.
    pub(super) fn get(&self, name: &str) -> Option<&Node<'t>> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, node)| node)
    }

    /// From 1.
    pub(super) fn line(&self) -> usize {
        self.node.line()
    }

    /// What was not taken.
    pub(super) fn rest(self) -> Vec<(String, Node<'t>)> {
        self.members
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<(), ImportError> {
        match self.members.first() {
            None => Ok(()),
            Some((_, node)) => Err(node.error("this format has no such member")),
        }
    }

    /// An error at the object itself.
    pub(super) fn error(&self, problem: impl Into<String>) -> ImportError {
        self.node.error(problem)
    }
}

/// JSON's escapes; none of them is longer unescaped, so the buffer never grows. Lone surrogates are
/// not text.
fn unescape(inner: &str) -> Option<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        match escape {
            b'"' | b'\\' | b'/' => out.push(char::from(escape)),
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let mut unit = || -> Option<u16> {
                    let unit = u16::from_str_radix(rest.get(..4)?, 16).ok()?;
                    rest = rest.get(4..)?;
                    Some(unit)
                };
                let first = unit()?;
                let second = match first {
                    0xd800..=0xdbff => {
                        rest = rest.strip_prefix("\\u")?;
                        let second = u16::from_str_radix(rest.get(..4)?, 16).ok()?;
                        rest = rest.get(4..)?;
                        Some(second)
                    }
                    _ => None,
                };
                let units = [first, second.unwrap_or_default()];
                let units = if second.is_some() { &units[..] } else { &units[..1] };
                for character in char::decode_utf16(units.iter().copied()) {
                    out.push(character.ok()?);
                }
            }
            _ => return None,
        }
    }
    out.push_str(rest);
    Some(out)
}

struct Members;

impl<'t> Visitor<'t> for Members {
    type Value = Vec<(String, &'t RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

struct Items;

impl<'t> Visitor<'t> for Items {
    type Value = Vec<&'t RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(text: &str) -> Result<Secret, ImportError> {
        Node::of(text)?.object()?.require("a")?.secret()
    }

    #[test]
    fn strings_are_unescaped() {
        let text = r#"{"a": "x\"\\\/\b\f\n\r\t\u00e9\ud83d\udd11é"}"#;
        assert_eq!(member(text).unwrap().expose_secret(), "x\"\\/\u{8}\u{c}\n\r\té🔑é");
        assert_eq!(member("\u{feff}{\"a\": \"\"}").unwrap().expose_secret(), "");
    }

    #[test]
    fn a_string_that_is_not_text_is_refused() {
        for escape in ["\\ud83d", "\\ud83dx", "\\ud83d\\u0041", "\\udd11", "\\u0000"] {
            assert!(member(&format!("{{\"a\": \"EXAMPLE{escape}\"}}")).is_err(), "{escape}");
        }
    }

    #[test]
    fn errors_name_line_and_field_and_no_text() {
        for (text, message) in [
            ("{\n\"a\": 12345678}", "line 2, a: a number where a string should be"),
            ("{\n\"a\": [\"EXAMPLE\"]}", "line 2, a: a list where a string should be"),
            ("{\n\n\"b\": 1}", "line 1: a is missing"),
            ("{\"a\": \"EXAMPLE\",\n \"a\": \"EXAMPLE\"}", "line 2, a: is there twice"),
            ("{\"a\": \"EXAMPLE\"\n EXAMPLE}", "line 2: not valid JSON"),
            ("{\"a\": \"EXAMPLE\"", "line 1: the JSON text ends too early"),
            ("{\"a\":\n \"EXA\nMPLE\"}", "line 2: not valid JSON"),
            ("[1]", "line 1: a list where an object should be"),
            ("{\"0123456789abcdef\": {}, \"0123456789abcdef\": {}}", "line 1, [1]: is there twice"),
        ] {
            assert_eq!(member(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_deep_document_does_not_exhaust_the_stack() {
        let text = format!("{{\"a\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(member(&text).is_err());
    }
}
