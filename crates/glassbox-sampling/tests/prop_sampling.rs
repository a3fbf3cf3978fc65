//! Properties of the whole sampler over any parameters and any logits.

use glassbox_sampling::{
    Candidates, Chain, Context, LogprobsOf, Sampler, SamplingError, SamplingParams, Step, rng,
};
use proptest::prelude::*;
use std::error::Error;

const VOCAB: usize = 40;

fn any_f64() -> impl Strategy<Value = f64> {
    prop_oneof![
        60 => 0.0..1.0f64,
        2 => any::<f64>(),
        4 => prop::sample::select(vec![0.0, 1.0, f64::NAN, f64::INFINITY, -1.0, 1e300, 5e-324]),
    ]
}

/// Mostly valid parameters, sometimes anything at all.
fn any_params() -> impl Strategy<Value = SamplingParams> {
    let filters = (any_f64(), 0u32..50, any_f64(), any_f64(), any_f64());
    let penalties = (
        any_f64(),
        any_f64(),
        any_f64(),
        any::<Option<u8>>(),
        any::<bool>(),
    );
    let dry = (
        any_f64(),
        1.0..3.0f64,
        1u32..5,
        prop::collection::vec(prop::collection::vec(0u32..40, 1..3), 0..4),
    );
    let xtc = (any_f64(), 0.001..0.5f64);
    let bias = prop::collection::btree_map(
        0u32..40,
        prop_oneof![any_f64(), Just(f64::NEG_INFINITY)],
        0..4,
    );
    let rest = (
        bias,
        any::<u64>(),
        prop::option::of(0u32..22),
        any::<bool>(),
    );
    (filters, penalties, dry, xtc, rest).prop_map(|(f, p, d, x, r)| SamplingParams {
        temperature: f.0,
        top_k: f.1,
        top_p: f.2,
        min_p: f.3,
        typical_p: f.4,
        repetition_penalty: p.0,
        presence_penalty: p.1,
        frequency_penalty: p.2,
        penalty_last_n: p.3.map(u32::from),
        penalize_prompt: p.4,
        dry_multiplier: d.0,
        dry_base: d.1,
        dry_allowed_length: d.2,
        dry_last_n: p.3.map(u32::from),
        dry_sequence_breakers: d.3,
        xtc_probability: x.0,
        xtc_threshold: x.1,
        logit_bias: r.0,
        seed: r.1,
        logprobs: r.2,
        logprobs_of: if r.3 {
            LogprobsOf::Model
        } else {
            LogprobsOf::Draw
        },
    })
}

/// Whatever 32 bits may hold, and logits as models give them, with ties.
fn any_logits() -> impl Strategy<Value = Vec<f32>> {
    let usual = (-20i32..20).prop_map(|i| i as f32 * 0.5);
    let element = prop_oneof![
        200 => usual,
        5 => f32::MIN..f32::MAX,
        1 => prop::num::f32::ANY,
        10 => Just(f32::NEG_INFINITY),
        10 => prop::sample::select(vec![f32::MAX, f32::MIN, -0.0]),
    ];
    prop::collection::vec(element, VOCAB)
}

fn plain_logits() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-20i32..20).prop_map(|i| i as f32 * 0.5), VOCAB)
}

