//! What a text to import can make its reader allocate, and how deep it can lead it.

use strongroom::formats::hummingbot::{Connector, Verification};
use strongroom::formats::{self, ImportFormat, ImportOptions};
use strongroom::{Contents, Secret, registry};

use super::counted::{Numbers, allocated, alone};

/// A text of about so many bytes, made to cost its reader more than it is long.
struct Family {
    format: ImportFormat,
    name: &'static str,
    make: fn(usize) -> String,
}

fn repeated(bytes: usize, part: &str) -> String {
    part.repeat((bytes / part.len()).max(1))
}

fn numbered(bytes: usize, part: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 256);
    for number in 0.. {
        text.push_str(&part(number));
        if text.len() >= bytes {
            break;
        }
    }
    text
}

fn families() -> Vec<Family> {
    let mut all = Vec::new();
    let mut add = |format, name, make| all.push(Family { format, name, make });
    use ImportFormat::{Aws, Ccxt, Dotenv, Freqtrade, Json, Strongroom};
    add(Dotenv, "short names", |bytes| numbered(bytes, |number| format!("{number:x}=\n")));
    add(Dotenv, "the same name", |bytes| repeated(bytes, "A=\n"));
    add(Dotenv, "names alone", |bytes| repeated(bytes, "A\n"));
    add(Dotenv, "one long value", |bytes| format!("A='{}'\n", "\\'".repeat(bytes / 2)));
    add(Dotenv, "escaped line ends", |bytes| format!("A=-----BEGIN {}", "\\n".repeat(bytes / 2)));
    add(Dotenv, "literals", |bytes| format!("A={}\n", "${A:-$}".repeat(bytes / 7)));
    add(Dotenv, "quotes that do not close", |bytes| repeated(bytes, "A='\\''\nB=\"x\n"));
    add(Dotenv, "nonsense", |bytes| repeated(bytes, "= \n"));
    add(Dotenv, "records", |bytes| {
        numbered(bytes, |number| format!("OKX_{number:x}_API_KEY=\nOKX_{number:x}_API_SECRET=\n"))
    });
    add(Dotenv, "records in other names", |bytes| {
        numbered(bytes, |number| format!("XT_{number:x}_KEY=a\nXT_{number:x}_SECRET=a\n"))
    });
    add(Dotenv, "what looks like a field", |bytes| numbered(bytes, |number| format!("XT_{number:x}_KEY=a\n")));
    add(Dotenv, "names of which two differ", |bytes| {
        numbered(bytes, |number| format!("XT_{number:x}_KEY=a\nXT_{number:x}_APIKEY=b\n"))
    });
    add(Dotenv, "empty names of a template beside the real ones", |bytes| {
        numbered(bytes, |number| format!("XT_{number:x}_API_KEY=\nXT_{number:x}_KEY=a\nXT_{number:x}_SECRET=a\n"))
    });
    add(Dotenv, "empty names beside one real one", |bytes| {
        let inside = numbered(bytes, |number| format!("XT_{number:x}_API_KEY=\nXT_{number:x}_API_SECRET=\n"));
        format!("{inside}XT_KEY=a\nXT_SECRET=a\n")
    });
    add(Dotenv, "two names of one exchange", |bytes| {
        numbered(bytes, |number| format!("OKX_{number:x}_API_KEY=a\nOKEX_{number:x}_API_KEY=a\n"))
    });
    add(Dotenv, "words of names", |bytes| {
        numbered(bytes, |number| format!("XT_{number:x}{}_KEY=a\n", "_API_KEY".repeat(28)))
    });
    add(Dotenv, "expansions noticed", |bytes| numbered(bytes, |number| format!("{number:x}=${{\n")));
    add(Json, "subaccounts", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":{{\"api_key\":\"\",\"api_secret\":\"\"}},"));
        format!("{{\"exchange_secrets\":{{\"okx\":{{\"subaccounts\":{{{}}}}}}}}}", inside.trim_end_matches(','))
    });
    add(Json, "exchanges", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":{{}},"));
        format!("{{\"exchange_secrets\":{{{}}}}}", inside.trim_end_matches(','))
    });
    add(Json, "members", |bytes| {
        format!("{{{}\"exchange_secrets\":{{}}}}", numbered(bytes, |number| format!("\"{number:x}\":0,")))
    });
    add(Json, "fields", |bytes| {
        let inside = numbered(bytes, |number| format!(",\"{number:x}\":\"\""));
        format!(
            "{{\"exchange_secrets\":{{\"okx\":{{\"subaccounts\":{{\"a\":{{\"api_key\":\"\",\"api_secret\":\"\"{inside}}}}}}}}}}}"
        )
    });
    add(Json, "the same member", |bytes| format!("{{{}\"exchange_secrets\":{{}}}}", repeated(bytes, "\"a\":0,")));
    add(Json, "escapes", |bytes| {
        let value = "\\u0041".repeat(bytes / 6);
        format!(
            "{{\"exchange_secrets\":{{\"okx\":{{\"subaccounts\":{{\"a\":{{\"api_key\":\"{value}\",\"api_secret\":\"\"}}}}}}}}}}"
        )
    });
    add(Aws, "subaccounts", |bytes| {
        let inside = numbered(bytes, |number| {
            format!("{{\"subaccount_name\":\"{number:x}\",\"API_KEY\":\"\",\"API_SECRET\":\"\"}},")
        });
        format!("{{\"SUBACCOUNTS\":[{}]}}", inside.trim_end_matches(','))
    });
    add(Aws, "numbers in the list", |bytes| format!("{{\"SUBACCOUNTS\":[{}0]}}", repeated(bytes, "0,")));
    add(Dotenv, "variables of freqtrade", |bytes| {
        numbered(bytes, |number| {
            format!("FREQTRADE__EXCHANGE__CCXT_CONFIG__{number:x}=\nFREQTRADE__EXCHANGE__NAME=a\n")
        })
    });
    add(Dotenv, "a key of freqtrade's", |bytes| repeated(bytes, "FREQTRADE__EXCHANGE__KEY=a\n"));
    add(Ccxt, "accounts", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":{{\"apiKey\":\"a\"}},"));
        format!("{{{}}}", inside.trim_end_matches(','))
    });
    add(Ccxt, "accounts of one exchange", |bytes| {
        let inside = numbered(bytes, |number| format!("\"gate/{number:x}\":{{\"apiKey\":\"a\"}},"));
        format!("{{{}}}", inside.trim_end_matches(','))
    });
    add(Ccxt, "empty accounts", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":{{}},"));
        format!("{{{}}}", inside.trim_end_matches(','))
    });
    add(Ccxt, "settings", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":0,"));
        format!("{{\"gate\":{{{inside}\"apiKey\":\"a\"}}}}")
    });
    add(Ccxt, "options", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":0,"));
        format!("{{\"apiKey\":\"a\",\"options\":{{{}}}}}", inside.trim_end_matches(','))
    });
    add(Ccxt, "line ends of a key", |bytes| {
        format!("{{\"secret\":\"-----BEGIN {}-----END \"}}", "\\n".repeat(bytes / 2))
    });
    add(Ccxt, "lines of a key", |bytes| {
        format!("{{\"secret\":\"-----BEGIN {}-----END \"}}", "a\\\\n".repeat(bytes / 4))
    });
    add(Freqtrade, "comments", |bytes| format!("{{\"exchange\":{{}}}}{}", "/**/".repeat(bytes / 4)));
    add(Freqtrade, "last commas", |bytes| {
        format!("{{\"exchange\":{{\"name\":\"gate\",\"a\":[{}]}}}}", repeated(bytes, "[0,],").trim_end_matches(','))
    });
    add(Freqtrade, "members", |bytes| {
        format!("{{{}\"exchange\":{{\"name\":\"a\"}}}}", numbered(bytes, |number| format!("\"{number:x}\":0,")))
    });
    add(Freqtrade, "settings", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":0,"));
        format!("{{\"exchange\":{{\"name\":\"gate\",{inside}\"key\":\"a\"}}}}")
    });
    add(Strongroom, "records", |bytes| {
        let inside = numbered(bytes, |number| format!("{{\"exchange\":\"{number:x}\"}},"));
        format!("{{\"strongroom\":1,\"records\":[{}]}}", inside.trim_end_matches(','))
    });
    add(Strongroom, "values", |bytes| {
        let inside = numbered(bytes, |number| format!("{{\"name\":\"{number:x}\",\"value\":\"\"}},"));
        format!("{{\"strongroom\":1,\"values\":[{}]}}", inside.trim_end_matches(','))
    });
    add(Strongroom, "tags", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\","));
        let inside = inside.trim_end_matches(',');
        format!("{{\"strongroom\":1,\"records\":[{{\"exchange\":\"okx\",\"tags\":[{inside}]}}]}}")
    });
    add(Strongroom, "variables", |bytes| {
        let inside = numbered(bytes, |number| format!("\"{number:x}\":\"{number:x}\","));
        let inside = inside.trim_end_matches(',');
        format!("{{\"strongroom\":1,\"records\":[{{\"exchange\":\"okx\",\"variables\":{{{inside}}}}}]}}")
    });
    add(Strongroom, "extensions", |bytes| {
        let inside = numbered(bytes, |number| format!("{{\"tag\":{number},\"bytes\":\"\"}},"));
        let inside = inside.trim_end_matches(',');
        format!("{{\"strongroom\":1,\"records\":[{{\"exchange\":\"okx\",\"extensions\":[{inside}]}}]}}")
    });
    all
}

