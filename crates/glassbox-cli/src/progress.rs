use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar on standard error, when that is a terminal and the work takes a while.
pub(crate) struct Bar {
    what: &'static str,
    template: &'static str,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Bar {
    /// Of bytes.
    pub(crate) fn new(what: &'static str) -> Bar {
        Bar::with(what, "{prefix} [{bar:30}] {bytes}/{total_bytes} {eta}")
    }

    /// Of anything else.
    pub(crate) fn counting(what: &'static str) -> Bar {
        Bar::with(what, "{prefix} [{bar:30}] {pos}/{len} {eta}")
    }

    fn with(what: &'static str, template: &'static str) -> Bar {
        Bar {
            what,
            template,
            began: Instant::now(),
            bar: None,
        }
    }

    /// `done` of `total`.
    pub(crate) fn set(&mut self, done: u64, total: u64) {
        if self.bar.is_none() && self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            // The target hides the bar where standard error is no terminal.
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(self.template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_prefix(self.what);
            bar
        });
        bar.set_position(done);
    }

    /// A line on standard error, above the bar.
    pub(crate) fn warn(&self, warning: &str) {
        let line = || eprintln!("warning: {warning}");
        match &self.bar {
            Some(bar) => bar.suspend(line),
            None => line(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
