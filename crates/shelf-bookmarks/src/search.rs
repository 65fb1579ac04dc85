//! Search: analysis, plan, snippets and reasons; engines only fetch candidates.
//!
//! [`ask::search`] is the use case; [`document::Analyser`] is what the follower calls.

pub mod fold;
pub mod words;
pub mod language;
pub mod address;
pub mod document;
pub mod plan;
pub mod snippet;
pub mod ask;
pub mod shown;
pub mod follow;

pub use ask::{Hit, SearchAnswer, SearchAsk, SearchPorts, as_chosen, search};
pub use document::{ANALYSIS_VERSION, Analyser, meaning_text};
pub use follow::TextFollower;
pub use plan::Mode;
pub use shown::ShownTexts;