fn read(format: ImportFormat, text: &Secret) {
    let options = ImportOptions { exchange: Some("binance"), now: 1_700_000_000 };
    let _ = formats::detect(text.expose_secret());
    if let Ok(imported) = formats::read(format, text, &options) {
        let _ = formats::merge_into(&mut Contents::default(), imported, false, 1_700_000_000);
    }
}

/// Heap that reading, checking and merging a text may take for each of its bytes, and beside them. What costs most is a
/// record, a value or a notice for every few bytes: about 2 KiB for one of ccxt's accounts, which takes 19.
const A_BYTE: usize = 120;
const CONSTANT: usize = 16 * 1024;

/// What is known about exchanges is parsed once in the life of a process, whatever the text.
fn know_the_exchanges() {
    let test_environments = registry::exchanges().iter().map(|exchange| exchange.test_environments().len());
    assert!(test_environments.sum::<usize>() > 10);
}

#[test]
fn a_text_to_import_takes_memory_in_proportion_to_its_length() {
    let _alone = alone();
    know_the_exchanges();
    let (mut most_a_byte, mut tried) = (0.0f64, 0);
    for family in families() {
        for bytes in [0, 100, 4 << 10, 64 << 10, 512 << 10] {
            let text = Secret::new((family.make)(bytes));
            let most = allocated(|| read(family.format, &text));
            let (length, name) = (text.len(), family.name);
            assert!(most <= A_BYTE * length + CONSTANT, "{:?}, {name}: {most} for {length}", family.format);
            if bytes >= 4 << 10 {
                most_a_byte = most_a_byte.max(most as f64 / length as f64);
            }
            tried += 1;
        }
    }
    println!("bounds: {tried} texts to import, at most {most_a_byte:.0} bytes of heap a byte");
    assert!(tried >= 100 && most_a_byte > 10.0);
}

