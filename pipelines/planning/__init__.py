"""What a study could show before anything is paid for: the smallest effect it could detect."""
