"""What the others return, written for people, for programs and for CI systems: text, JSON values, JUnit XML.

    print(render_transcript(transcript, Style.plain()))      # sandbox.report.transcript_text
    print(render_tables(tables, Style.coloured()))           # sandbox.report.tables_text
    print(render_table(data, style), render_diff(a, b, style))  # sandbox.report.fields_text

Everything is a function from values to a text or to plain JSON values; nothing prints. Whether the output is a
terminal, and whether NO_COLOR is set, is for the caller to find out: it passes a :class:`~sandbox.report.style.Style`.
"""
