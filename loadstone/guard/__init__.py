"""What must not get worse: a change judged by the guardrails of the spec."""
