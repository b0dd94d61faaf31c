"""From a printed figure back to the cell, row or line it came from."""
