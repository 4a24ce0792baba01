"""The command line: parse, call a pipeline, print, exit. Nothing else prints."""
