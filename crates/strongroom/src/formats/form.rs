//! What came in byte for byte and is not in the form that programs read: told with the command that puts it right.

use super::Notice;
use crate::check;
use crate::record::Record;
use crate::wording::shell_word;

/// One line, however many values it is about. What a format puts right by itself is right by now.
pub(super) fn notice(records: &[Record]) -> Option<Notice> {
    let fields = records.iter().flat_map(|record| record.fields.iter().map(move |(name, value)| (record, name, value)));
    let mut found = fields
        .filter_map(|(record, name, value)| Some((record, name, check::form_problem(name, value.expose_secret())?)));
    let (record, name, problem) = found.next()?;
    let more = match found.count() {
        0 => String::new(),
        1 => " (and one more like it)".to_owned(),
        more => format!(" (and {more} more like it)"),
    };
    let reference = record.reference().to_string();
    let text = format!(
        "{reference}/{name} {problem}{more}; it is kept as it is, and check will complain; to enter it again: \
         strongroom set {} {name}",
        shell_word(&reference)
    );
    Some(Notice { line: None, text })
}

#[cfg(test)]
mod tests {
    use crate::formats::{ImportFormat, ImportOptions, read};
    use crate::secret::Secret;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\r\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n-----END PRIVATE KEY-----\r\n";

    fn told(format: ImportFormat, text: &str) -> Vec<String> {
        let options = ImportOptions { exchange: Some("binance"), now: 0 };
        let imported = read(format, &Secret::copy_of(text), &options).unwrap();
        imported.notices.into_iter().map(|notice| notice.text).collect()
    }

    #[test]
    fn a_key_that_check_complains_about_is_told_once_and_one_that_is_put_right_is_not() {
        let json = |secret: &str| {
            let account = serde_json::json!({"subaccount_name": "main", "api_key": "EXAMPLE", "api_secret": secret});
            serde_json::json!({"exchange_secrets": {"binance": {"name": "binance", "subaccounts": {"main": account}}}})
        };
        let notices = told(ImportFormat::Json, &json(KEY).to_string());
        let [notice] = notices.as_slice() else { panic!("{notices:?}") };
        assert!(notice.starts_with("binance/main/api_secret "), "{notice}");
        assert!(notice.ends_with("to enter it again: strongroom set binance/main api_secret"), "{notice}");
        assert_eq!(told(ImportFormat::Json, &json(&KEY.replace('\r', "")).to_string()), [""; 0]);
        let pair = "BINANCE_API_KEY='EXAMPLE '\nBINANCE_API_SECRET=' EXAMPLE'\n";
        let notices = told(ImportFormat::Dotenv, pair);
        assert!(notices.iter().any(|notice| notice.contains("(and one more like it)")), "{notices:?}");
        let ccxt = serde_json::json!({"apiKey": "EXAMPLE", "secret": format!("\u{feff}\"{KEY}\"")});
        let notices = told(ImportFormat::Ccxt, &ccxt.to_string());
        assert!(notices.iter().all(|notice| !notice.contains("check will complain")), "{notices:?}");
    }
}
