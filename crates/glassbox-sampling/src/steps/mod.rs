//! The built-in steps, each with its formula and source. Throughout, `l` is a logit, `p` a probability: softmax of the
//! logits of the candidates that are left when the step begins.

mod bias;
mod dry;
mod min_p;
mod penalties;
mod temperature;
mod top_k;
mod top_p;
mod typical;
mod xtc;

pub use bias::LogitBias;
pub use dry::Dry;
pub use min_p::MinP;
pub use penalties::Penalties;
pub use temperature::Temperature;
pub use top_k::TopK;
pub use top_p::TopP;
pub use typical::Typical;
pub use xtc::Xtc;

use std::error::Error;

/// What every step returns.
type Outcome = Result<(), Box<dyn Error + Send + Sync>>;
