"""The learners: one file each, whose name is its key in params.yaml."""
