//! Statements with their parameters.

use std::borrow::Cow;

use jiff::Timestamp;
use sqlx::{
    Arguments, Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgTypeInfo, PgValueRef, types::Oid},
};
use uuid::Uuid;

/// A statement with its parameters, which are `$1` and so on. Tables are named without their schema: see [`Schema::qualify`].
///
/// [`Schema::qualify`]: super::schema::Schema::qualify
pub(super) struct Query {
    pub(super) sql: Cow<'static, str>,
    pub(super) arguments: Result<PgArguments, BoxDynError>,
    /// Whether it is one of the store's own, on the store's tables.
    pub(super) is_ours: bool,
}

impl Query {
    pub(super) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), arguments: Ok(PgArguments::default()), is_ours: true }
    }

    /// A statement of somebody else, to be run as it is.
    pub(super) fn foreign(sql: String) -> Self {
        Self { is_ours: false, ..Self::new(sql) }
    }

    /// Sets the next parameter.
    pub(super) fn bind<'q>(mut self, value: impl Encode<'q, Postgres> + Type<Postgres>) -> Self {
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = arguments.add(value)
        {
            self.arguments = Err(error);
        }
        self
    }

    /// Sets the next parameter to a text.
    pub(super) fn text(self, text: &str) -> Self {
        self.bind(storable(text).as_ref())
    }

    /// Sets the next parameter to a text or nothing.
    pub(super) fn optional_text(self, text: Option<&str>) -> Self {
        self.bind(text.map(storable).as_deref())
    }

    /// Sets the next parameter to a number.
    pub(super) fn number(self, number: impl TryInto<i64>) -> Self {
        self.bind(self::number(number))
    }

    pub(super) fn id(self, id: &Uuid) -> Self {
        self.bind(*id)
    }

    pub(super) fn time(self, time: Timestamp) -> Self {
        self.bind(Time(time))
    }
}

/// A number as PostgreSQL can hold it. Higher ones become the highest, which no row has.
pub(super) fn number(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Text as PostgreSQL can hold it: it knows no NUL. Only what a person or a model has written may have one.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => text.replace('\0', "\u{fffd}").into(),
        false => text.into(),
    }
}

/// A time as `timestamptz`: microseconds since 2000-01-01.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

/// 2000-01-01, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// The first time that PostgreSQL can hold is in 4714 BC.
const FIRST: i64 = -210_866_803_200_000_000 + EPOCH;

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl PgHasArrayType for Time {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1185))
    }
}

impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.as_microsecond().max(FIRST) - EPOCH;
        Encode::<Postgres>::encode(micros, buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Time {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let micros: i64 = Decode::<Postgres>::decode(value)?;
        Ok(Self(Timestamp::from_microsecond(micros.saturating_add(EPOCH))?))
    }
}

/// A time as precisely as it is stored.
pub(super) fn to_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
