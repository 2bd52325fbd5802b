//! Typed mocks: for each operation what to expect and what to answer, over `httpmock`.

use anyhow::Result;

use super::HEAD;
use super::shape::Shapes;
use crate::normalise::Normal;

/// Emits the mocks.
pub fn emit(_normal: &Normal, _shapes: &Shapes) -> Result<String> {
    Ok(HEAD.to_owned())
}
