"""Who may call what: a policy, its decisions, and the stage of the pipeline that keeps to them."""
