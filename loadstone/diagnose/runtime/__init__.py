"""What stacks, pauses, pools, queues and readings of the machine tell: shared by the faults of the runtime."""
