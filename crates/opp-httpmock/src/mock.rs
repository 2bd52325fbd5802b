//! An operation that can be mocked, and the mocking of it.

use httpmock::{Mock, MockServer};
use opp_raw::Operation;

use crate::{Then, When};

/// Names an operation in types; there are no values of it.
pub trait Mocked {
    /// The facts of the operation.
    const OPERATION: &'static Operation;
}

/// Mocks the operation that the types of the closure's arguments name.
///
/// This is what the methods of [`MockServerExt`](crate::MockServerExt) do.
pub fn mock<O: Mocked>(server: &MockServer, set_up: impl FnOnce(When<O>, Then<O>)) -> Mock<'_> {
    server.mock(|when, then| set_up(When::new(when), Then::new(then)))
}

/// The same without blocking, for servers that are elsewhere.
pub async fn mock_async<O: Mocked>(server: &MockServer, set_up: impl FnOnce(When<O>, Then<O>)) -> Mock<'_> {
    server.mock_async(|when, then| set_up(When::new(when), Then::new(then))).await
}

/// Writes what each operation has: its name, and the names of both sides of its mock.
macro_rules! operation {
    ($name:ident, $when:ident, $then:ident, $constant:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::Mocked for $name {
            const OPERATION: &'static opp_raw::Operation = &opp_raw::operations::$constant;
        }

        #[doc = concat!("What a call of [`", stringify!($name), "`] has to be like to be answered.")]
        pub type $when = $crate::When<$name>;

        #[doc = concat!("How a call of [`", stringify!($name), "`] is answered.")]
        pub type $then = $crate::Then<$name>;
    };
}
pub(crate) use operation;
