"""The declarative base, and the column types that every model uses."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(sqltypes.TypeDecorator[datetime]):
    """An aware time in UTC; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(UTC).")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class IntArray(sqltypes.TypeDecorator[Any]):
    """A one-dimensional array of row numbers, kept as compressed little-endian int64."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Encode."""
        return None if value is None else zlib.compress(np.asarray(value, dtype="<i8").tobytes())

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Decode to an int64 array."""
        return None if value is None else np.frombuffer(zlib.decompress(value), dtype="<i8")

    def compare_values(self, x: Any, y: Any) -> bool:
        """Tell whether two arrays are the same, for changes of a row."""
        if x is None or y is None:
            return x is y
        return np.array_equal(x, y)


class Base(DeclarativeBase):
    """The base of all models; its metadata is what migrations compare with the database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it so
        datetime: UTCDateTime(),
        float: Float(53),
        str: Text(),
    }


# SQLite counts up only a plain INTEGER key.
BigInt = BigInteger().with_variant(Integer(), "sqlite")
Key = Annotated[int, mapped_column(Integer, primary_key=True)]
BigKey = Annotated[int, mapped_column(BigInt, primary_key=True)]
Name = Annotated[str, mapped_column(String(80))]
Short = Annotated[str, mapped_column(String(200))]
Sha256 = Annotated[str, mapped_column(String(64))]
