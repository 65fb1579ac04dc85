//! Means, nDCG and the paired bootstrap.

use std::collections::HashMap;

/// Resamplings of one bootstrap.
const ROUNDS: usize = 2_000;

/// A difference of means with its 95 % interval.
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) middle: f64,
    pub(crate) high: f64,
}

/// The mean, 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The mean of `a - b`, pair by pair, and how far it may be chance; the seed is fixed.
pub(crate) fn paired_bootstrap(a: &[f64], b: &[f64]) -> Interval {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % differences.len().max(1)
    };
    let mut means: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            (0..differences.len()).map(|_| differences[next()]).sum::<f64>()
                / differences.len().max(1) as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Interval {
        low: means[ROUNDS / 40],
        middle: mean(&differences),
        high: means[ROUNDS - 1 - ROUNDS / 40],
    }
}

/// nDCG at 10 with linear gain.
pub(crate) fn ndcg(found: &[u32], gains: &HashMap<u32, f64>) -> f64 {
    let discount = |at: usize| 1.0 / (at as f64 + 2.0).log2();
    let got: f64 = found
        .iter()
        .take(10)
        .enumerate()
        .map(|(at, n)| gains.get(n).unwrap_or(&0.0) * discount(at))
        .sum();
    let mut ideal: Vec<f64> = gains.values().copied().collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best: f64 = ideal.iter().take(10).enumerate().map(|(at, gain)| gain * discount(at)).sum();
    if best > 0.0 { got / best } else { 0.0 }
}
