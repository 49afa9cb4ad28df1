"""What people see: a family of formats over the same words (terminal, Markdown, plots, the progress bar).

Import the format you need: `render.terminal`, `render.markdown`, `render.plots`, `render.progress`; each loads only the library
that it draws with.
"""
