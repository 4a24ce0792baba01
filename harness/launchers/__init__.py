"""Launchers: where a training runs. Each runs the same resolved config in another place."""
