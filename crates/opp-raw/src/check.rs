//! Building strictly: what is to be sent is held against the document before it leaves.

use std::convert::Infallible;
use std::fmt;

use crate::value::{Extra, Object, Slot, Visit};

/// What is wrong with a value that was to be sent, and where. It names the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    field: String,
    rule: String,
}

impl Invalid {
    /// A broken rule, worded to follow the field's name: "is longer than 70 characters".
    pub fn new(rule: impl Into<String>) -> Self {
        Self { field: String::new(), rule: rule.into() }
    }

    /// The field with its parents, as on the wire: `creditorAddress.country`, `payments[2].instructedAmount`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Places it within a field of an object.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        self.field = match self.field.chars().next() {
            None => name.to_owned(),
            Some('[') => format!("{name}{}", self.field),
            Some(_) => format!("{name}.{}", self.field),
        };
        self
    }

    pub(crate) fn within_item(mut self, index: usize) -> Self {
        self.field = match self.field.chars().next() {
            None | Some('[') => format!("[{index}]{}", self.field),
            Some(_) => format!("[{index}].{}", self.field),
        };
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "the value {}", self.rule),
            field => write!(f, "{field} {}", self.rule),
        }
    }
}

impl std::error::Error for Invalid {}

impl From<Infallible> for Invalid {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Something that can be held against the document's rules.
pub trait Check {
    /// Refuses what the document forbids, naming the field. Types without rules accept everything.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for String {}
impl Check for bool {}
impl Check for i64 {}
impl Check for serde_json::Value {}

impl<T: Check + ?Sized> Check for Box<T> {
    fn check(&self) -> Result<(), Invalid> {
        (**self).check()
    }
}

impl<T: Check + ?Sized> Check for &T {
    fn check(&self) -> Result<(), Invalid> {
        (**self).check()
    }
}

/// Builds one value of a type that is sent, field by field; the first mistake is what [`build`](Self::build) reports.
///
/// Each setter takes the field's type or anything that converts to it, such as `&str`.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder<T> {
    pub(crate) value: T,
    pub(crate) mistake: Option<Invalid>,
}

impl<T: Default> Default for Builder<T> {
    fn default() -> Self {
        Self { value: T::default(), mistake: None }
    }
}

impl<T: Check> Builder<T> {
    /// The finished value, or what is wrong with it.
    pub fn build(self) -> Result<T, Invalid> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        self.value.check()?;
        Ok(self.value)
    }
}

/// Sets a field, or remembers the first mistake: what was given for a field cannot be converted.
pub(crate) fn set<S: Slot, V: TryInto<S::Value>>(
    (field, extra): (&mut S, &mut Extra),
    mistake: &mut Option<Invalid>,
    name: &str,
    given: V,
) where
    Invalid: From<V::Error>,
{
    match given.try_into() {
        Ok(given) => {
            *field = S::of(given);
            // What was read there and did not fit is replaced, too.
            extra.remove(name);
        }
        Err(error) => remember(mistake, Invalid::from(error).within(name)),
    }
}

fn remember(first: &mut Option<Invalid>, mistake: Invalid) {
    first.get_or_insert(mistake);
}

impl<T> From<T> for Builder<T> {
    /// Goes on from a value, such as one that was read.
    fn from(value: T) -> Self {
        Self { value, mistake: None }
    }
}

/// Writes the setters of a type that is sent, and the rules that concern its fields together.
macro_rules! builder {
    ($name:ident {
        $( $field:ident: $kind:ty = $wire:literal $(! $required:ident)? $([ $min:literal..=$max:literal ])? ; )*
    } $( one of $( [ $( $one:literal ),* ] )* )? $( least $least:literal of [ $( $some:literal ),* ] )? ) => {
        impl $name {
            /// Starts building one.
            #[inline]
            pub fn builder() -> $crate::check::Builder<Self> {
                $crate::check::Builder::default()
            }
        }

        impl $crate::check::Builder<$name> {
            $(
                #[doc = concat!("Sets `", $wire, "`", $( " (", stringify!($required), ")", )? ".")]
                pub fn $field<V>(mut self, value: V) -> Self
                where
                    V: TryInto<$kind>,
                    $crate::check::Invalid: From<V::Error>,
                {
                    let place = (&mut self.value.$field, &mut self.value.extra);
                    $crate::check::set(place, &mut self.mistake, $wire, value);
                    self
                }
            )*
        }

        impl $crate::check::Check for $name {
            #[inline]
            fn check(&self) -> Result<(), $crate::check::Invalid> {
                $crate::check::object(self, &$crate::check::Rules {
                    required: &[$( $( $crate::check::required!($required $wire), )? )*],
                    counted: &[$( $( ($wire, self.$field.len(), $min, $max), )? )*],
                    exactly_one: &[$( $( &[$( $one ),*] ),* )?],
                    at_least: (0 $( + $least )?, &[$( $( $some ),* )?]),
                })
            }
        }
    };
}
pub(crate) use builder;

