//! One walk over the fields of an object, for whatever is done with each of them: writing, showing, checking.

use std::fmt;

use serde::ser::{SerializeMap, Serializer};

use super::object::Object;
use super::{Extra, Slot};

/// Something that is done with every field of an object. It keeps its own result, and does nothing after a failure: a
/// `?` at each field of each struct would be much for the compiler to look at.
pub(crate) trait Visit {
    fn field<S: Slot>(&mut self, name: &'static str, field: &S);
    fn extra(&mut self, extra: &Extra);
}

/// Writes the fields that are there, then what came beyond the document.
struct Writer<M: SerializeMap> {
    map: M,
    written: Result<(), M::Error>,
}

impl<M: SerializeMap> Visit for Writer<M> {
    fn field<S: Slot>(&mut self, name: &'static str, field: &S) {
        if self.written.is_ok() {
            self.written = field.write(name, &mut self.map);
        }
    }

    fn extra(&mut self, extra: &Extra) {
        if self.written.is_ok() {
            self.written = extra.iter().try_for_each(|(name, value)| self.map.serialize_entry(name, value));
        }
    }
}

/// Writes an object.
pub(crate) fn serialize<T: Object, S: Serializer>(object: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut writer = Writer { map: serializer.serialize_map(None)?, written: Ok(()) };
    object.walk(&mut writer);
    writer.written?;
    writer.map.end()
}

/// Shows the fields that are there, and the names alone of what came beyond the document.
pub struct Debugger<'a, 'f> {
    fields: fmt::DebugStruct<'a, 'f>,
    /// Whether values are left out: those of headers tell who the user is, where they are, what they have signed.
    names_only: bool,
}

impl Debugger<'_, '_> {
    pub(crate) fn shown(&mut self, name: &str, value: &dyn fmt::Debug) {
        if self.names_only {
            self.hidden(name);
        } else {
            self.fields.field(name, value);
        }
    }

    /// Shows that a field is there.
    pub(crate) fn hidden(&mut self, name: &str) {
        self.fields.field(name, &format_args!("_"));
    }
}

impl Visit for Debugger<'_, '_> {
    fn field<S: Slot>(&mut self, name: &'static str, field: &S) {
        field.show(name, self);
    }

    fn extra(&mut self, extra: &Extra) {
        if !extra.is_empty() {
            self.fields.field("extra", extra);
        }
    }
}

/// Shows an object.
pub(crate) fn debug<T: Object>(object: &T, f: &mut fmt::Formatter<'_>, name: &str, names_only: bool) -> fmt::Result {
    let mut debugger = Debugger { fields: f.debug_struct(name), names_only };
    object.walk(&mut debugger);
    debugger.fields.finish()
}
