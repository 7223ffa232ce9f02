"""How Sphinx writes the site of a course.

Nothing is fetched when a page is read: no mathematics, no fonts, no search.
"""

import re
from html import escape

from latex2mathml.converter import convert

project = {{title | tojson}}
html_title = project
extensions = ["myst_nb"]
nb_execution_mode = "off"  # the notebooks have been executed already
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = [
    "myst.xref_missing",
    "myst.header",
    "image.not_readable",
    "mystnb.mime_priority",
]
exclude_patterns = ["_build"]
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
html_theme = "furo"
# the contrast of code needs it
html_theme_options = {"light_css_variables": {"color-code-background": "#ffffff"}}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = (
    False  # it would fetch pages, which browsers refuse for pages opened from files
)
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_math_renderer = "mathml"


def inline_mathml(translator, node):
    """Write a formula within a line."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise translator.nodes_skip


def block_mathml(translator, node):
    """Write a formula that stands by itself."""
    translator.body.append(f'<div class="math" tabindex="0">{mathml(node.astext(), "block")}</div>')
    raise translator.nodes_skip


def mathml(latex, display):
    """Return a formula as MathML, which browsers draw by themselves.

    If it cannot be converted, return its source.
    """
    # the converter knows `align*` and not `aligned`, which is the same inside a formula
    known = latex.replace("{aligned}", "{align*}")
    # nor does it add TeX's space after the name of a function, as in "ln p"
    known = re.sub(r"\\(ln|log)(_\w)? (?=[\\\w])", r"\\\1\2\\, ", known)
    # and it does not know a relation of two signs
    known = known.replace(r"\mathrel{+}=", r"\;\text{+=}\;")
    try:
        return convert(known, display=display)
    except Exception:  # a formula must not end the page
        return f"<code>{escape(latex)}</code>"


def setup(app):
    """Let Sphinx write formulas as MathML."""
    from docutils.nodes import SkipNode
    from sphinx.writers.html5 import HTML5Translator

    HTML5Translator.nodes_skip = SkipNode
    app.add_html_math_renderer("mathml", (inline_mathml, None), (block_mathml, None))
