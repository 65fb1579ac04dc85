//! Logs to standard error and metrics in memory; nothing leaves the machine.

use crate::config::{LogFormat, Settings};
use anyhow::{Context, Result};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::stderr;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;

/// Upper bounds of the buckets of everything counted in seconds.
const SECONDS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Begins to log as `settings` say. A second call changes nothing.
pub(crate) fn log(settings: &Settings) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.log)
        .with_context(|| format!("the setting \"log\": {:?} is no filter", settings.log))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let begun = match settings.log_format {
        LogFormat::Text => lines.with_ansi(crate::console::is_watched()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // Only tests start twice in one process; the first one's choice stays.
    drop(begun);
    Ok(())
}

/// The counts of this process.
pub(crate) fn counts() -> PrometheusHandle {
    static COUNTS: OnceLock<PrometheusHandle> = OnceLock::new();
    let begin = || {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(SECONDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        drop(metrics::set_global_recorder(recorder));
        handle
    };
    COUNTS.get_or_init(begin).clone()
}
