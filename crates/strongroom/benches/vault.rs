//! What people wait for: the KDF, opening and saving at 20, 1,000 and 10,000 subaccounts, one lookup, and checking all.
//!
//! `cargo bench -p strongroom`. Run, not asserted: no test fails on a clock.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use strongroom::record::field;
use strongroom::{Contents, KdfCost, MachineKey, NewSlot, NewVault, Policy, Record, Reference, Secret, Unlock, Vault};
use tempfile::TempDir;

const SIZES: [usize; 3] = [20, 1_000, 10_000];

struct Sample {
    directory: TempDir,
    unlock: Unlock,
}

impl Sample {
    fn of(size: usize) -> Sample {
        let key = MachineKey::generate().unwrap();
        let sample = Sample { directory: tempfile::tempdir().unwrap(), unlock: Unlock::machine_key(key) };
        let key = MachineKey::generate().unwrap();
        let new = NewVault {
            contents: contents(size),
            slots: vec![NewSlot::machine_key("bench", &key)],
            author: String::new(),
            pins: None,
        };
        new.prepare().unwrap().create(&sample.path()).unwrap();
        Sample { unlock: Unlock::machine_key(key), ..sample }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("vault.strongroom")
    }

    fn open(&self) -> Vault {
        Vault::open(self.path(), &self.unlock).unwrap()
    }
}

fn contents(size: usize) -> Contents {
    let mut contents = Contents::default();
    for number in 0..size {
        let name = Reference::new("binance", &format!("bot{number:05}"));
        let mut record = Record::new(&name, 1_700_000_000).unwrap();
        record.fields.set(field::API_KEY, Secret::new(format!("EXAMPLE-KEY-{number:020}")));
        record.fields.set(field::API_SECRET, Secret::new(format!("EXAMPLE-SECRET-{number:020}")));
        record.permissions.insert("trade".into());
        contents.insert(record).unwrap();
    }
    contents
}

fn kdf(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wrong passphrase");
    group.sample_size(10);
    for (name, cost) in [("minimum", KdfCost::MINIMUM), ("small", KdfCost::SMALL), ("standard", KdfCost::STANDARD)] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault.strongroom");
        let slot = NewSlot::passphrase("bench", &Secret::copy_of("EXAMPLE passphrase"), cost).unwrap();
        let new = NewVault { contents: contents(1), slots: vec![slot], author: String::new(), pins: None };
        new.prepare().unwrap().create(&path).unwrap();
        let wrong = Unlock::typed(&Secret::copy_of("EXAMPLE wrong")).unwrap();
        group.bench_function(name, |bencher| bencher.iter(|| Vault::open(black_box(&path), &wrong).is_err()));
    }
}

fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("open");
    for size in SIZES {
        let sample = Sample::of(size);
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| bencher.iter(|| sample.open()));
    }
}

fn save(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("save");
    group.sample_size(20);
    for size in SIZES {
        let sample = Sample::of(size);
        let mut note = 0;
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_batched_ref(
                || sample.open(),
                |vault| {
                    note += 1;
                    let edit = |contents: &mut Contents| {
                        let record = contents.record_mut(&Reference::new("binance", "bot00007"));
                        record.expect("it is in every sample").note = note.to_string().into();
                        Ok(())
                    };
                    vault.edit(edit).unwrap()
                },
                BatchSize::PerIteration,
            );
        });
    }
}

fn lookup(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lookup");
    for size in SIZES {
        let vault = Sample::of(size).open();
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| vault.subaccount(black_box("binance"), black_box("bot00013")).unwrap());
        });
    }
}

/// Of an open vault, with what decoding all of it takes. Every record has something said about it.
fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    let policy = Policy::default();
    for size in SIZES {
        let vault = Sample::of(size).open();
        let report = vault.check(&policy, 1_767_225_600);
        assert!(report.findings.len() >= size, "{}", report.findings.len());
        println!("check/{size}: {} findings", report.findings.len());
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| black_box(&vault).check(&policy, black_box(1_767_225_600)));
        });
    }
}

criterion_group!(benches, kdf, open, save, lookup, check);
criterion_main!(benches);
