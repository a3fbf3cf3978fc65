//! Parameters in JSON.

use glassbox_sampling::SamplingParams;

#[test]
fn parameters_survive_json_to_the_bit() {
    let params = SamplingParams {
        temperature: 0.1 + 0.2,
        logit_bias: [(1, f64::NEG_INFINITY), (9, -0.3), (u32::MAX, 100.0)].into(),
        seed: u64::MAX,
        ..SamplingParams::default()
    };
    let json = serde_json::to_string(&params).unwrap();
    assert!(
        json.contains(r#""logit_bias":{"1":"-inf","9":-0.3,"4294967295":100.0}"#),
        "{json}"
    );
    assert_eq!(
        serde_json::from_str::<SamplingParams>(&json).unwrap(),
        params
    );
}

#[test]
fn a_bias_that_is_no_number_is_named() {
    for wrong in [r#""inf""#, r#""NaN""#, r#""""#] {
        let json = format!(r#"{{"logit_bias": {{"7": {wrong}}}}}"#);
        let error = serde_json::from_str::<SamplingParams>(&json).unwrap_err();
        let expected = format!("logit_bias of token 7 is {wrong}, expected a number or \"-inf\"");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    assert!(serde_json::from_str::<SamplingParams>(r#"{"logit_bias": {"7": null}}"#).is_err());
}
