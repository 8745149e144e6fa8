"""The command line: one module a verb.

A verb imports its work when it is called: help and completion, which load every verb, stay quick.
"""
