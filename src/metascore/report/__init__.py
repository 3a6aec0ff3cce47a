"""The report: one self-contained HTML page, from numbers, figures and the learners' own pages."""
