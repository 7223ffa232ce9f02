"""The place of a unit on the course's site: the address of its page, and of each section.

`autograder site` writes the site; `site` in course.toml is its address on the web.
"""

import re
import unicodedata

HEADING = re.compile(r"^# #+ (.+)$")


def address_of_unit(site: str, unit: str) -> str:
    """Return the address of a unit's page, given that of the site's first page."""
    folder = site.removesuffix("index.html").rstrip("/")
    return f"{folder}/units/{unit}.html"


def address_of_check(site: str, unit: str, script: str, check: str) -> str:
    """Return the address of a check's section; of the page if no section is found.

    script: the text of the unit's percent script.
    """
    page = address_of_unit(site, unit)
    call = re.compile(rf"check\(\s*[\"']{re.escape(check)}[\"']")
    section = ""
    for line in script.splitlines():
        heading = HEADING.match(line)
        if heading:
            section = heading[1]
        if section and call.match(line):
            return f"{page}#{name_of_section(section)}"
    return page


def name_of_section(heading: str) -> str:
    """Return Sphinx's anchor of a heading: `The first scan` → `the-first-scan`.

    Markdown characters count as others do: each run of such characters becomes a hyphen.
    """
    plain = unicodedata.normalize("NFKD", heading.lower())
    ascii_only = plain.encode("ascii", "ignore").decode("ascii")
    with_hyphens = re.sub(r"[^a-z0-9]+", "-", ascii_only)
    return re.sub(r"^[-0-9]+|-+$", "", with_hyphens)


def with_link(script: str, site: str, unit: str) -> str:
    """Put a link to a unit's page below the first heading of its script; none without a site."""
    if not site:
        return script
    link = f"# [Read this unit with its pictures and outputs.]({address_of_unit(site, unit)})"
    return re.sub(r"^(# # .+)$", rf"\1\n#\n{link}", script, count=1, flags=re.MULTILINE)
