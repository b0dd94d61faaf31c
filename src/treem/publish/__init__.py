"""From executed notebooks and chapters to HTML, PDF and DOCX, by Quarto or from wheels."""
