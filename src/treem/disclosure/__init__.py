"""Disclosure control: what is published about children lets nobody learn about one child.

`network` is the mathematics of cells and relations; `audit` and `witness` attack it with the linear
programmes of `programme`; `suppress` says what to hide, by `choice` and, after a failed audit, by
`pools` and `partners`. `tables` makes the network out of results, `public` writes what is left of
them. `policy`, `approval`, `ledger`, `revisions` and `commitments` are what people keep. `protect`
is the road through all of it. The procedure is that of spec/disclosure.md.
"""
