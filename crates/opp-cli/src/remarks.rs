//! What banks remark although they say yes: a line for each, so that nobody overlooks it, and of nobody's making but ours.

use opp_ergonomic::Warning;
use opp_ergonomic::sca::Ending;

use crate::app::App;
use crate::exit::Failure;
use crate::style;

/// Tells all of them.
pub(crate) fn tell(app: &mut App, remarks: &[Warning]) -> Result<(), Failure> {
    remarks.iter().filter_map(sentence).try_for_each(|sentence| app.out.warn(&sentence))
}

/// Tells what was remarked in the course of a signature, but for what its failure is going to say.
pub(crate) fn tell_of(app: &mut App, remarks: &[Warning], ending: Option<&Ending>) -> Result<(), Failure> {
    let Some(Ending::Failed(failure)) = ending else { return tell(app, remarks) };
    let unsaid: Vec<_> = remarks.iter().filter(|remark| !failure.says(remark)).cloned().collect();
    tell(app, &unsaid)
}

fn sentence(remark: &Warning) -> Option<String> {
    let [code, text] = [&remark.code, &remark.text].map(|part| part.as_deref().map(style::line));
    Some(match (code, text) {
        (Some(code), Some(text)) => format!("The bank remarks {code}: {text}"),
        (Some(code), None) => format!("The bank remarks {code}."),
        (None, Some(text)) => format!("The bank remarks: {text}"),
        (None, None) => return None,
    })
}
