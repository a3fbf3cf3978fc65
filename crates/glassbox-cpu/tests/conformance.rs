//! The CPU backend is what core says a backend is, on every table and number of threads, and all
//! of those compute the same bits.

use glassbox_core::conformance::{cases, check, fingerprint};
use glassbox_cpu::{Cpu, CpuOptions};
use glassbox_kernels::Kernels;

fn cpu(isa: &str, threads: usize) -> Cpu {
    Cpu::new(&CpuOptions::default().isa(isa).threads(threads)).unwrap()
}

#[test]
fn every_table_with_one_to_four_threads_conforms() {
    for table in Kernels::available() {
        for threads in 1..=4 {
            if let Err(failure) = check(|| cpu(table.name(), threads)) {
                panic!("{}, {threads} threads: {failure}", table.name());
            }
        }
    }
}

#[test]
fn every_table_with_one_to_four_threads_computes_the_same_bits() {
    let expected = fingerprint(&mut cpu("portable", 1)).unwrap();
    for table in Kernels::available() {
        for threads in 1..=4 {
            let got = fingerprint(&mut cpu(table.name(), threads)).unwrap();
            let differ = |(g, e): (&f32, &f32)| g.to_bits() != e.to_bits();
            let at = got.iter().zip(&expected).position(differ);
            assert_eq!(at, None, "{}, {threads} threads", table.name());
            assert_eq!(got.len(), expected.len());
        }
    }
}

/// Cases run on one backend in a row as well: none leaves something behind that spoils another.
#[test]
fn cases_follow_one_another() {
    let mut backend = Cpu::new(&CpuOptions::default()).unwrap();
    for case in cases().iter().chain(cases().iter().rev()) {
        case.run(&mut backend)
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}
