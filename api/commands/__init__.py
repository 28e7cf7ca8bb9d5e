"""The subcommands of `clinic`."""
