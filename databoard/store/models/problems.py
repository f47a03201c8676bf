"""Problems, and the parts that they are described by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from databoard.store.base import Base, Key, Name, Sha256, Short


class WorkflowElementType(Base):
    """A part that a submission may have: its name, and whether it is code, text or data."""

    __tablename__ = "workflow_element_types"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(10))

    __table_args__ = (CheckConstraint("type IN ('code', 'text', 'data')", name="type"),)


class Workflow(Base):
    """How the elements of a submission are trained together."""

    __tablename__ = "workflows"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)

    elements: Mapped[list[WorkflowElement]] = relationship(
        back_populates="workflow",
        cascade="all, delete-orphan",
        order_by="WorkflowElement.position",
    )


class WorkflowElement(Base):
    """An element of a workflow, in its place; ``filename`` is the file that carries it."""

    __tablename__ = "workflow_elements"

    id: Mapped[Key]
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"))
    type_id: Mapped[int] = mapped_column(ForeignKey("workflow_element_types.id"), index=True)
    position: Mapped[int]
    filename: Mapped[Name]

    workflow: Mapped[Workflow] = relationship(back_populates="elements")
    element_type: Mapped[WorkflowElementType] = relationship(lazy="joined")

    __table_args__ = (UniqueConstraint("workflow_id", "position"),)

    @property
    def name(self) -> str:
        """The element's name is its type's."""
        return self.element_type.name

    @property
    def type(self) -> str:
        """Code, text or data."""
        return self.element_type.type


class ScoreType(Base):
    """A score that events may use; the code is found by ``name``."""

    __tablename__ = "score_types"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    is_lower_the_better: Mapped[bool]
    minimum: Mapped[float] = mapped_column(Float(53))
    maximum: Mapped[float] = mapped_column(Float(53))

    __table_args__ = (CheckConstraint("minimum < maximum", name="range"),)


class Problem(Base):
    """A problem; all that pages show of its kit was read when it was added."""

    __tablename__ = "problems"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    title: Mapped[Short]
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflows.id"), index=True)
    summary: Mapped[str] = mapped_column(default="")
    overview_html: Mapped[str] = mapped_column(default="")
    dictionary_html: Mapped[str] = mapped_column(default="")
    requirements: Mapped[str] = mapped_column(default="")
    prediction_kind: Mapped[str] = mapped_column(String(20), default="other")
    label_names: Mapped[list[Any]] = mapped_column(JSON, default=list)
    n_columns: Mapped[int] = mapped_column(default=0)
    n_train: Mapped[int] = mapped_column(default=0)
    n_test: Mapped[int] = mapped_column(default=0)
    data_hash: Mapped[Sha256] = mapped_column(default="")
    kit_hash: Mapped[Sha256] = mapped_column(default="")
    added_at: Mapped[datetime]

    workflow: Mapped[Workflow] = relationship()
    keywords: Mapped[list[Keyword]] = relationship(
        secondary="problem_keywords", back_populates="problems"
    )


class Keyword(Base):
    """A word to find problems by: a data domain or a theme."""

    __tablename__ = "keywords"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(20), default="theme")

    problems: Mapped[list[Problem]] = relationship(
        secondary="problem_keywords", back_populates="keywords"
    )

    __table_args__ = (CheckConstraint("type IN ('domain', 'theme')", name="type"),)


class ProblemKeyword(Base):
    """A keyword of a problem."""

    __tablename__ = "problem_keywords"

    problem_id: Mapped[int] = mapped_column(
        ForeignKey("problems.id", ondelete="CASCADE"), primary_key=True
    )
    keyword_id: Mapped[int] = mapped_column(
        ForeignKey("keywords.id", ondelete="CASCADE"), primary_key=True, index=True
    )
