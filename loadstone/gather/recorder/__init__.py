"""Zero-code tracing of Python services: what is put on their PYTHONPATH, and the reading of what it leaves behind.

``inject/`` runs inside the service and knows nothing of Loadstone; ``convert`` and ``collector`` run here, afterwards.
"""