/// The name of a field that [`builder!`] finds marked.
macro_rules! required {
    (required $wire:literal) => {
        $wire
    };
}
pub(crate) use required;

/// Types that are only ever received have no rules for sending.
macro_rules! unchecked {
    ($($name:ident),* $(,)?) => { $( impl $crate::check::Check for $name {} )* };
}
pub(crate) use unchecked;

/// What the document demands of an object beyond what it demands of each value.
pub(crate) struct Rules<'a> {
    pub(crate) required: &'a [&'a str],
    /// Lists with how many entries they have, the least and the most that they may have.
    pub(crate) counted: &'a [(&'a str, usize, usize, usize)],
    /// Groups of fields of which one has to be given, and no other.
    pub(crate) exactly_one: &'a [&'a [&'a str]],
    /// How many fields have to be given, of these or beyond the document.
    pub(crate) at_least: (usize, &'a [&'a str]),
}

/// Holds an object against its rules, field by field and then as a whole.
pub(crate) fn object<T: Object>(object: &T, rules: &Rules<'_>) -> Result<(), Invalid> {
    let mut checker = Checker { rules, given: Vec::new(), checked: Ok(()) };
    object.walk(&mut checker);
    checker.checked
}

struct Checker<'a> {
    rules: &'a Rules<'a>,
    /// The names of the fields that are there.
    given: Vec<&'static str>,
    checked: Result<(), Invalid>,
}

impl Visit for Checker<'_> {
    fn field<S: Slot>(&mut self, name: &'static str, field: &S) {
        if self.checked.is_ok() {
            let checked = field.check(name, self.rules.requires(name));
            self.next(name, field.is_absent(), checked);
        }
    }

    fn extra(&mut self, extra: &Extra) {
        if self.checked.is_ok() {
            // Whoever receives it would choose between the two.
            let twice = extra.iter().find(|(name, _)| self.given.contains(name));
            self.checked = match twice {
                Some((name, _)) => Err(Invalid::new("is given twice: take it out of `extra`").within(name)),
                None => self.rules.whole(&self.given, extra.iter().count()),
            };
        }
    }
}

impl Checker<'_> {
    fn next(&mut self, name: &'static str, absent: bool, checked: Result<(), Invalid>) {
        self.checked = checked;
        // What is not there has no entries to count; whether it may be missing is another rule.
        if self.checked.is_ok() && !absent {
            self.given.push(name);
            self.checked = self.rules.entries(name);
        }
    }
}

impl Rules<'_> {
    fn requires(&self, name: &str) -> bool {
        self.required.contains(&name)
    }

    /// Counts the entries of a list.
    fn entries(&self, name: &str) -> Result<(), Invalid> {
        for (counted, count, min, max) in self.counted {
            if *counted == name && count < min {
                return Err(Invalid::new(format!("needs at least {min} entries")).within(name));
            }
            if *counted == name && count > max {
                return Err(Invalid::new(format!("takes at most {max} entries")).within(name));
            }
        }
        Ok(())
    }

    /// Looks at which fields are given, and how many beyond the document.
    fn whole(&self, given: &[&str], beyond: usize) -> Result<(), Invalid> {
        let among = |names: &[&str]| names.iter().filter(|name| given.contains(name)).count();
        let groups = self.exactly_one;
        if !groups.is_empty() && groups.iter().filter(|group| among(group) > 0).count() != 1 {
            let names: Vec<String> = groups.iter().map(|group| group.join(" with ")).collect();
            return Err(Invalid::new("has to be given, and no other of them").within(&names.join(" or ")));
        }
        match self.at_least {
            (least, names) if among(names) + beyond < least => {
                Err(Invalid::new(format!("needs at least {least} of: {}", names.join(", "))))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "types of the document are public, and so is what is written for them")]
mod tests {
    use crate::check::Check;
    use crate::types::PsuData;
    use crate::value::{Extra, List, object};

    #[derive(Clone, Default, PartialEq)]
    struct Batch {
        payments: List<String>,
        extra: Extra,
    }
    object! { Batch { payments: "payments" } }
    builder! { Batch {
        payments: List<String> = "payments" [2..=3];
    } }

    #[test]
    fn a_list_that_is_given_holds_neither_too_few_nor_too_many_entries() {
        let build =
            |count: usize| Batch::builder().payments(vec![String::new(); count]).build().map_err(|e| e.to_string());
        assert_eq!(build(1).unwrap_err(), "payments needs at least 2 entries");
        assert!(build(2).is_ok() && build(3).is_ok());
        assert_eq!(build(4).unwrap_err(), "payments takes at most 3 entries");
        assert!(Batch::default().check().is_ok());
    }

    #[test]
    fn an_object_that_may_not_be_empty_takes_a_field_beyond_the_document_too() {
        let mut data = PsuData::default();
        let rule = "the value needs at least 1 of: password, encryptedPassword";
        assert_eq!(data.check().unwrap_err().to_string(), rule);
        data.extra.insert("additionalPassword", "x");
        assert!(data.check().is_ok());
        assert!(PsuData::builder().password("x").build().is_ok());
    }
}
