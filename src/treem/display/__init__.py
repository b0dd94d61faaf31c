"""The only place that formats for people: numbers, tables, charts, sentences."""
