"""The one directory that goes on a service's PYTHONPATH. Standard library only, Python 3.9 and later."""
