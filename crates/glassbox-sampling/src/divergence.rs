//! How far one row of logits is from another.

/// The Kullback-Leibler divergence `Σ p (ln p − ln q)` in nats, with `p` and `q` the softmax of two rows of logits.
///
/// It is what is lost when `q` stands for the truth `p`, such as a quantised model for its float original: 0 when the
/// rows say the same. Computed in f64, in order. A token that `p` excludes (−inf) counts nothing.
///
/// # Panics
/// When the rows differ in length.
pub fn kl_divergence(p: &[f32], q: &[f32]) -> f64 {
    assert_eq!(p.len(), q.len());
    let (log_p, log_q) = (log_total(p), log_total(q));
    let terms = p.iter().zip(q).filter(|(p, _)| **p > f32::NEG_INFINITY);
    let sum: f64 = terms
        .map(|(&p, &q)| {
            let (p, q) = (f64::from(p) - log_p, f64::from(q) - log_q);
            libm::exp(p) * (p - q)
        })
        .sum();
    // Rounding can take the sum of equal rows a hair below zero.
    sum.max(0.0)
}

/// `ln Σ exp(x)`.
fn log_total(x: &[f32]) -> f64 {
    let max = x.iter().fold(f32::NEG_INFINITY, |m, &x| m.max(x));
    let max = f64::from(max);
    let total: f64 = x.iter().map(|&x| libm::exp(f64::from(x) - max)).sum();
    max + libm::log(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_coins() {
        let row = |heads: f64| [heads.ln() as f32, (1.0 - heads).ln() as f32];
        let (fair, bent) = (row(0.5), row(0.9));
        let expected = 0.5 * (0.5f64 / 0.9).ln() + 0.5 * (0.5f64 / 0.1).ln();
        assert!((kl_divergence(&fair, &bent) - expected).abs() < 1e-6);
        assert_eq!(kl_divergence(&fair, &fair), 0.0);
        assert_eq!(kl_divergence(&[0.0, f32::NEG_INFINITY], &[3.0, -1e30]), 0.0);
    }
}
