//! One JSON object, strictly: no name twice, no value of another kind than its place asks for.
//!
//! An error says the line (when it is not JSON) or the field (when it is not a record), never a text
//! from the document: even a name could be a secret pasted in the wrong place, so only names that
//! this program knows are repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use strongroom::record::{Timestamp, field, name as names};
use strongroom::{CredentialKind, ImportError, Secret, registry};
use zeroize::Zeroizing;

use super::variables::problem_of_name;
use super::{RecordInput, is_network, parse_moment, pasted};

/// Names that belong to a record and are not for this document to say.
const SAID_ELSEWHERE: [&str; 9] =
    ["id", "exchange", "subaccount", "environment", "created", "rotated", "verified", "previous", "values"];

const FIELD_RULE: &str = "a field's name has letters, digits, `_`, `.` and `-`, 1 to 64 of them";

/// Reads `{"api_key": ..., "permissions": [...], "fields": {...}}`.
pub fn read_record(text: &Secret) -> Result<RecordInput, ImportError> {
    let mut input = RecordInput::default();
    for (position, (name, value)) in object(text)?.into_iter().enumerate() {
        match name.as_str() {
            "kind" => input.kind = Some(kind(value)?),
            "permissions" => input.permissions = Some(separate(&words("permissions", value)?)),
            "ip_allowlist" => input.ip_allowlist = Some(networks(value)?),
            "expires" => input.expires = Some(moment("expires", value)?),
            "rotate_after_days" => input.rotate_after_days = Some(days(value)?),
            "tags" => input.tags = Some(words("tags", value)?),
            "note" => input.note = Some(text_of("note", value)?.expose_secret().to_owned()),
            "variables" => input.variables = Some(variables(value)?),
            "fields" => extra_fields(value, &mut input)?,
            other if SAID_ELSEWHERE.contains(&other) => {
                return Err(at(other, "is not for this document to say (the REF names the record)"));
            }
            _ => add_field(&place(&name, position), &name, value, &mut input)?,
        }
    }
    Ok(input)
}

/// Reads `{"value": "..."}`, what `env/NAME` holds.
pub fn read_value(text: &Secret) -> Result<Secret, ImportError> {
    let mut found = None;
    for (position, (name, value)) in object(text)?.into_iter().enumerate() {
        if name.as_str() != "value" {
            return Err(at(&place("", position), "only `value` is expected here"));
        }
        found = Some(text_of("value", value)?);
    }
    found.map(as_readers_take_it).ok_or_else(|| at("value", "is missing"))
}

fn extra_fields(value: Json, input: &mut RecordInput) -> Result<(), ImportError> {
    let Json::Object(pairs) = value else { return Err(at("fields", "must be an object")) };
    for (position, (name, value)) in pairs.into_iter().enumerate() {
        add_field(&format!("fields, {}", place(&name, position)), &name, value, input)?;
    }
    Ok(())
}

fn add_field(place: &str, name: &str, value: Json, input: &mut RecordInput) -> Result<(), ImportError> {
    if !names::is_field(name) {
        return Err(at(place, FIELD_RULE));
    }
    if let Some(ours) = ours(name) {
        return Err(at(place, &format!("is called {ours} here; a document of ccxt comes in with `import ccxt`")));
    }
    if input.fields.iter().any(|(taken, _)| taken == name) {
        return Err(at(place, "is there twice"));
    }
    let text = as_readers_take_it(text_of(place, value)?);
    input.fields.push((name.to_owned(), text));
    Ok(())
}

/// A private key in PEM is put right, as it is where it is typed or read from a file of its own. Everything else stays.
fn as_readers_take_it(text: Secret) -> Secret {
    pasted::pem(text.expose_secret()).unwrap_or(text)
}

/// What a name of ccxt's own is called here. Kept as it is, no export would know it again.
fn ours(name: &str) -> Option<&'static str> {
    Some(match name {
        "apiKey" => field::API_KEY,
        "apiSecret" | "secret" => field::API_SECRET,
        "apiPassphrase" => field::API_PASSPHRASE,
        "privateKey" => field::PRIVATE_KEY,
        "walletAddress" => field::WALLET_ADDRESS,
        "accountId" => field::ACCOUNT_ID,
        "twofa" => field::TWO_FACTOR,
        _ => return None,
    })
}

fn kind(value: Json) -> Result<CredentialKind, ImportError> {
    let name = text_of("kind", value)?;
    CredentialKind::from_name(name.expose_secret())
        .ok_or_else(|| at("kind", "must be one of hmac, ed25519, rsa, ecdsa, wallet and oauth"))
}

