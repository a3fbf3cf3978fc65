//! Sums over a block that the searches share, each in one fixed order.

/// Partial sums that a reduction keeps; folded pairwise at the end.
const LANES: usize = 8;

/// The nearest integer, ties to even, for |x| < 2^22.
///
/// Adding and taking away 1.5 · 2^23 leaves no bits below the point. Unlike `round_ties_even`,
/// this needs no instruction that baseline x86-64 lacks.
#[inline(always)]
fn nearest(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    (x + MAGIC) - MAGIC
}

/// The integer of `[lo, hi]` whose product with the scale `1 / inverse` is nearest to `x`.
#[inline(always)]
pub(super) fn quant(x: f32, inverse: f32, lo: f32, hi: f32) -> f32 {
    // Comparisons as SSE's maximum and minimum make them; `clamp` treats NaN in more steps.
    let x = x * inverse;
    let x = if x > lo { x } else { lo };
    nearest(if x < hi { x } else { hi })
}

/// `1 / scale`, and 0 for a scale of 0: every integer is then 0.
#[inline(always)]
pub(super) fn inverse(scale: f32) -> f32 {
    // The reciprocal of the smallest f16 times an integer scale is finite.
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// One number per lane.
type Lanes = [f32; LANES];

#[inline(always)]
fn lanes(f: impl Fn(usize) -> f32) -> Lanes {
    std::array::from_fn(f)
}

/// Adds a product per lane.
#[inline(always)]
fn add_product(sum: &mut Lanes, a: &Lanes, b: &Lanes) {
    for i in 0..LANES {
        sum[i] += a[i] * b[i];
    }
}

/// Out of line and by reference, so that the loops keep their sums as arrays: folded in place,
/// the compiler works on two lanes at a time.
#[inline(never)]
fn fold(s: &Lanes) -> f32 {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// The squared error of `x ≈ scale * q + offset` with the best `q` in `[lo, hi]`.
#[inline(never)]
pub(super) fn error(x: &[f32], scale: f32, offset: f32, lo: f32, hi: f32) -> f32 {
    let inverse = inverse(scale);
    let mut sum = [0.0; LANES];
    for x in x.as_chunks::<LANES>().0 {
        let q = lanes(|i| quant(x[i] - offset, inverse, lo, hi));
        let diff = lanes(|i| scale * q[i] + offset - x[i]);
        add_product(&mut sum, &diff, &diff);
    }
    fold(&sum)
}

/// `Σ q²` and `Σ q x` for the `q` that `scale` gives: their quotient is the best scale for those
/// integers.
#[inline(never)]
pub(super) fn moments(x: &[f32], scale: f32, lo: f32, hi: f32) -> [f32; 2] {
    let inverse = inverse(scale);
    let (mut qq, mut qx) = ([0.0; LANES], [0.0; LANES]);
    for x in x.as_chunks::<LANES>().0 {
        let q = lanes(|i| quant(x[i], inverse, lo, hi));
        add_product(&mut qq, &q, &q);
        add_product(&mut qx, &q, x);
    }
    [fold(&qq), fold(&qx)]
}

/// `Σ q`, `Σ q²`, `Σ x` and `Σ q x`: the normal equations of scale and offset for those integers.
#[inline(never)]
pub(super) fn affine_moments(x: &[f32], scale: f32, offset: f32, hi: f32) -> [f32; 4] {
    let inverse = inverse(scale);
    let [mut q1, mut qq, mut x1, mut qx] = [[0.0; LANES]; 4];
    for x in x.as_chunks::<LANES>().0 {
        let q = lanes(|i| quant(x[i] - offset, inverse, 0.0, hi));
        add_product(&mut q1, &q, &[1.0; LANES]);
        add_product(&mut x1, x, &[1.0; LANES]);
        add_product(&mut qq, &q, &q);
        add_product(&mut qx, &q, x);
    }
    [fold(&q1), fold(&qq), fold(&x1), fold(&qx)]
}

/// The element of the largest magnitude, with its sign.
pub(super) fn extreme(x: &[f32]) -> f32 {
    x.iter()
        .fold(0.0f32, |m, &x| if x.abs() > m.abs() { x } else { m })
}

/// Smallest and largest.
pub(super) fn range(x: &[f32]) -> (f32, f32) {
    x.iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), &x| {
            (lo.min(x), hi.max(x))
        })
}

