//! The places of an object that a field is read into and written from.

use std::fmt::Debug;

use serde::de::MapAccess;
use serde::ser::SerializeMap;

use super::{Debugger, Extra, Fit, List, Map, Read, Seed};
use crate::check::{Check, Invalid};

/// A field of a generated object: an `Option`, a [`List`] or a [`Map`].
pub trait Slot {
    /// What it holds.
    type Value: Read;

    /// A field with something in it.
    fn of(value: Self::Value) -> Self;

    /// Reads the value that comes next; what does not fit goes to `extra` under the field's name.
    fn fill<'de, A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        extra: &mut Extra,
        map: &mut A,
    ) -> Result<(), A::Error>;

    /// Whether there is nothing to write.
    fn is_absent(&self) -> bool;

    /// Writes the field, if it is there.
    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error>;

    /// Shows the field, if it is there.
    fn show(&self, name: &'static str, debugger: &mut Debugger<'_, '_>);

    /// Refuses a value that the document forbids, and its absence where it is required.
    fn check(&self, name: &'static str, required: bool) -> Result<(), Invalid>;
}

/// What a field holds from now on. If it came before, the last value counts, also where an earlier one did not fit.
fn keep<T>(fit: Fit<T>, name: &'static str, extra: &mut Extra) -> Option<T> {
    if !extra.is_empty() {
        extra.remove(name);
    }
    match fit {
        Fit::Value(value) => Some(value),
        Fit::Null => None,
        Fit::Misfit(value) => {
            extra.insert(name, value);
            None
        }
    }
}

impl<T: Read + serde::Serialize + Debug + Check> Slot for Option<T> {
    type Value = T;

    fn of(value: T) -> Self {
        Some(value)
    }

    #[inline]
    fn fill<'de, A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        extra: &mut Extra,
        map: &mut A,
    ) -> Result<(), A::Error> {
        *self = keep(map.next_value_seed(Seed::<T>::new())?, name, extra);
        Ok(())
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        self.as_ref().map_or(Ok(()), |value| map.serialize_entry(name, value))
    }

    fn show(&self, name: &'static str, debugger: &mut Debugger<'_, '_>) {
        match self {
            Some(_) if T::SHAPELESS => debugger.hidden(name),
            Some(value) => debugger.shown(name, value),
            None => {}
        }
    }

    fn check(&self, name: &'static str, required: bool) -> Result<(), Invalid> {
        match self {
            Some(value) => value.check().map_err(|invalid| invalid.within(name)),
            None if required => Err(Invalid::new("is required").within(name)),
            None => Ok(()),
        }
    }
}

/// Lists and maps are there when they hold something.
macro_rules! collection {
    ($name:ident, $empty:ident) => {
        impl<T: Read + serde::Serialize + Debug + Check> Slot for $name<T> {
            type Value = Self;

            fn of(value: Self) -> Self {
                value
            }

            fn fill<'de, A: MapAccess<'de>>(
                &mut self,
                name: &'static str,
                extra: &mut Extra,
                map: &mut A,
            ) -> Result<(), A::Error> {
                *self = keep(map.next_value_seed(Seed::<Self>::new())?, name, extra).unwrap_or_default();
                Ok(())
            }

            fn is_absent(&self) -> bool {
                self.$empty()
            }

            fn write<M: SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
                if self.$empty() { Ok(()) } else { map.serialize_entry(name, self) }
            }

            fn show(&self, name: &'static str, debugger: &mut Debugger<'_, '_>) {
                match self.$empty() {
                    false if T::SHAPELESS => debugger.hidden(name),
                    false => debugger.shown(name, self),
                    true => {}
                }
            }

            fn check(&self, name: &'static str, required: bool) -> Result<(), Invalid> {
                if required && self.$empty() {
                    return Err(Invalid::new("is required").within(name));
                }
                Check::check(self).map_err(|invalid| invalid.within(name))
            }
        }
    };
}
collection!(List, is_unset);
collection!(Map, is_empty);
