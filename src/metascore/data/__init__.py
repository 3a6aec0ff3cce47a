"""From zip files to arrays, from characters to splits, from splits to frozen episode rows. Touches files."""
