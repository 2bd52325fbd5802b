//! Values as banks send them: read whatever comes, lose nothing, refuse only what is to be sent.
//!
//! A generated type never fails to read. A field that is missing or null is absent; text where a number was promised,
//! one value where a list was, an amount as a number: all are understood. What cannot be understood is kept under its
//! name in [`Extra`], and one bad element of a list stands in [`List::misfits`] beside the good ones. Building is the
//! other way round: see [`Check`](crate::Check).

mod any;
mod automaton;
mod extra;
mod field;
mod headers;
mod integer;
mod list;
mod map;
mod number;
mod object;
mod text;
mod variants;
mod walk;

use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

pub(crate) use automaton::Automaton;
pub use extra::Extra;
pub use field::Slot;
pub(crate) use headers::{read_text_of, request_headers, response_headers, text_of};
pub(crate) use integer::integer;
pub use list::List;
pub use map::Map;
pub use number::Number;
pub(crate) use object::{Object, object, read_next, read_object, read_whole, unwrapped};
pub use text::Text;
pub(crate) use text::{Dated, Format, Kind, Rule, Shown, Timed, kind};
pub(crate) use variants::{choice, known, open_enum, read_text};
pub(crate) use walk::{Debugger, Visit, debug, serialize};

/// What one JSON value turned out to be.
#[derive(Debug)]
pub enum Fit<T> {
    /// It was understood.
    Value(T),
    /// It was `null`.
    Null,
    /// It was something else; here it is, whole.
    Misfit(Value),
}

impl<T> Fit<T> {
    /// The same of another type, if it was understood.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Fit<U> {
        match self {
            Self::Value(value) => Fit::Value(make(value)),
            Self::Null => Fit::Null,
            Self::Misfit(value) => Fit::Misfit(value),
        }
    }
}

/// A type that reads every JSON value there is, one way or another.
///
/// Each method answers for one kind of JSON value; the defaults say "this is not for me" and keep the value.
pub trait Read: Sized {
    /// Whether it takes anything, so that nobody knows what may be shown of it.
    const SHAPELESS: bool = false;

    /// Reads text.
    fn read_str(_: &str) -> Option<Self> {
        None
    }

    /// Reads a flag.
    fn read_bool(_: bool) -> Option<Self> {
        None
    }

    /// Reads a number.
    fn read_number(_: &serde_json::Number) -> Option<Self> {
        None
    }

    /// Reads a list; by default a list of one value is that value.
    fn read_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Fit<Self>, A::Error> {
        let items = Vec::<Value>::deserialize(SeqAccessDeserializer::new(seq))?;
        if let [item] = items.as_slice()
            && let Fit::Value(value) = read_value(item)
        {
            return Ok(Fit::Value(value));
        }
        Ok(Fit::Misfit(Value::Array(items)))
    }

    /// Reads an object.
    fn read_map<'de, A: MapAccess<'de>>(map: A) -> Result<Fit<Self>, A::Error> {
        let value = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Fit::Misfit(Value::Object(value)))
    }

    /// Reads the next element of a list to the end of those before it. Says `Value` if there is one more of them, and
    /// nothing at the end of the list.
    fn read_next<'de, A: SeqAccess<'de>>(seq: &mut A, items: &mut Vec<Self>) -> Result<Option<Fit<()>>, A::Error> {
        let fit = seq.next_element_seed(Seed::<Self>::new())?;
        Ok(fit.map(|fit| fit.map(|item| items.push(item))))
    }

    /// Reads whatever comes.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fit<Self>, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// The text of a value as it stands in a header or a query.
pub trait Plain {
    /// That text, before it is encoded.
    fn plain(&self) -> String;
}

/// Reads a value that is in memory already. That is rare, so it goes by way of the text: reading every type from one
/// source alone halves what is to be compiled.
pub(crate) fn read_value<T: Read>(value: &Value) -> Fit<T> {
    let text = value.to_string();
    T::read(&mut serde_json::Deserializer::from_str(&text)).unwrap_or_else(|_| Fit::Misfit(value.clone()))
}

/// Makes [`Read`] usable wherever serde wants a seed.
pub(crate) struct Seed<T>(PhantomData<T>);

impl<T> Seed<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Read> DeserializeSeed<'de> for Seed<T> {
    type Value = Fit<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fit<T>, D::Error> {
        T::read(deserializer)
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: Read> Reader<T> {
    fn new() -> Self {
        Self(PhantomData)
    }

    fn number(number: serde_json::Number) -> Fit<T> {
        T::read_number(&number).map_or_else(|| Fit::Misfit(Value::Number(number)), Fit::Value)
    }
}

impl<'de, T: Read> Visitor<'de> for Reader<T> {
    type Value = Fit<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Fit<T>, E> {
        Ok(T::read_bool(flag).map_or(Fit::Misfit(Value::Bool(flag)), Fit::Value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Fit<T>, E> {
        Ok(Self::number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Fit<T>, E> {
        Ok(Self::number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Fit<T>, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Fit::Null, Self::number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Fit<T>, E> {
        Ok(T::read_str(text).map_or_else(|| Fit::Misfit(Value::String(text.to_owned())), Fit::Value))
    }

    fn visit_unit<E>(self) -> Result<Fit<T>, E> {
        Ok(Fit::Null)
    }

    fn visit_none<E>(self) -> Result<Fit<T>, E> {
        Ok(Fit::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fit<T>, D::Error> {
        T::read(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fit<T>, D::Error> {
        T::read(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Fit<T>, A::Error> {
        T::read_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fit<T>, A::Error> {
        T::read_map(map)
    }
}

/// Reads the root of a text: only there `null` and misfits are errors, since there is no place to keep them.
pub(crate) fn read_root<'de, T: Read, D: Deserializer<'de>>(deserializer: D, name: &str) -> Result<T, D::Error> {
    match T::read(deserializer)? {
        Fit::Value(value) => Ok(value),
        Fit::Null | Fit::Misfit(_) => Err(serde::de::Error::custom(format_args!("this is no {name}"))),
    }
}

/// Implements `Deserialize` for a type that implements [`Read`].
macro_rules! deserialize_by_reading {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::value::read_root(deserializer, stringify!($name))
            }
        }
    };
}
pub(crate) use deserialize_by_reading;
