//! What is changed for the replies to come.

use super::Chat;
use crate::output;
use crate::sampling_args::Think;
use anyhow::{Result, bail};

pub(super) enum Setting {
    Think(Think),
    /// The most tokens of a reasoning.
    Budget(usize),
    Temperature(f64),
}

impl Chat {
    /// Changes a setting, if replies can be written with it.
    pub(super) fn set(&mut self, setting: Setting) -> Result<()> {
        let mut sampling = self.sampling.clone();
        let said = match setting {
            Setting::Think(think) => {
                sampling.think = think;
                None
            }
            Setting::Budget(0) => {
                bail!("/budget 0: expected at least 1; /think off switches the reasoning off")
            }
            Setting::Budget(tokens) => {
                sampling.think = Think::AtMost(tokens);
                Some(format!("a reasoning is closed after {tokens} tokens"))
            }
            Setting::Temperature(temperature) => {
                sampling.temperature = temperature;
                Some(format!("temperature {temperature}"))
            }
        };
        sampling.params(None)?;
        self.sampling = sampling;
        if let Some(said) = said {
            output::aside(&said);
        }
        Ok(())
    }
}
