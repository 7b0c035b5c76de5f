"""Text and tables as Markdown that shows them as they stand."""

import re

from lead_conversion.reports.tables import Cell, Table


def markdown_text(text: object) -> str:
    """Text that Markdown shows as it stands, on one line: no markup, no HTML, no table cell broken."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]<>|#~" else char for char in str(text))
    return " ".join(escaped.split())


def markdown_table(content: Table) -> str:
    """The table as GitHub-flavoured Markdown."""
    lines = [
        [markdown_text(column.heading) for column in content.columns],
        ["---:" if column.numeric else "---" for column in content.columns],
        *([_cell_text(cell) for cell in row] for row in content.rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown_fence(text: str, language: str = "") -> str:
    """The text as a code block, fenced by more backticks than any run of them inside it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _cell_text(cell: Cell) -> str:
    return markdown_text(f"{cell.text} ({cell.note})" if cell.note else cell.text)
