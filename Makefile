# What people type and what CI calls. Windows without make: `py make.py report`, `py make.py test`.
PYTHON ?= python3

.PHONY: report test check bench lab lock
report test check bench lab lock:
	@$(PYTHON) make.py $@
