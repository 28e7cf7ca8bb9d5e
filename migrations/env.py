"""Alembic's entry: the connection comes from the caller, the target from the models."""

from alembic import context

from scheduler.models import Base

config = context.config

context.configure(connection=config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
