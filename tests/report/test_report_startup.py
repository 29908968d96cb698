import subprocess
import sys


def test_reports_and_scenarios_load_neither_yaml_nor_other_heavy_modules() -> None:
    modules = (
        "sandbox.scenario.load, sandbox.scenario.dump, sandbox.scenario.replay, sandbox.scenario.schema, "
        "sandbox.report.transcript_text, sandbox.report.tables_text, sandbox.report.fields_text, "
        "sandbox.report.jsonout, sandbox.report.junit"
    )
    heavy = "{'yaml', 'json', 'argparse', 'asyncio', 'xml.etree.ElementTree', 'difflib', 'hashlib', 'jsonschema'}"
    program = f"import sys; before = set(sys.modules); import {modules}; print((set(sys.modules) - before) & {heavy})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
