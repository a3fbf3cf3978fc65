/// The middle of some numbers, the upper one of an even count; `None` of none.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The median of the ratios of what was measured in the same round.
pub(super) fn ratio(over: &[f64], under: &[f64]) -> Option<f64> {
    median(over.iter().zip(under).map(|(a, b)| a / b).collect())
}

/// How alike two vectors are: the correlation of their elements; `None` where that has no meaning.
pub(super) fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.is_empty() {
        return None;
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: fn(f64, f64) -> f64| {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>()
    };
    let both = (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt();
    let correlation = sum(|a, b| a * b) / both;
    correlation.is_finite().then_some(correlation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
        assert_eq!(ratio(&[2.0, 9.0, 4.0], &[1.0, 1.0, 1.0]), Some(4.0));
    }

    #[test]
    fn correlation_does_not_depend_on_scale() {
        let a = [1.0, 2.0, 4.0];
        let near = |x: Option<f64>, y: f64| (x.unwrap() - y).abs() < 1e-12;
        assert!(near(correlation(&a, &a.map(|x| 3.0 * x + 1.0)), 1.0));
        assert!(near(correlation(&a, &a.map(|x| -x)), -1.0));
        assert_eq!(correlation(&a, &[1.0; 3]), None);
        assert_eq!(correlation(&a, &[1.0]), None);
    }
}
