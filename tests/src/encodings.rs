//! The forms in which a secret can lie about: as it is, and as programs write it into documents, commands and URLs.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

/// Every form of these bytes by name. Of base64, which depends on what stands before, the characters that the bytes
/// alone decide, for each of the three places at which they can begin.
pub fn encodings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("hex", HEXLOWER.encode(bytes).into_bytes()),
        ("HEX", HEXUPPER.encode(bytes).into_bytes()),
    ];
    for (name, encoding) in [
        (["base64 +0", "base64 +1", "base64 +2"], BASE64_NOPAD),
        (["base64url +0", "base64url +1", "base64url +2"], BASE64URL_NOPAD),
    ] {
        forms.extend(name.into_iter().enumerate().map(|(before, name)| (name, base64(&encoding, bytes, before))));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return forms };
    forms.push(("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    let url = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    forms.push(("URL", bytes.iter().copied().map(url).collect::<String>().into_bytes()));
    let json = serde_json::to_string(text).expect("a text is JSON");
    forms.push(("JSON", json.as_bytes()[1..json.len() - 1].to_vec()));
    forms.push(("shell", text.replace('\'', r"'\''").into_bytes()));
    let double: String =
        text.chars().flat_map(|c| r#""\$`"#.contains(c).then_some('\\').into_iter().chain([c])).collect();
    forms.push(("dotenv", double.into_bytes()));
    forms
}

fn base64(encoding: &Encoding, bytes: &[u8], before: usize) -> Vec<u8> {
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
    let text = encoding.encode(&padded).into_bytes();
    text[(8 * before).div_ceil(6)..8 * padded.len() / 6].to_vec()
}
