"""Where the data come from: Omniglot (verified), synthetic glyphs, and sine waves."""
