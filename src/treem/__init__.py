"""treem: the reproducible review of Bắc Ninh's action programme for children 2021-2030.

The package is light to import: every command imports what it needs and nothing else.
"""

__version__ = "0.1.0"