/// Files that no password is needed for to make them expensive: nothing is derived, and no text makes a list grow on.
#[test]
fn a_connector_of_hummingbot_takes_memory_in_proportion_to_its_length_and_no_time_to_derive() {
    let _alone = alone();
    let sealed =
        |json: &str| format!("connector: okx\nokx_api_key: {}\n", data_encoding::HEXLOWER.encode(json.as_bytes()));
    let families: [(&str, &dyn Fn(usize) -> String); 12] = [
        ("keys", &|bytes| numbered(bytes, |number| format!("{number:x}:\n"))),
        ("inner keys", &|bytes| format!("a:\n{}", numbered(bytes, |number| format!(" {number:x}:\n")))),
        ("the same key", &|bytes| repeated(bytes, "a:\n")),
        ("a deep mapping", &|bytes| numbered(bytes, |number| format!("{}a:\n", " ".repeat(number)))),
        ("lists", &|bytes| format!("a:\n{}", repeated(bytes, "- \n"))),
        ("brackets", &|bytes| format!("a: {}", "[".repeat(bytes))),
        ("comments", &|bytes| repeated(bytes, "#\n")),
        ("one long value", &|bytes| format!("connector: okx\nokx_api_key: 7b22{}\n", "00".repeat(bytes / 2))),
        ("members", &|bytes| sealed(&format!("{{{}\"a\":0}}", numbered(bytes, |number| format!("\"{number:x}\":0,"))))),
        ("nesting", &|bytes| sealed(&format!("{{\"crypto\":{}", "[".repeat(bytes)))),
        ("line ends", &|bytes| sealed(&format!("{{{}}}", "\n".repeat(bytes)))),
        ("a long ciphertext", &|bytes| {
            let code = "00".repeat(32);
            sealed(&format!(
                r#"{{"crypto":{{"cipher":"aes-128-ctr","cipherparams":{{"iv":""}},"ciphertext":"{}","kdf":"pbkdf2","kdfparams":{{"c":10000000,"dklen":32,"prf":"hmac-sha256","salt":""}},"mac":"{code}"}},"version":3}}"#,
                "00".repeat(bytes / 2)
            ))
        }),
    ];
    let (mut tried, mut read) = (0, 0);
    for (name, make) in families {
        for bytes in [0, 100, 4 << 10, 64 << 10, 400 << 10, 2 << 20] {
            let text = Secret::new(make(bytes));
            let most = allocated(|| {
                let _ = formats::detect(text.expose_secret());
                let _ = Verification::read(&text);
                read += usize::from(Connector::read(&text).is_ok());
            });
            let length = text.len();
            assert!(most <= A_BYTE * length + CONSTANT, "{name}: {most} for {length}");
            tried += 1;
        }
    }
    println!("bounds: {tried} files of hummingbot, {read} of them read");
    assert!(tried == 72 && read >= 4, "{tried} tried, {read} read");
}

