"""How each language's stubs are made from `proto/`: a module a language, with the same four names.

`NAME`; `OUTPUT`, the folder below the repository that holds nothing but what is generated;
`missing()`, the toolchain that this machine lacks, or None; and `generate(into)`, which writes all
of OUTPUT's content into an empty folder, the same bytes every time. It does not compare or install
anything into the tree: `scripts/generate.py` does.
"""
