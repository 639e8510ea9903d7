//! What every whole-system test shares.