/// Texts of noise in the characters that formats are made of: they go where nobody thought of.
#[test]
fn noise_to_import_takes_memory_in_proportion_to_its_length_and_never_panics() {
    const TEXTS: usize = 20_000;
    const PIECES: [&str; 50] = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "\\",
        "\n",
        "\r\n",
        "=",
        ":",
        ",",
        " ",
        "#",
        "$",
        "${",
        "`",
        "export ",
        "A",
        "_API_KEY",
        "OKX",
        "_API_SECRET",
        "_TESTNET",
        "\"exchange_secrets\"",
        "\"subaccounts\"",
        "\"API_KEY\"",
        "\"SUBACCOUNTS\"",
        "\"strongroom\"",
        "\"records\"",
        "\"api_key\"",
        "null",
        "1",
        "-1e9",
        "\\u0041",
        "\\ud83d",
        "\u{feff}",
        "é",
        "\0",
        "-----BEGIN EC PRIVATE KEY-----",
        "\"\":",
        "\"exchange\":{\"name\":\"gate\",",
        "\"apiKey\":\"a\"",
        "\"secret\"",
        "\"options\":{",
        "\"ccxt_config\":{",
        "\"auths\"",
        "true",
        "//",
        "/*",
        "*/",
    ];
    let _alone = alone();
    know_the_exchanges();
    let mut numbers = Numbers(0x5eed_0003);
    let (mut imported, mut refused) = (0, 0);
    for number in 0..TEXTS {
        let start = numbers.one_of(&[
            "",
            "",
            "{",
            "{\"exchange_secrets\":{",
            "{\"SUBACCOUNTS\":[{",
            "{\"strongroom\":1,",
            "{\"exchange\":{\"name\":\"gate\",",
            "{\"lighter\":{",
        ]);
        let mut text = start.to_owned();
        (0..numbers.below(60)).for_each(|_| text.push_str(numbers.one_of(&PIECES)));
        let text = Secret::new(text);
        for format in ImportFormat::ALL {
            let options = ImportOptions { exchange: Some("binance"), now: 1_700_000_000 };
            let most = allocated(|| match formats::read(format, &text, &options) {
                Ok(read) => {
                    imported += 1;
                    let _ = formats::merge_into(&mut Contents::default(), read, false, 1_700_000_000);
                }
                Err(_) => refused += 1,
            });
            let _ = Connector::read(&text);
            assert!(most <= A_BYTE * text.len() + CONSTANT, "text {number} as {format:?}: {most} for {}", text.len());
        }
    }
    println!(
        "bounds: {TEXTS} texts of noise in {} formats: {imported} read, {refused} refused",
        ImportFormat::ALL.len()
    );
    assert!(imported >= 1_000 && refused >= 50_000, "{imported} read, {refused} refused");
}

