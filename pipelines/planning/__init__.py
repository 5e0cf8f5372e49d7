"""Power analysis before a study is run: the smallest effect it could detect."""
