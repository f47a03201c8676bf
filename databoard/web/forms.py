"""How a form says what was refused: at the field where there is one, else above the fields."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_wtf import FlaskForm
from wtforms import Field

from databoard.errors import DataboardError, InvalidError
from databoard.web.extensions import db
from databoard.web.language import chosen, said


class Form(FlaskForm):
    """A form whose built-in messages are in the visitor's language, as far as WTForms knows it."""

    class Meta:
        """What WTForms asks a form."""

        @property
        def locales(self) -> list[str]:
            """Languages of the messages, the best first."""
            return [chosen(), "en"]


def typed(field: Field) -> str:
    """Read what was typed into a field, which is nothing at worst."""
    return field.data or ""


def tell(form: FlaskForm, error: DataboardError, *, field: str | None = None) -> None:
    """Put a refusal where the visitor looks for it."""
    name = field or (error.field if isinstance(error, InvalidError) else None)
    if name in form:
        form[name].errors = [*form[name].errors, said(error.message)]
    else:
        form.form_errors = [*form.form_errors, said(error.message)]


@contextmanager
def refusals_in(form: FlaskForm) -> Iterator[None]:
    """Undo what a refusal interrupts and say it in the form; what is our own fault goes on."""
    try:
        yield
    except DataboardError as error:
        if error.status >= 500:
            raise
        db.session.rollback()
        tell(form, error)


def status_of(form: FlaskForm) -> int:
    """HTTP status of a page with this form."""
    return 422 if form.errors else 200
