"""The fitting half: from columns of requests to a model of traffic. Functions of their arguments alone."""
