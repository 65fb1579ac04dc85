"""Real database engines for tests: how each is installed, started, asked and stopped."""