#[test]
fn nesting_of_any_depth_is_refused_and_not_followed() {
    let _alone = alone();
    know_the_exchanges();
    let starts = [
        (ImportFormat::Json, "{\"exchange_secrets\":"),
        (ImportFormat::Json, "{\"a\":"),
        (ImportFormat::Aws, "{\"SUBACCOUNTS\":["),
        (ImportFormat::Aws, "{\"API_KEY\":"),
        (ImportFormat::Strongroom, "{\"strongroom\":1,\"records\":["),
        (ImportFormat::Strongroom, "{\"strongroom\":"),
        (ImportFormat::Ccxt, "{\"apiKey\":"),
        (ImportFormat::Ccxt, "{\"gate\":{\"options\":"),
        (ImportFormat::Freqtrade, "{\"exchange\":"),
        (ImportFormat::Freqtrade, "// a\n{\"exchange\":{\"ccxt_config\":"),
    ];
    let mut tried = 0;
    // Far less stack than the main thread has: what followed the nesting would not survive the smallest depth.
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let deep = move || {
        for (format, start) in starts {
            for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
                for depth in [1_000, 100_000, 1_000_000] {
                    for end in [format!("1{}", close.repeat(depth)), String::new()] {
                        let text = Secret::new(format!("{start}{}{end}", open.repeat(depth)));
                        let _ = formats::detect(text.expose_secret());
                        let options = ImportOptions { exchange: Some("binance"), now: 0 };
                        let most = allocated(|| assert!(formats::read(format, &text, &options).is_err()));
                        assert!(most <= A_BYTE * text.len() + CONSTANT);
                        tried += 1;
                    }
                }
            }
        }
        tried
    };
    let tried = small.spawn(deep).unwrap().join().unwrap();
    println!("bounds: {tried} texts nested up to 1000000 deep");
    assert_eq!(tried, starts.len() * 3 * 3 * 2);
}

#[test]
fn armour_takes_less_memory_than_it_is_long() {
    let _alone = alone();
    know_the_exchanges();
    let (begin, end) = ("-----BEGIN STRONGROOM VAULT-----\n", "-----END STRONGROOM VAULT-----\n");
    let line = format!("{}\n", "A".repeat(64));
    for lines in [0, 1, 100, 20_000] {
        let good = line.repeat(lines);
        for text in
            [format!("{begin}{good}{end}"), format!("{begin}{good}"), format!("{begin}{good}A\n{good}{end}"), good]
        {
            let most = allocated(|| assert!(strongroom::dearmor(&text).is_err()));
            assert!(most <= text.len() + CONSTANT, "{most} for {}", text.len());
        }
    }
}