fn first_best(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (i, l) in logits.iter().enumerate() {
        if *l > logits[best] {
            best = i;
        }
    }
    best as u32
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Anything gives a permitted token or a typed error, the same each time and whatever the scratch held before.
    #[test]
    fn any_input_gives_a_token_or_an_error(
        params in any_params(),
        logits in any_logits(),
        other in plain_logits(),
        prompt in prop::collection::vec(0u32..6, 0..30),
        generated in prop::collection::vec(0u32..6, 0..30),
        pos in any::<u64>(),
    ) {
        let Ok(mut sampler) = Sampler::new(&params, VOCAB) else {
            prop_assert!(params.validate(VOCAB).is_err());
            return Ok(());
        };
        sampler.accept_prompt(&prompt).unwrap();
        for id in generated {
            sampler.accept(id).unwrap();
        }
        let mut scratch = Candidates::default();
        let first = sampler.sample(&logits, pos, &mut scratch);
        let _ = sampler.sample(&other, pos ^ 1, &mut scratch);
        let again = sampler.sample(&logits, pos, &mut scratch);
        prop_assert_eq!(format!("{:?}", first), format!("{:?}", again));

        let bad = logits.iter().position(|l| l.is_nan() || *l == f32::INFINITY);
        match first {
            Ok(sampled) => {
                prop_assert!(bad.is_none());
                prop_assert!(logits[sampled.id as usize] > f32::NEG_INFINITY);
                prop_assert_ne!(params.logit_bias.get(&sampled.id), Some(&f64::NEG_INFINITY));
                prop_assert_eq!(sampled.logprob.is_some(), params.logprobs.is_some());
                prop_assert!(sampled.logprob.is_none_or(|l| l <= 0.0));
                prop_assert!(sampled.top.len() <= params.logprobs.unwrap_or(0) as usize);
                prop_assert!(sampled.top.is_sorted_by(|a, b| a.logprob >= b.logprob));
            }
            Err(SamplingError::InvalidLogit { index, .. }) => prop_assert_eq!(Some(index), bad),
            Err(SamplingError::AllExcluded { .. }) => {
                prop_assert!(logits.iter().all(|l| *l == f32::NEG_INFINITY));
            }
            Err(SamplingError::NoCandidates { step }) => prop_assert_eq!(step, "logit_bias"),
            Err(e) => prop_assert!(false, "{e}"),
        }
    }

    /// Greedy is the first of the largest, by the short way, through the whole chain, and as the limit of temperature.
    #[test]
    fn greedy_is_the_first_of_the_best(logits in plain_logits(), seed in any::<u64>()) {
        let expected = first_best(&logits);
        let mut scratch = Candidates::default();
        let mut choose = |p: &SamplingParams| {
            Sampler::new(p, VOCAB).unwrap().sample(&logits, 3, &mut scratch).unwrap().id
        };
        let greedy = SamplingParams { seed, ..SamplingParams::greedy() };
        prop_assert_eq!(choose(&greedy), expected);
        let long_way = SamplingParams { top_p: 0.9, xtc_probability: 1.0, min_p: 0.1, ..greedy.clone() };
        prop_assert_eq!(choose(&long_way), expected);
        let limit = SamplingParams { temperature: 1e-3, ..greedy.clone() };
        let chosen = choose(&limit);
        prop_assert_eq!(logits[chosen as usize], logits[expected as usize]);
        // Among equals the limit is a draw; keeping one of them leaves the first.
        prop_assert_eq!(choose(&SamplingParams { top_k: 1, temperature: 1.0, ..greedy }), expected);
    }

    /// Filters look at logits, not at ids: another numbering of the vocabulary keeps the same multiset of logits.
    #[test]
    fn filters_do_not_depend_on_the_numbering(
        logits in plain_logits(),
        shift in 1usize..VOCAB,
        top_k in 0u32..50,
        top_p in 0.01..1.0f64,
        min_p in 0.0..1.0f64,
    ) {
        let params = SamplingParams { top_k, top_p, min_p, ..SamplingParams::default() };
        let kept = |row: &[f32]| {
            let mut chain = Chain::from_params(&params);
            let mut reporter = Reporter::default();
            let shared = std::sync::Arc::clone(&reporter.seen);
            reporter.base = row.to_vec();
            chain.push(reporter).unwrap();
            let sampler = Sampler::with_chain(&params, chain, row.len()).unwrap();
            sampler.sample(row, 0, &mut Candidates::default()).unwrap();
            shared.lock().unwrap().clone()
        };
        let mut rotated = logits.clone();
        rotated.rotate_left(shift);
        prop_assert_eq!(kept(&logits), kept(&rotated));
    }
}

/// Notes the original logits of the candidates that reach it.
#[derive(Default)]
struct Reporter {
    base: Vec<f32>,
    seen: std::sync::Arc<std::sync::Mutex<Vec<f32>>>,
}

impl Step for Reporter {
    fn name(&self) -> &str {
        "reporter"
    }

    fn apply(
        &self,
        c: &mut Candidates,
        _: &Context<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut seen: Vec<f32> = c
            .as_slice()
            .iter()
            .map(|c| self.base[c.id as usize])
            .collect();
        seen.sort_by(f32::total_cmp);
        *self.seen.lock().map_err(|e| e.to_string())? = seen;
        Ok(())
    }
}

/// A step that does what the test wants.
struct Custom<F>(F);

impl<F> Step for Custom<F>
where
    F: Fn(&mut Candidates, &Context<'_>) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync,
{
    fn name(&self) -> &str {
        "custom"
    }

    fn apply(
        &self,
        c: &mut Candidates,
        x: &Context<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        (self.0)(c, x)
    }
}

fn with_custom<F>(step: F) -> Result<u32, SamplingError>
where
    F: Fn(&mut Candidates, &Context<'_>) -> Result<(), Box<dyn Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
{
    let params = SamplingParams::greedy();
    let mut chain = Chain::from_params(&params);
    chain.insert_before("temperature", Custom(step))?;
    let mut sampler = Sampler::with_chain(&params, chain, 4)?;
    sampler.accept(1)?;
    Ok(sampler
        .sample(&[1.0, 3.0, 2.0, 0.0], 9, &mut Candidates::default())?
        .id)
}

#[test]
fn a_program_extends_the_chain() {
    let never_repeat = |c: &mut Candidates, x: &Context<'_>| {
        let seen = x.history.tokens().to_vec();
        c.retain(|c| !seen.contains(&c.id));
        Ok(())
    };
    assert_eq!(with_custom(never_repeat).unwrap(), 2);
    let own_draw = |c: &mut Candidates, x: &Context<'_>| {
        assert_eq!(
            x.uniform(rng::Lane::custom(0)),
            rng::uniform(0, 9, rng::Lane::custom(0))
        );
        c.update(3, |l| l + 100.0);
        Ok(())
    };
    assert_eq!(with_custom(own_draw).unwrap(), 3);
}