/// One entry can hold several permissions.
pub fn separate(given: &BTreeSet<String>) -> BTreeSet<String> {
    given.iter().flat_map(|text| registry::permission_words(text)).map(str::to_owned).collect()
}

fn words(place: &str, value: Json) -> Result<BTreeSet<String>, ImportError> {
    let Json::List(items) = value else { return Err(at(place, "must be a list of texts")) };
    let mut words = BTreeSet::new();
    for item in items {
        let Json::Text(word) = item else { return Err(at(place, "must be a list of texts")) };
        if !words.insert(word.expose_secret().to_owned()) {
            return Err(at(place, "has an entry twice"));
        }
    }
    Ok(words)
}

fn networks(value: Json) -> Result<BTreeSet<String>, ImportError> {
    let networks = words("ip_allowlist", value)?;
    match networks.iter().all(|network| is_network(network)) {
        true => Ok(networks),
        false => Err(at("ip_allowlist", "must hold addresses or networks such as 203.0.113.0/24")),
    }
}

fn variables(value: Json) -> Result<BTreeMap<String, String>, ImportError> {
    let Json::Object(pairs) = value else { return Err(at("variables", "must be an object")) };
    let mut names = BTreeMap::new();
    for (position, (field, name)) in pairs.into_iter().enumerate() {
        let place = format!("variables, {}", place(&field, position));
        if !names::is_field(&field) {
            return Err(at(&place, FIELD_RULE));
        }
        let name = text_of(&place, name)?;
        // Whether anybody should give it that name, `check_variables` knows: it may have it already.
        if let Some(problem) = problem_of_name(name.expose_secret()) {
            return Err(at(&place, problem));
        }
        names.insert(field.as_str().to_owned(), name.expose_secret().to_owned());
    }
    Ok(names)
}

fn moment(place: &str, value: Json) -> Result<Option<Timestamp>, ImportError> {
    match value {
        Json::Null => Ok(None),
        Json::Text(text) => match parse_moment(text.expose_secret()) {
            Some(moment) => Ok(Some(moment)),
            None => Err(at(place, "must be a date such as 2027-01-31, an RFC 3339 time, or null")),
        },
        _ => Err(at(place, "must be a date such as 2027-01-31, an RFC 3339 time, or null")),
    }
}

fn days(value: Json) -> Result<Option<u32>, ImportError> {
    match value {
        Json::Null => Ok(None),
        Json::Number(Some(days)) if days > 0 => match u32::try_from(days) {
            Ok(days) => Ok(Some(days)),
            Err(_) => Err(at("rotate_after_days", "is too large")),
        },
        _ => Err(at("rotate_after_days", "must be a whole number from 1, or null")),
    }
}

fn text_of(place: &str, value: Json) -> Result<Secret, ImportError> {
    match value {
        Json::Text(text) => Ok(text),
        _ => Err(at(place, "must be a text")),
    }
}

/// A name that this program knows, or only its position.
fn place(name: &str, position: usize) -> String {
    match field::KNOWN.contains(&name) {
        true => name.to_owned(),
        false => format!("entry {}", position + 1),
    }
}

fn at(field: &str, problem: &str) -> ImportError {
    ImportError { line: None, field: Some(field.to_owned()), problem: problem.to_owned() }
}

/// A name and what stands behind it. The name may be a misplaced secret, so it is wiped too.
type Entry = (Zeroizing<String>, Json);

/// A JSON value, every text of it a secret until its place says otherwise.
enum Json {
    Null,
    Boolean,
    /// `None`: negative, a fraction, or too large.
    Number(Option<u64>),
    Text(Secret),
    List(Vec<Json>),
    Object(Vec<Entry>),
}

