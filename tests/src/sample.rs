//! The credentials every sandbox starts from. Obviously fake, and each different, so that a leak names its source.

/// Opens the sample vault.
pub const PASSPHRASE: &str = "EXAMPLE passphrase of the sample vault";
/// A passphrase that opens nothing.
pub const WRONG_PASSPHRASE: &str = "EXAMPLE passphrase of another vault";
/// A passphrase to change to.
pub const NEW_PASSPHRASE: &str = "EXAMPLE passphrase that came after";

/// `binance/main/api_key`
pub const BINANCE_KEY: &str = "EXAMPLE-BINANCE-MAIN-KEY-0001";
/// `binance/main/api_secret`
pub const BINANCE_SECRET: &str = "EXAMPLE-BINANCE-MAIN-SECRET-0002";
/// `binance/grid/api_secret`
pub const GRID_SECRET: &str = "EXAMPLE-BINANCE-GRID-SECRET-0004";
/// `okx/main/api_passphrase`
pub const OKX_PASSPHRASE: &str = "EXAMPLE-OKX-P";

/// The sample in the shape of `exchange_secrets`.
pub const SAMPLE_JSON: &str = r#"{
  "exchange_secrets": {
    "binance": {
      "name": "binance",
      "subaccounts": {
        "main": {
          "subaccount_name": "main",
          "api_key": "EXAMPLE-BINANCE-MAIN-KEY-0001",
          "api_secret": "EXAMPLE-BINANCE-MAIN-SECRET-0002"
        },
        "grid": {
          "subaccount_name": "grid",
          "api_key": "EXAMPLE-BINANCE-GRID-KEY-0003",
          "api_secret": "EXAMPLE-BINANCE-GRID-SECRET-0004",
          "api_passphrase": null
        }
      }
    },
    "okx": {
      "name": "okx",
      "subaccounts": {
        "main": {
          "subaccount_name": "main",
          "api_key": "EXAMPLE-OKX-MAIN-KEY-0005",
          "api_secret": "EXAMPLE-OKX-MAIN-SECRET-0006",
          "api_passphrase": "EXAMPLE-OKX-P"
        }
      }
    }
  }
}
"#;

/// Everything of the sample that must never be said.
pub const SAMPLE_SECRETS: &[&str] = &[
    PASSPHRASE,
    WRONG_PASSPHRASE,
    NEW_PASSPHRASE,
    BINANCE_KEY,
    BINANCE_SECRET,
    "EXAMPLE-BINANCE-GRID-KEY-0003",
    GRID_SECRET,
    "EXAMPLE-OKX-MAIN-KEY-0005",
    "EXAMPLE-OKX-MAIN-SECRET-0006",
    OKX_PASSPHRASE,
];
