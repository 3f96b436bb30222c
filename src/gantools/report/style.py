"""The style sheet of the house's pages."""

from __future__ import annotations

#: What all pages share: colours for light and dark, the body, the title.
HOUSE_STYLE = """
:root { color-scheme: light dark; --ink: #1d2125; --soft: #5b6672; --line: #d8dde2; --paper: #fcfcfb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --soft: #9aa5b1; --line: #343a41; --paper: #15181b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0; line-height: 1.2; }
p.sub { margin: .3rem 0 1.5rem; color: var(--soft); overflow-wrap: anywhere; }
"""