fn object(text: &Secret) -> Result<Vec<Entry>, ImportError> {
    // From a slice, never a reader: a reader buffers pieces of the text where nobody wipes them.
    let value: Json = serde_json::from_str(text.expose_secret()).map_err(|error| {
        // The message of the error can hold a piece of the text; its line cannot.
        let problem = match error.classify() {
            serde_json::error::Category::Eof => "the JSON ends too early",
            serde_json::error::Category::Data => "a name is there twice",
            _ => "not JSON",
        };
        ImportError { line: Some(error.line()), field: None, problem: problem.to_owned() }
    })?;
    match value {
        Json::Object(entries) => Ok(entries),
        _ => Err(ImportError { line: None, field: None, problem: "must be one JSON object".to_owned() }),
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Boolean)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(Some(number)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(Secret::copy_of(text)))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(Secret::new(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let name = Zeroizing::new(name);
            if entries.iter().any(|(taken, _)| *taken == name) {
                return Err(A::Error::custom("twice"));
            }
            entries.push((name, map.next_value()?));
        }
        Ok(Json::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match read_record(&Secret::copy_of(text)) {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_whole_record_is_read() {
        let text = r#"{"api_key": "EXAMPLE-KEY", "private_key": "-----BEGIN\nEXAMPLE\n", "kind": "ed25519",
            "permissions": ["trade", "read"], "ip_allowlist": ["203.0.113.7"], "expires": "2027-01-31",
            "rotate_after_days": 90, "tags": [], "note": "", "fields": {"sub.id": "EXAMPLE"}, "other": "EXAMPLE"}"#;
        let input = read_record(&Secret::copy_of(text)).unwrap();
        let names: Vec<&str> = input.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["api_key", "private_key", "sub.id", "other"]);
        assert_eq!(input.fields[1].1.expose_secret(), "-----BEGIN\nEXAMPLE\n");
        assert_eq!(input.kind, Some(CredentialKind::Ed25519));
        assert_eq!(input.permissions.unwrap().len(), 2);
        assert_eq!(input.rotate_after_days, Some(Some(90)));
        assert_eq!(input.tags, Some(BTreeSet::new()));
    }

    #[test]
    fn a_private_key_in_pem_is_put_right_and_everything_else_stays_as_it_is() {
        let key = "-----BEGIN PRIVATE KEY-----\nEXAMPLE0\nEXAMPLE=\n-----END PRIVATE KEY-----\n";
        for form in
            [key.replace('\n', "\r\n"), key.replace('\n', "\\n"), format!("\u{feff}\"{key}\""), format!("\n{key}")]
        {
            let document = |name: &str| Secret::new(serde_json::json!({ name: form }).to_string());
            let input = read_record(&document("api_secret")).unwrap();
            assert_eq!(input.fields[0].1.expose_secret(), key, "{form:?}");
            assert_eq!(read_value(&document("value")).unwrap().expose_secret(), key, "{form:?}");
        }
        let input = read_record(&Secret::copy_of(r#"{"api_secret": " EXAMPLE\r\n", "uid": "\"1\""}"#)).unwrap();
        assert_eq!(input.fields[0].1.expose_secret(), " EXAMPLE\r\n");
        assert_eq!(input.fields[1].1.expose_secret(), "\"1\"");
    }

    #[test]
    fn errors_name_line_or_field_and_never_the_text() {
        for (text, expected) in [
            ("{\n\"EXAMPLE-SECRET\" 1", "line 2: not JSON"),
            ("{\"EXAMPLE-SECRET\": 1}", "entry 1: must be a text"),
            ("{\"api_key\": 1}", "api_key: must be a text"),
            ("{\"api_key\": \"a\",\n\"api_key\": \"b\"}", "line 2: a name is there twice"),
            ("{\"api_key\": \"a\", \"fields\": {\"api_key\": \"b\"}}", "fields, api_key: is there twice"),
            ("{\"EXAMPLE SECRET\": \"a\"}", "entry 1: a field's name"),
            ("{\"environment\": \"testnet\"}", "environment: is not for this document"),
            ("{\"expires\": \"EXAMPLE-SECRET\"}", "expires: must be a date"),
            ("{\"variables\": []}", "variables: must be an object"),
            ("{\"variables\": {\"api_key\": 1}}", "variables, api_key: must be a text"),
            ("{\"variables\": {\"api_key\": \"EXAMPLE=SECRET\"}}", "variables, api_key: a variable's name"),
            ("{\"variables\": {\"EXAMPLE SECRET\": \"A\"}}", "variables, entry 1: a field's name"),
            ("[]", "must be one JSON object"),
            ("{} {}", "line 1: not JSON"),
            ("{", "line 1: the JSON ends too early"),
        ] {
            let message = refused(text);
            assert!(message.starts_with(expected), "{message}");
            assert!(!message.contains("SECRET"), "{message}");
        }
    }

    #[test]
    fn a_named_value_is_one_text() {
        assert_eq!(read_value(&Secret::copy_of(r#"{"value": "a\nb"}"#)).unwrap().expose_secret(), "a\nb");
        for text in ["{}", r#"{"value": 1}"#, r#"{"value": "a", "other": "b"}"#] {
            assert!(read_value(&Secret::copy_of(text)).is_err(), "{text}");
        }
    }
}
