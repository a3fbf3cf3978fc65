//! The embedded model keeps its accuracy when it is quantised: text, weights, kernels and cache
//! all the way to the boxed answer.

mod support;

use support::run;

/// Percent right, of all the problems of the suite that have an answer and those that have none.
fn accuracy(model: &str) -> f64 {
    let report = run(&["eval", "--tiny-suite", "--json", "--model", model]).json();
    assert_eq!(
        (&report["partial"], &report["done"]),
        (&false.into(), &900.into())
    );
    100.0 * report["accuracy"].as_f64().unwrap()
}

#[test]
fn quantised_forms_stay_within_two_points() {
    let folder = tempfile::tempdir().unwrap();
    let before = accuracy("tiny");
    for to in ["q8_0", "q4_0", "q4_k_m"] {
        let out = folder.path().join(format!("{to}.gguf"));
        let out = out.to_str().unwrap();
        run(&["quantize", "tiny", out, "--to", to]).ok();
        let after = accuracy(out);
        println!("{to}: {after:.1} %, {before:.1} % before");
        assert!(
            after >= before - 2.0,
            "{to}: {after:.1} %, {before:.1} % before"
        );
    }
}
