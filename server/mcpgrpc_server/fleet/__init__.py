"""What the replicas of one service have in common: keys that seal, news of changes, one Redis."""
