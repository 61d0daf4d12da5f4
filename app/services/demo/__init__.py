"""A small invented market, so that everything can be clicked through after `make run`."""