/// The scale of least squared error for `x ≈ scale * q`, `q` in `[lo, hi]`, among scales that put
/// the largest element at or near an end of the range, each refined by least squares.
///
/// `round` is what the file does to the scale. `start` comes first, and only something better
/// replaces it.
pub(super) fn symmetric_scale(
    x: &[f32],
    lo: f32,
    hi: f32,
    start: f32,
    round: impl Fn(f32) -> f32,
) -> f32 {
    let mut best = round(start);
    let mut least = error(x, best, 0.0, lo, hi);
    let mut consider = |scale: f32| {
        let scale = round(scale);
        let error = error(x, scale, 0.0, lo, hi);
        if error < least {
            (best, least) = (scale, error);
        }
    };
    let extreme = extreme(x);
    // The extreme at the longer end, and at the shorter one: the better sign depends on the rest.
    for end in [lo, -lo] {
        for step in -9..=9 {
            let divisor = end + 0.1 * step as f32 * end.signum();
            let scale = extreme / divisor;
            let [qq, qx] = moments(x, scale, lo, hi);
            if qq > 0.0 {
                consider(qx / qq);
            }
        }
    }
    best
}

/// Scale and offset of least squared error for `x ≈ scale * q + offset`, `q` in `[0, hi]`.
///
/// `limit` says which offsets the format has, and `round` what the file does to both.
pub(super) fn affine_scale(
    x: &[f32],
    hi: f32,
    limit: impl Fn(f32) -> f32,
    round: impl Fn(f32, f32) -> (f32, f32),
) -> (f32, f32) {
    let (smallest, largest) = range(x);
    let low = limit(smallest);
    let width = (largest - low).max(0.0);
    let start = round(width / hi, low);
    let mut best = (start, error(x, start.0, start.1, 0.0, hi));
    // Least squares for the integers that a scale and an offset lead to, some rounds of it.
    let improve = |best: &mut ((f32, f32), f32), mut scale: f32, mut offset: f32, rounds: usize| {
        for _ in 0..rounds {
            let Some(next) = least_squares(x, scale, offset, hi, &limit) else {
                return;
            };
            let candidate = round(next.0, next.1);
            let error = error(x, candidate.0, candidate.1, 0.0, hi);
            if error < best.1 {
                *best = (candidate, error);
            }
            (scale, offset) = next;
        }
    };
    for step in (-10..=20).step_by(2) {
        improve(&mut best, width / (hi + 0.1 * step as f32), low, 1);
    }
    // The ends of the range pulled in: what lies outside is cut off, and the rest is finer.
    for pull in 1..=4 {
        let inner = width * (1.0 - 0.03 * pull as f32);
        improve(&mut best, inner / hi, limit(low + 0.5 * (width - inner)), 2);
    }
    let (scale, offset) = best.0;
    improve(&mut best, scale, offset, 3);
    best.0
}

/// The scale and offset of least squared error for the integers that these lead to.
fn least_squares(
    x: &[f32],
    scale: f32,
    offset: f32,
    hi: f32,
    limit: impl Fn(f32) -> f32,
) -> Option<(f32, f32)> {
    let n = x.len() as f32;
    let [q, qq, sx, qx] = affine_moments(x, scale, offset, hi);
    let determinant = n * qq - q * q;
    if determinant <= 0.0 {
        return None;
    }
    let mut scale = (n * qx - q * sx) / determinant;
    let free = (qq * sx - q * qx) / determinant;
    let offset = limit(free);
    if offset != free {
        // Least squares again, with the offset where the format's range ends.
        scale = (qx - offset * q) / qq;
    }
    Some((scale.max(0.0), offset))
}