#[test]
fn a_steps_failures_are_named() {
    type Work = fn(&mut Candidates) -> bool;
    let cases: [(Work, &str); 4] = [
        (|_| false, "step `custom` failed"),
        (
            |c| {
                c.retain(|_| false);
                true
            },
            "step `custom` excluded every token, expected it to leave at least one",
        ),
        (
            |c| {
                c.map_logits(|_| f32::NEG_INFINITY);
                true
            },
            "step `custom` excluded every token, expected it to leave at least one",
        ),
        (
            |c| {
                c.update(2, |_| f32::NAN);
                true
            },
            "step `custom` gave token 2 the logit NaN, expected a finite number or -inf",
        ),
    ];
    for (work, expected) in cases {
        let step = move |c: &mut Candidates, _: &Context<'_>| {
            if work(c) { Ok(()) } else { Err("no".into()) }
        };
        assert_eq!(with_custom(step).unwrap_err().to_string(), expected);
    }
}

#[test]
fn rows_are_checked() {
    let sampler = Sampler::new(&SamplingParams::greedy(), 3).unwrap();
    let mut scratch = Candidates::default();
    let mut error = |row: &[f32]| {
        sampler
            .sample(row, 0, &mut scratch)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error(&[1.0, 2.0]),
        "got 2 logits, expected 3, one a token of the vocabulary"
    );
    assert!(
        error(&[1.0, f32::NAN, f32::NAN])
            .starts_with("logit 1 is NaN, expected a finite number or -inf")
    );
    assert!(error(&[1.0, 2.0, f32::INFINITY]).starts_with("logit 2 is inf"));
    assert_eq!(
        error(&[f32::NEG_INFINITY; 3]),
        "all 3 logits are -inf, expected at least one finite"
    );
}

#[test]
fn logprobs_are_of_the_distribution_asked_for() {
    let row = [0.1f32, 0.5, 0.15, 0.25].map(f32::ln);
    let mut params = SamplingParams {
        top_k: 2,
        top_p: 1.0,
        logprobs: Some(3),
        ..SamplingParams::greedy()
    };
    params.logit_bias = [(1, f64::NEG_INFINITY)].into();
    let sample = |p: &SamplingParams| {
        Sampler::new(p, 4)
            .unwrap()
            .sample(&row, 0, &mut Candidates::default())
            .unwrap()
    };
    let near =
        |got: f32, p: f32| assert!((got - p.ln()).abs() < 1e-6, "{got}, expected {}", p.ln());

    let model = sample(&params);
    assert_eq!(model.id, 3);
    near(model.logprob.unwrap(), 0.25);
    let entropy = |p: &[f64]| -p.iter().map(|p| p * p.ln()).sum::<f64>() as f32;
    let expected = entropy(&[0.1, 0.5, 0.15, 0.25]);
    assert!((model.entropy.unwrap() - expected).abs() < 1e-6);
    assert_eq!(
        model.top.iter().map(|t| t.id).collect::<Vec<_>>(),
        [1, 3, 2]
    );
    near(model.top[2].logprob, 0.15);

    params.temperature = 1.0;
    params.logprobs_of = LogprobsOf::Draw;
    let drawn = sample(&params);
    let p = if drawn.id == 3 { 0.625 } else { 0.375 };
    near(drawn.logprob.unwrap(), p);
    assert_eq!(drawn.top.iter().map(|t| t.id).collect::<Vec<_>>(), [3, 2]);
    near(drawn.top[0].logprob, 0.625);
    assert!((drawn.entropy.unwrap() - entropy(&[0.625, 0.375])).abs() < 1e-6);

    params.logprobs = None;
    assert_eq!(sample(&params).logprob, None);
    assert_eq!(sample(&params).entropy, None);

    // Where nothing is uncertain, and where a token has no probability at all.
    params.logprobs = Some(0);
    params.logprobs_of = LogprobsOf::Model;
    let sure = Sampler::new(&params, 4).unwrap();
    let row = [0.0, f32::NEG_INFINITY, -1000.0, -90.0];
    let sure = sure.sample(&row, 0, &mut Candidates::default()).unwrap();
    assert!(sure.entropy.unwrap() < 1e-6, "{sure:?}");
}

/// A record of draws: any change of the generator, the arithmetic or the default order shows here.
#[test]
fn draws_are_the_same_everywhere() {
    let row: Vec<f32> = (0..50).map(|i| ((i * 31) % 50) as f32 * 0.11).collect();
    let params = SamplingParams {
        seed: 0x1234_5678_9abc_def0,
        ..SamplingParams::default()
    };
    let sampler = Sampler::new(&params, 50).unwrap();
    let mut scratch = Candidates::default();
    let ids: Vec<u32> = (0..16)
        .map(|pos| sampler.sample(&row, pos, &mut scratch).unwrap().id)
        .collect();
    // Computed apart, in Python, from the definitions.
    assert_eq!(
        ids,
        [29, 8, 16, 6, 37, 37, 19, 29, 45, 8, 24, 45, 16, 24, 11, 29]
    );
}
